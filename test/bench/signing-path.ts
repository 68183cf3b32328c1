/**
 * The way of a document through the built station, from a file in a folder to a signed file in another one: looked at, read, prepared, signed by the
 * token, checked, staged and published. What a person does on the way (reading, finger, PIN) and the log are left out: they do not grow with the document.
 */
import { basename } from 'node:path';
import type * as examiners from '../../agent/documents/examiner.ts';
import type * as intake from '../../agent/documents/intake.ts';
import type * as outboxes from '../../agent/documents/outbox.ts';
import type * as formats from '../../agent/documents/output-format.ts';
import type * as pades from '../../agent/documents/pades.ts';
import type { SigningSession } from '../../drivers/token.ts';

const from = (path: string): Promise<unknown> => import(new URL(`../../dist/agent/documents/${path}`, import.meta.url).href);
const { Examiner } = (await from('examiner.js')) as typeof examiners;
const { lookAtDocument, readDocument } = (await from('intake.js')) as typeof intake;
const { Outbox } = (await from('outbox.js')) as typeof outboxes;
const { signedName } = (await from('output-format.js')) as typeof formats;
const { preparePades } = (await from('pades.js')) as typeof pades;

export const steps = ['look', 'read', 'prepare', 'token', 'check', 'stage', 'publish'] as const;
export type Step = (typeof steps)[number];

export interface Signer {
  readonly request: Omit<pades.PadesRequest, 'signedAt' | 'operation' | 'station'>;
  readonly session: SigningSession;
}

export class SigningPath {
  readonly examiner: examiners.Examiner;
  readonly #outbox: outboxes.Outbox;
  #count = 0;

  constructor(folders: { readonly staging: string; readonly outbox: string }, maxBytes: number) {
    this.examiner = new Examiner({ maxBytes, maxPages: 500 });
    this.#outbox = new Outbox(folders.staging, folders.outbox);
  }

  /** Signs one file. Gives the milliseconds of each step. `after` is called at the end of each. Throws when anything is refused. */
  async sign(path: string, { request, session }: Signer, after: (step: Step) => void = () => undefined): Promise<Record<Step, number>> {
    const times: Record<Step, number> = { look: 0, read: 0, prepare: 0, token: 0, check: 0, stage: 0, publish: 0 };
    const timed = async <T>(step: Step, act: () => T | Promise<T>): Promise<T> => {
      const start = performance.now();
      const done = await act();
      times[step] = performance.now() - start;
      after(step);
      return done;
    };
    this.#count += 1;
    const operation = `bench-${this.#count}`;
    const seen = await timed('look', () => lookAtDocument(path, this.examiner));
    if (!seen.ok) throw new Error(seen.sentence);
    const read = await timed('read', () => readDocument(path, this.examiner));
    if (!read.ok) throw new Error(read.sentence);
    const { bytes, digest } = read.document;
    const whole = { ...request, signedAt: new Date(), operation, station: 'bench', documentDigest: digest };
    const prepared = await timed('prepare', () => preparePades(bytes, whole));
    const signature = await timed('token', () => session.sign(prepared.message));
    const output = await timed('check', () => prepared.finish(signature));
    await timed('stage', () => this.#outbox.stage(operation, signedName(basename(path), 'pades'), output));
    await timed('publish', () => this.#outbox.publish(operation));
    await this.#outbox.discard(operation);
    return times;
  }

  close(): void {
    this.examiner.close();
  }
}
