/** What each transition of the signing machine does to its memory: pure functions from context and event to the fields that change. */
import type { ReaderPrompt } from '../../drivers/fingerprint.ts';
import type { PadMoment, PinInfo } from '../../drivers/token.ts';
import type { ProblemCode } from '../contract/problems.ts';
import type { MarkBox } from '../contract/state.ts';
import { markAt } from './mark.ts';
import type { ReadTokenOutput, RecordConsentOutput, RecordProblemOutput } from './asked.ts';
import {
  retryable,
  type Context,
  type HolderKey,
  type LogEnds,
  type MachineInput,
  type OpenDocument,
  type Prepared,
  type Problem,
  type SignedFiles,
  type SignedResult,
  type StagedOutput,
} from './model.ts';
import { problemOf } from './problem.ts';

type Change = Partial<Context>;

const clean = {
  operation: '',
  tokenId: undefined,
  pin: undefined,
  previousPin: undefined,
  pad: undefined,
  keys: [],
  key: undefined,
  chosen: [],
  shown: [],
  document: undefined,
  consent: undefined,
  intents: [],
  prepared: undefined,
  prompt: 'touch',
  previousFinger: undefined,
  fingerTries: 0,
  fingerMatched: false,
  signature: undefined,
  staged: undefined,
  results: [],
  problem: undefined,
  outcome: 'nothing-signed',
  problemEntry: undefined,
  tokenOutRecorded: false,
  idleFactor: 1,
  idleSecondsLeft: 0,
  signedFiles: undefined,
  signedFile: undefined,
  fileVerdict: undefined,
} as const satisfies Change;

export function firstContext(input: MachineInput): Context {
  return { ...clean, limits: input.limits, newOperation: input.newOperation, visit: 0, tokens: input.tokens, documents: [], refused: [] };
}

/** Back at the start: nothing of the last visit stays, and the screen is told so by a new visit number. */
export function wipe(context: Context): Change {
  return { ...clean, visit: context.visit + 1 };
}

/** The one token that is in becomes the token of this visit, which gets its operation id here. */
export function bindToken(context: Context): Change {
  return { tokenId: context.tokens[0]?.id, operation: context.newOperation() };
}

export function setKeys(output: ReadTokenOutput): Change {
  return { pin: output.pin, keys: output.keys, key: output.keys.length === 1 ? output.keys[0] : undefined };
}

export function chooseKey(context: Context, certificateSha256: string): Change {
  return { key: keyOf(context, certificateSha256) };
}

export function keyOf(context: Context, certificateSha256: string): HolderKey | undefined {
  return context.keys.find((key) => key.certificateSha256 === certificateSha256);
}

/** Leaves whatever document was open; a document is read anew each time it is chosen. */
export const closeDocuments: Change = {
  chosen: [],
  shown: [],
  document: undefined,
  consent: undefined,
  intents: [],
  prepared: undefined,
  fingerMatched: false,
  previousFinger: undefined,
  fingerTries: 0,
  previousPin: undefined,
  signature: undefined,
  staged: undefined,
  problem: undefined,
  problemEntry: undefined,
};

export function choose(documentIds: readonly string[]): Change {
  return { chosen: documentIds, shown: [] };
}

/** The document is on the screen from now on. */
export function setDocument(context: Context, document: OpenDocument): Change {
  const { view, fileName } = document;
  return { document, shown: [...context.shown, { view, fileName }] };
}

/** The mark of the document that is shown now stands there. */
export function placeMark(context: Context, wanted: Pick<MarkBox, 'page' | 'left' | 'top'>): Change {
  return setMark(context, markAt(context, wanted));
}

export function removeMark(context: Context): Change {
  return setMark(context, undefined);
}

function setMark(context: Context, box: MarkBox | undefined): Change {
  const { document, shown } = context;
  if (document?.view.mark === undefined) return {};
  const { width, height, byHand } = document.view.mark;
  const view = { ...document.view, mark: { width, height, byHand, ...(box === undefined ? {} : { box }) } };
  return { document: { ...document, view }, shown: [...shown.slice(0, -1), { view, fileName: document.fileName }] };
}

/** Back to the document before the one that is shown: from there on they are shown again. */
export function stepBack({ shown }: Context): Change {
  return { document: undefined, shown: shown.slice(0, -2) };
}

/** The consent stands in the log. The bytes that were shown last are let go: each document is read anew, by its digest, when it is prepared. */
export function setConsent({ consent, intents }: RecordConsentOutput): Change {
  return { consent, intents, document: undefined, prepared: undefined, fingerMatched: false };
}

export function setPrepared(prepared: Prepared): Change {
  return { prepared };
}

export function setPrompt(prompt: ReaderPrompt): Change {
  return { prompt };
}

/** A new signature: its pad was not asked yet. */
export const forgetPad: Change = { pad: undefined };

export function setPad(context: Context, moment: PadMoment): Change {
  if (moment.doing === 'signing') return { pad: moment };
  const pad = { doing: 'waiting', time: moment.time, secondsLeft: Math.ceil(moment.forMs / 1000) } as const;
  // Asked once more, because the first one was right.
  return moment.time === 2 ? { pad, ...pinWasRight(context) } : { pad };
}

