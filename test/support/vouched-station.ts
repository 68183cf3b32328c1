/** A demo station whose staff may vouch: one of two cards belongs to a clerk, the other to a holder. It is stopped while somebody vouches, as at a counter. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vouch } from '../../agent/commands/vouch.ts';
import { call as callHere } from './keyed-station.ts';
import { StoryStation } from './station.ts';
import { call, type Called } from './terminal-call.ts';

export const pins = { ada: '123456', grace: '654321' } as const;
type Card = keyof typeof pins;

export class VouchedStation {
  readonly story: StoryStation;
  /** SHA-256 of the signing certificate on each card, hex. */
  readonly certificates: Readonly<Record<Card, string>>;

  readonly clerk: Card;
  readonly holder: Card;

  private constructor(story: StoryStation, clerk: Card) {
    this.story = story;
    this.clerk = clerk;
    this.holder = clerk === 'ada' ? 'grace' : 'ada';
    const hashOf = (card: Card) => createHash('sha256').update(story.card(card).certificate('9c')).digest('hex');
    this.certificates = { ada: hashOf('ada'), grace: hashOf('grace') };
  }

  /** Made and stopped. */
  static async make(clerk: Card = 'grace'): Promise<VouchedStation> {
    const made = new VouchedStation(await StoryStation.make(), clerk);
    await made.story.stop();
    await made.settle({
      fingerprint: { vouching: 'accept' },
      staff: [{ id: 'clerk-7', role: 'clerk', certificateSha256: made.certificates[clerk] }],
    });
    return made;
  }

  /** Changes the configuration of the station, which must not run. */
  async settle(changed: object): Promise<void> {
    const file = join(this.story.data, 'station.json');
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...changed }));
  }

  /** `countersign vouch` with a card in the virtual reader; the station must not run. */
  vouch(words: readonly string[] = [], card = this.clerk): Promise<Called> {
    return call(['vouch', ...this.#words(card), ...words], { input: `${pins[card]}\n` });
  }

  /** The same where no PIN is asked for. */
  refusedVouch(words: readonly string[] = [], card = this.clerk) {
    return callHere(vouch, ...this.#words(card), ...words);
  }

  #words(card: Card): readonly string[] {
    const usual = ['--identified', 'identity-document', '--reason', 'no-readable-finger', '--holder', this.certificates[this.holder]];
    return ['--data', this.story.data, '--card', card, '--yes', ...usual];
  }

  /** Walks up to the page on which the holder agrees. */
  async toConsent(name = 'contract.pdf') {
    const { story } = this;
    await story.devices.reader.insert(story.card(this.holder));
    const { documents } = await story.until('choose-document', (state) => state.documents.some((one) => one.name === name));
    story.act({ type: 'choose-documents', documentIds: [documents.find((one) => one.name === name)?.id ?? ''] });
    const { document } = await story.until('review-document', (state) => state.opening !== true);
    story.act({ type: 'reviewed' });
    const page = await story.until('confirm');
    return { page, consent: () => story.act({ type: 'consent', digests: [document.digest] }) };
  }
}
