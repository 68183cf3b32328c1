/**
 * What the signing machine asks for, done: the only place where tokens, fingerprint readers, documents and the log meet. Each actor is one step; it
 * asks its device, writes its entries, and throws a `SigningProblem` when something is refused. Anything else that is thrown is a bug.
 */
import { fromPromise } from 'xstate';
import type { TokenSource } from '../../drivers/token.ts';
import type { FileVerdictView } from '../contract/verification.ts';
import type { Trust } from '../documents/trust.ts';
import type { Actor } from '../log/catalogue.ts';
import { signatureName } from '../log/reconcile.ts';
import type { Enrolments } from '../people/enrolment.ts';
import type { CheckDesk } from './check-desk.ts';
import type { Desk } from './desk.ts';
import type { FingerParts } from './finger.ts';
import { judgeKeys } from './keys.ts';
import type { Login } from './login.ts';
import type { FingerPolicy } from '../people/finger-limits.ts';
import type * as asked from './asked.ts';
import type * as model from './model.ts';
import { mayBeSigned } from './possible.ts';
import { askDevice, SigningProblem } from './problem.ts';
import type { MakeReceipt } from './receipt.ts';
import type { Recorder } from './recorder.ts';
import { signatureActors } from './signature-actors.ts';
import type { Vouching } from './vouching.ts';

export interface ActorParts extends FingerParts {
  readonly tokens: TokenSource;
  readonly login: Login;
  readonly desk: Desk;
  readonly checkDesk: CheckDesk;
  readonly recorder: Recorder;
  readonly enrolments: Enrolments;
  /** Which issuers count now, and what they revoked. */
  readonly trust: () => Promise<Trust>;
  /** Origin of the log. */
  readonly origin: string;
  readonly stationName: string;
  /** Absent where the log has no key, or it is not open. */
  readonly makeReceipt?: MakeReceipt | undefined;
  /** Absent where the station does not take the word of its staff instead of a finger. */
  readonly vouching?: Vouching | undefined;
  readonly now: () => Date;
  /** How often a finger may fail. */
  readonly fingerPolicy: FingerPolicy;
  /** True when the station's disk has room for something new. */
  readonly hasRoom: () => Promise<boolean>;
}

const unknownPerson = { id: 'unknown', role: 'holder' } as const;

/** The actors that `machine.provide` takes. */
export function signingActors(parts: ActorParts) {
  const { tokens, desk, checkDesk, recorder, enrolments } = parts;
  // One visit at a time: who it is, for entries that a problem leaves.
  let actor: Actor = unknownPerson;

  return {
    readToken: fromPromise<asked.ReadTokenOutput, asked.ReadTokenInput>(async ({ input, signal }) => {
      actor = unknownPerson;
      const { operation, tokenId } = input;
      const seen = tokens.tokens().find(({ id }) => id === tokenId);
      const entry = {
        op: 'token-in',
        operation,
        actor,
        module: seen?.module ?? 'unknown',
        token_serial: seen?.serial ?? 'unknown',
      } as const;
      try {
        if (!(await parts.hasRoom())) throw new SigningProblem('no-space');
        const contents = await askDevice('token', () => tokens.read(tokenId));
        const trust = await parts.trust();
        // The visit is over, and perhaps another one is going on: this one's `token-out` is in the log, and nobody waits for the answer.
        if (signal.aborted) throw new SigningProblem('cancelled', { recorded: true });
        const certificates = contents.keys.map(({ certificateSha256 }) => certificateSha256);
        const judged = judgeKeys(contents.keys, trust, enrolments, parts.now());
        if ('keys' in judged) actor = holderOf(judged.keys[0]?.certificateSha256 ?? '', enrolments);
        const problem = 'problem' in judged ? { problem: judged.problem } : {};
        await recorder.record({ ...entry, actor, certificates, revocation_lists: [...judged.lists], ...problem });
        if ('problem' in judged) throw new SigningProblem(judged.problem, { recorded: true });
        return { pin: contents.pin, keys: judged.keys.map((key) => parts.vouching?.offer(key, parts.now()) ?? key) };
      } catch (error) {
        if (
          !signal.aborted &&
          error instanceof SigningProblem &&
          error.problem.recorded !== true &&
          error.problem.code !== 'log-unavailable'
        )
          await recorder.record({ ...entry, certificates: [], problem: error.problem.code });
        throw error;
      }
    }),

    recordTwoTokens: fromPromise<undefined, { tokens: model.Context['tokens'] }>(async ({ input }) => {
      actor = unknownPerson;
      const [module, serials] = [input.tokens[0]?.module ?? 'unknown', input.tokens.map(({ serial }) => serial).join(' ')];
      await recorder.record({ op: 'token-in', actor, module, token_serial: serials.slice(0, 64), certificates: [], problem: 'two-tokens' });
      return undefined;
    }),

    openDocument: fromPromise<model.OpenDocument, asked.OpenDocumentInput>(async ({ input }) => {
      const document = await desk.open(input.documentId);
      mayBeSigned(desk, document, input.key);
      return document;
    }),

    ...signatureActors(parts, (certificateSha256) => (actor = holderOf(certificateSha256, enrolments))),

    recordProblem: fromPromise<asked.RecordProblemOutput, asked.RecordProblemInput>(async ({ input }) => {
      const output = await recorder.recordProblem(actor, input);
      const [inHand] = input.intents;
      if (output.outcome === 'nothing-signed' && inHand !== undefined) await desk.discard(signatureName(input.operation, inHand.entry));
      return output;
    }),

    listSignedFiles: fromPromise<model.SignedFiles, undefined>(() => checkDesk.list()),

    judgeFile: fromPromise<FileVerdictView, { fileId: string }>(({ input, signal }) => checkDesk.judge(input.fileId, signal)),

    recordTokenOut: fromPromise<undefined, { operation: string }>(async ({ input }) => {
      await recorder.record({ op: 'token-out', operation: input.operation, actor });
      return undefined;
    }),
  };
}

/** The holder by the pseudonym that their enrolment gave them. */
function holderOf(certificateSha256: string, enrolments: Enrolments): Actor {
  const subject = enrolments.of(certificateSha256)?.subject;
  return subject === undefined ? unknownPerson : { id: subject, role: 'holder' };
}
