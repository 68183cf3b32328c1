/** What a log does with its anchor file: is held against it before anything is appended, and tells it every new head from then on. */
import { type AnchoredHead } from './anchor-slot.ts';
import { AnchorFault, type AnchorReading, AnchorWriter, makeAnchor, readAnchor } from './anchor-file.ts';
import { findingSentence, lossSentence } from './anchor-words.ts';
import { stationActor } from './appender.ts';
import { type AnchorFinding, checkAnchors, type HeldLog, type KnownHead } from './check-anchors.ts';
import { LogRefusal } from './errors.ts';
import type { EventOf } from './events.ts';

/** Where a log that is opened for writing keeps its head. */
export interface LogAnchor {
  /**
   * Asked after the log was found good and before anything is appended. Gives what is to be entered beside `boot`. Throws LogRefusal `anchor` when the log
   * does not agree with its anchor, and `no-anchor` when that is missing, damaged, or cannot be read.
   */
  check(held: HeldLog): Promise<readonly EventOf<'anchor'>[]>;
  /** Is told the first head, and makes it durable. `onFault` hears of a later write that fails. Throws LogRefusal `no-anchor` when it cannot be written. */
  follow(head: AnchoredHead, onFault: (fault: AnchorFault) => void): Promise<void>;
  /** Is told every head after that; does not wait until it is written. */
  told(head: () => AnchoredHead): void;
  /** Resolves when the newest head is durable. Throws AnchorFault. */
  sync(): Promise<void>;
  /** Makes the newest head durable and lets the file go. */
  close(): Promise<void>;
}

/** Holds a log against heads that were kept elsewhere. Throws LogRefusal `anchor`. */
export async function mustHold(held: HeldLog, known: readonly KnownHead[]): Promise<void> {
  const finding = await checkAnchors(held, known);
  if (finding !== undefined) throw new LogRefusal('anchor', findingSentence(finding));
}

/** What the anchor file of a log says of it. */
export type Examined =
  | { readonly found: 'missing' | 'damaged'; readonly reading?: AnchorReading; readonly sentence: string }
  | { readonly found: AnchorFinding['kind']; readonly reading: AnchorReading; readonly sentence: string }
  | { readonly found: 'good'; readonly reading: AnchorReading };

/** Throws LogRefusal `no-anchor` when the file cannot be read. */
export async function examineAnchor(file: string, held: HeldLog): Promise<Examined> {
  const reading = await readAnchor(file).catch(refused);
  return reading === undefined ? { found: 'missing', sentence: lossSentence('missing', file) } : examineReading(file, reading, held);
}

/** The same of what was read from the file. */
export async function examineReading(file: string, reading: AnchorReading, held: HeldLog): Promise<Examined> {
  if (reading.heads.length === 0) return { found: 'damaged', reading, sentence: lossSentence('damaged', file) };
  const finding = await checkAnchors(
    held,
    reading.heads.map((head) => ({ ...head, name: `the anchor ${file}` })),
  );
  return finding === undefined ? { found: 'good', reading } : { found: finding.kind, reading, sentence: findingSentence(finding) };
}

/** The anchor file of a station. */
export class StationAnchor implements LogAnchor {
  readonly #file: string;
  #writer: AnchorWriter | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Its path. */
  get file(): string {
    return this.#file;
  }

  async check(held: HeldLog): Promise<readonly EventOf<'anchor'>[]> {
    const examined = await examineAnchor(this.#file, held);
    // A log that was made before logs had anchors gets one at its first start.
    if (examined.found === 'missing' && !held.isAnchored) {
      const { origin, size, leaf, root, boot } = held;
      await makeAnchor(this.#file, { origin, size, leaf, root, boot }).catch(refused);
      return [begun];
    }
    if (examined.found === 'missing' || examined.found === 'damaged') throw new LogRefusal('no-anchor', examined.sentence);
    if (examined.found !== 'good') throw new LogRefusal('anchor', examined.sentence);
    const mended = { op: 'anchor', actor: stationActor, action: 'mended' } as const;
    return [...(held.isAnchored ? [] : [begun]), ...(examined.reading.damaged > 0 ? [mended] : [])];
  }

  async follow(head: AnchoredHead, onFault: (fault: AnchorFault) => void): Promise<void> {
    await this.#writer?.close();
    try {
      this.#writer = await AnchorWriter.open(this.#file, (await readAnchor(this.#file))?.next ?? 0, onFault);
      this.#writer.told(() => head);
      await this.#writer.sync();
    } catch (error) {
      refused(error);
    }
  }

  told(head: () => AnchoredHead): void {
    this.#writer?.told(head);
  }

  async sync(): Promise<void> {
    await this.#writer?.sync();
  }

  async close(): Promise<void> {
    await this.#writer?.close();
    this.#writer = undefined;
  }
}

/** An anchor that is made anew because staff said so after they were told what was found; the log says that it was. */
export class RenewedAnchor extends StationAnchor {
  readonly #confirm: (examined: Examined, held: HeldLog) => Promise<void>;

  /** `confirm` throws when it is not to be. */
  constructor(file: string, confirm: (examined: Examined, held: HeldLog) => Promise<void>) {
    super(file);
    this.#confirm = confirm;
  }

  override async check(held: HeldLog): Promise<readonly EventOf<'anchor'>[]> {
    const examined = await examineAnchor(this.file, held);
    await this.#confirm(examined, held);
    const [newest] = examined.reading?.heads ?? [];
    const said = newest?.origin === held.origin ? { size: newest.size, leaf: newest.leaf } : {};
    return [{ op: 'anchor', actor: { id: 'terminal', role: 'administrator' }, action: 'renewed', found: examined.found, ...said }];
  }

  /** The entry stands before the file is written: nobody renews an anchor unseen by being cut off. */
  override async follow(head: AnchoredHead, onFault: (fault: AnchorFault) => void): Promise<void> {
    await makeAnchor(this.file, head, true).catch(refused);
    await super.follow(head, onFault);
  }
}

/** The entry with which the anchor of a log begins. */
export const begun = { op: 'anchor', actor: stationActor, action: 'begun' } as const;

function refused(error: unknown): never {
  throw error instanceof AnchorFault ? new LogRefusal('no-anchor', error.message, { cause: error }) : error;
}
