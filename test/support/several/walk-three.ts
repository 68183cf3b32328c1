/** A holder whose token is in reads several documents, agrees to all of them and touches: from here on only the PIN is wanted. */
import type { StoryStation } from '../station.ts';
import type { Paper } from './three-documents.ts';

export async function walkToPinOf(story: StoryStation, papers: readonly Pick<Paper, 'name'>[]): Promise<void> {
  const { documents } = await story.until('choose-document', (state) => papers.every(({ name }) => isThere(state.documents, name)));
  const chosen = papers.map(({ name }) => documents.find((document) => document.name === name)?.id ?? '');
  story.act({ type: 'choose-documents', documentIds: chosen });
  for (let place = 1; place <= papers.length; place += 1) {
    await story.until('review-document', (state) => state.opening !== true && state.place.place === place);
    story.act({ type: 'reviewed' });
  }
  const { documents: agreed } = await story.until('confirm');
  story.act({ type: 'consent', digests: agreed.map(({ digest }) => digest) });
  await story.until('touch-reader');
  await story.touch('right-index');
}

function isThere(documents: readonly { readonly name: string }[], wanted: string): boolean {
  return documents.some(({ name }) => name === wanted);
}
