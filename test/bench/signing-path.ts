/**
 * The way of a document through the station, from a file in the inbox to a signed file in the outbox: looked at, opened, consented to, prepared, signed by the
 * token, checked, staged, published, and the original put away. What a person does on the way (reading, finger, PIN) and the log are left out: they do not
 * grow with the document. The built station is measured; from its sources it can be counted what it does.
 */
import { copyFile, link, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type * as examiners from '../../agent/documents/examiner.ts';
import type * as inboxes from '../../agent/documents/inbox.ts';
import type * as kept from '../../agent/documents/originals.ts';
import type * as outboxes from '../../agent/documents/outbox.ts';
import type * as pades from '../../agent/documents/pades.ts';
import type * as desks from '../../agent/signing/desk.ts';
import type { SigningSession } from '../../drivers/token.ts';

const isCounting = process.execArgv.some((flag) => flag.includes('counting.ts'));
const from = (path: string): Promise<unknown> =>
  import(new URL(isCounting ? `../../agent/${path}.ts` : `../../dist/agent/${path}.js`, import.meta.url).href);
const { Examiner } = (await from('documents/examiner')) as typeof examiners;
const { Inbox } = (await from('documents/inbox')) as typeof inboxes;
const { Originals } = (await from('documents/originals')) as typeof kept;
const { Outbox } = (await from('documents/outbox')) as typeof outboxes;
const { preparePades } = (await from('documents/pades')) as typeof pades;
const { Desk } = (await from('signing/desk')) as typeof desks;

export const steps = ['look', 'open', 'consent', 'prepare', 'token', 'check', 'stage', 'publish'] as const;
export type Step = (typeof steps)[number];

export interface Signer {
  readonly request: Omit<pades.PadesRequest, 'signedAt' | 'operation' | 'station'>;
  readonly session: Pick<SigningSession, 'sign'>;
}

export interface SigningWatch {
  readonly before?: (step: Step) => void;
  readonly after?: (step: Step) => void;
  readonly restMs?: number;
}

export class SigningPath {
  readonly examiner: examiners.Examiner;
  readonly #folder: string;
  readonly #desk: desks.Desk;
  #count = 0;

  private constructor(folder: string, maxBytes: number) {
    this.examiner = new Examiner({ maxBytes, maxPages: 500 });
    this.#folder = folder;
    const inbox = new Inbox(join(folder, 'inbox'), this.examiner);
    this.#desk = new Desk(
      {
        inbox,
        outbox: new Outbox(join(folder, 'staging'), join(folder, 'outbox')),
        originals: new Originals(join(folder, 'originals'), inbox),
        examiner: this.examiner,
        rules: {},
        record: () => Promise.resolve(),
      },
      [],
    );
  }

  /** Makes the folders of a station in `folder`, which is made too. */
  static async make(folder: string, maxBytes: number): Promise<SigningPath> {
    for (const name of ['inbox', 'staging', 'outbox', 'originals']) await mkdir(join(folder, name), { recursive: true });
    return new SigningPath(folder, maxBytes);
  }

  /**
   * Signs one file. Gives the milliseconds of each step. `before` and `after` are called around each. A file lies in the inbox for `restMs` before anybody looks at
   * it. Throws when anything is refused.
   */
  async sign(
    path: string,
    { request, session }: Signer,
    { before = () => undefined, after = () => undefined, restMs = 0 }: SigningWatch = {},
  ): Promise<Record<Step, number>> {
    const times: Record<Step, number> = { look: 0, open: 0, consent: 0, prepare: 0, token: 0, check: 0, stage: 0, publish: 0 };
    const timed = async <T>(step: Step, act: () => T | Promise<T>): Promise<T> => {
      before(step);
      const start = performance.now();
      const done = await act();
      times[step] = performance.now() - start;
      after(step);
      return done;
    };
    this.#count += 1;
    const operation = `bench-${this.#count}`;
    const desk = this.#desk;
    const inInbox = join(this.#folder, 'inbox', basename(path));
    // Not copied where it need not be: the disk would still be busy with it while we measure.
    await link(path, inInbox).catch(() => copyFile(path, inInbox));
    await new Promise((resolve) => setTimeout(resolve, restMs));
    const seen = await timed('look', async () => {
      // A file counts when it stood still between two looks.
      await desk.look();
      return desk.look();
    });
    const [listed] = seen?.documents ?? [];
    if (listed === undefined) throw new Error(`refused: ${seen?.refused[0]?.refusal ?? 'nothing came in'}`);
    const opened = await timed('open', () => desk.open(listed.id));
    await timed('consent', () => desk.mustBeUnchanged(opened));
    const whole = { ...request, signedAt: new Date(), operation, station: 'bench', documentDigest: listed.digest };
    const prepared = await timed('prepare', async () => preparePades((await desk.reread(opened)).bytes, whole));
    const signature = await timed('token', () => session.sign(prepared.message));
    const output = await timed('check', () => prepared.finish(signature));
    await timed('stage', () => desk.stage(operation, opened, output, prepared.outputDigest?.()));
    await timed('publish', () => desk.publish(operation, opened));
    await rm(join(this.#folder, 'originals', operation), { recursive: true });
    return times;
  }

  close(): void {
    this.examiner.close();
  }
}
