/** A demo station whose only card sits in a reader with a PIN pad of its own (`pin-pad.ts`), with everything else as it is in any story. */
import type { Deadlines } from '../../drivers/pkcs11/source.ts';
import { buildPinPad, type PinPad } from './pin-pad.ts';
import { createSoftHsm } from './softhsm.ts';
import { makeSoftHsmStation } from './softhsm-station.ts';
import type { StoryStation } from './station.ts';

export interface PadStation {
  readonly story: StoryStation;
  readonly pad: PinPad;
  readonly pin: string;
  end(): Promise<void>;
}

export interface PadOptions {
  readonly alwaysAuthenticate?: boolean;
  readonly deadlines?: Partial<Deadlines>;
}

/** Makes and starts the station. With `alwaysAuthenticate` the card wants the PIN at each use of its key. */
export async function makePadStation({ alwaysAuthenticate = false, deadlines = {} }: PadOptions = {}): Promise<PadStation> {
  const hsm = await createSoftHsm();
  const { sha256 } = await hsm.addKey({ id: '01', type: 'rsa:2048', commonName: 'Ada Example', alwaysAuthenticate });
  const pad = await buildPinPad(hsm);
  const story = await makeSoftHsmStation({ hsm, module: pad.module, certificateSha256: sha256, deadlines });
  const end = async (): Promise<void> => {
    await story.end();
    await hsm.remove();
  };
  return { story, pad, pin: hsm.pin, end };
}

/** The holder walks up to the pad; the card is in. */
export async function walkToPad({ story, pad }: PadStation): Promise<void> {
  const { documents } = await story.until('choose-document', (state) => state.documents.length > 0);
  story.act({ type: 'choose-documents', documentIds: [documents[0]?.id ?? ''] });
  const { document } = await story.until('review-document');
  story.act({ type: 'reviewed' });
  await story.until('confirm');
  story.act({ type: 'consent', digests: [document.digest] });
  await story.until('touch-reader');
  await story.touch('right-index');
  await pad.asked();
}