/** A second of the wait at the pad has passed. The machine only counts; that the time is over is told by the driver. */
export function countPad({ pad }: Context): Change {
  return pad?.doing === 'waiting' ? { pad: { ...pad, secondsLeft: Math.max(0, pad.secondsLeft - 1) } } : {};
}

export function setSignature(context: Context, signature: Uint8Array): Change {
  return { signature, ...pinWasRight(context) };
}

/**
 * What was said of wrong PINs holds no more: the token counts its tries from the last right one (PKCS#11, CKF_USER_PIN_COUNT_LOW). The next document of this
 * visit may be one for which a pad asks again.
 */
function pinWasRight({ pin }: Context): Change {
  if (pin === undefined || pin.state === 'ok' || pin.state === 'unknown') return { previousPin: undefined };
  const { minLength, maxLength, protectedPath } = pin;
  return { previousPin: undefined, pin: { state: 'ok', minLength, maxLength, protectedPath } };
}

export function setStaged(staged: StagedOutput): Change {
  return { staged };
}

/** The document in hand is signed and in the log; the next one, if there is one, is in hand now. */
export function setResult({ results, intents }: Context, result: SignedResult): Change {
  const rest = intents.slice(1);
  return {
    results: [...results, result],
    intents: rest,
    outcome: rest.length === 0 ? 'signed' : 'partly-signed',
    prepared: undefined,
    signature: undefined,
    staged: undefined,
  };
}

export function problem(code: ProblemCode): Change {
  return { problem: { code } };
}

/** Remembers what went wrong, and what it says about the next try. */
export function setProblem(context: Context, error: unknown): Change {
  const found = problemOf(error);
  return {
    problem: found,
    pin: pinAfter(context.pin, found),
    ...(found.code === 'pin-wrong' || found.code === 'pin-length' ? { previousPin: found.code } : {}),
    ...(found.code === 'not-matched' || found.code === 'touch-timeout' ? { previousFinger: found.code } : {}),
    ...(found.code === 'not-matched' ? { fingerTries: context.fingerTries + 1 } : {}),
  };
}

/** The pause before the next finger is over. */
export function endPause({ problem: found }: Context): Change {
  if (found === undefined) return {};
  return { problem: { ...found, waitSeconds: 0 } };
}

/**
 * What went wrong could not be recorded: the screen says what the next start of the agent will read from the log (`recovery.ts`), of each document. Nothing is
 * done for an intent any more.
 */
export function setUnrecorded(context: Context, error: unknown): Change {
  const outcome = context.intents.length > 0 && context.fingerMatched ? 'outcome-unknown' : context.outcome;
  return { ...setProblem(context, error), outcome, intents: [], prepared: undefined };
}

/** The log is open again: what it says of the visit is what became of it. At most the document in hand stands there as signed although nobody was told. */
export function setMended(context: Context, { signed, unknown }: LogEnds) {
  const { results, shown, staged } = context;
  const after = signed[results.length];
  const all = after !== undefined && staged?.digest === after.outputDigest ? [...results, { ...after, outputName: staged.name }] : results;
  const ended = all.length === 0 ? 'nothing-signed' : all.length === shown.length ? 'signed' : 'partly-signed';
  return {
    results: all,
    outcome: unknown ? 'outcome-unknown' : ended,
    problem: unknown ? { code: 'outcome-unknown' } : undefined,
    intents: [],
    prepared: undefined,
    signature: undefined,
    staged: undefined,
  } as const satisfies Change;
}

/** PIN state after a wrong PIN, as far as the token told. */
function pinAfter(pin: PinInfo | undefined, found: Problem): PinInfo | undefined {
  if (pin === undefined) return undefined;
  if (found.code === 'pin-locked') return { ...pin, state: 'locked', triesLeft: 0 };
  if (found.code !== 'pin-wrong') return pin;
  const { minLength, maxLength, protectedPath } = pin;
  const rest = { minLength, maxLength, protectedPath };
  if (found.triesLeft === undefined) return { ...rest, state: 'unknown' };
  const state = found.triesLeft === 0 ? 'locked' : found.triesLeft === 1 ? 'last-try' : 'low';
  return { ...rest, state, triesLeft: found.triesLeft };
}

/** The problem stands in the log; unless the holder may try again, every open intent has its end. */
export function setRecorded(context: Context, output: RecordProblemOutput): Change {
  const open = context.problem !== undefined && retryable.has(context.problem.code);
  return {
    outcome: output.outcome === 'nothing-signed' && context.results.length > 0 ? 'partly-signed' : output.outcome,
    problemEntry: output.entry,
    tokenOutRecorded: context.tokenOutRecorded || output.tokenOutRecorded,
    ...(open ? {} : { intents: [], prepared: undefined }),
  };
}

export function moreTime(context: Context): Change {
  return { idleFactor: Math.min(context.idleFactor * 2, 8) };
}

/** No file is being checked (any more). */
export const closeFile: Change = { signedFile: undefined, fileVerdict: undefined };

export function setSignedFiles(signedFiles: SignedFiles): Change {
  return { signedFiles };
}

export function chooseFile({ signedFiles }: Context, fileId: string): Change {
  return { signedFile: signedFiles?.files.find(({ id }) => id === fileId) };
}
