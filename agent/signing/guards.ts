/** The questions that the signing machine asks of its memory: pure, one line each. */
import type { Context } from './model.ts';

/** The token that this visit is bound to is not in any reader now. */
export function tokenGone(context: Context): boolean {
  return !context.tokens.some((token) => token.id === context.tokenId);
}

/** An intent is open, and the document in hand has no signature yet: one intent never gets two. */
function mayTryAgain(context: Context): boolean {
  return context.intents.length > 0 && context.prepared !== undefined && context.signature === undefined;
}

/** Too many fingers did not match, and the pause before the next one is not over. */
function paused(context: Context): boolean {
  return (context.problem?.waitSeconds ?? 0) > 0;
}

const code = (context: Context) => context.problem?.code;

export const guards = {
  oneToken: ({ context }: { context: Context }) => context.tokens.length === 1,
  someToken: ({ context }: { context: Context }) => context.tokens.length > 0,
  twoTokens: ({ context }: { context: Context }) => context.tokens.length > 1,
  notTwoTokens: ({ context }: { context: Context }) => context.tokens.length < 2,
  tokenGone: ({ context }: { context: Context }) => tokenGone(context),
  tokenStillIn: ({ context }: { context: Context }) => !tokenGone(context),
  hasToken: ({ context }: { context: Context }) => context.tokenId !== undefined,
  severalKeys: ({ context }: { context: Context }) => context.keys.length > 1,
  moreToShow: ({ context }: { context: Context }) => context.shown.length < context.chosen.length,
  severalShown: ({ context }: { context: Context }) => context.shown.length > 1,
  fingerMatched: ({ context }: { context: Context }) => context.fingerMatched,
  /** The holder agreed that the word of a member of staff counts instead of a finger. */
  vouchNamed: ({ context }: { context: Context }) => context.consent?.vouched !== undefined,
  moreToSign: ({ context }: { context: Context }) => context.intents.length > 1,
  intentOpen: ({ context }: { context: Context }) => context.intents.length > 0,
  tokenGoneWithIntent: ({ context }: { context: Context }) => tokenGone(context) && context.intents.length > 0,
  tokenGoneUnrecorded: ({ context }: { context: Context }) => tokenGone(context) && !context.tokenOutRecorded,
  padWaits: ({ context }: { context: Context }) => context.pad?.doing === 'waiting',
  padCounts: ({ context }: { context: Context }) => context.pad?.doing === 'waiting' && context.pad.secondsLeft > 0,
  pinLocked: ({ context }: { context: Context }) => context.pin?.state === 'locked',
  lastTry: ({ context }: { context: Context }) => context.pin?.state === 'last-try',
  padOnReader: ({ context }: { context: Context }) => context.pin?.protectedPath === true,
  /** Only after the finger: whatever a device says, a PIN is never asked for before. */
  pinAgain: ({ context }: { context: Context }) =>
    mayTryAgain(context) && context.fingerMatched && ['pin-wrong', 'pin-length', 'pin-timeout'].includes(code(context) ?? ''),
  /** Not where a vouch was agreed to: then no finger counts. */
  fingerAgain: ({ context }: { context: Context }) =>
    mayTryAgain(context) &&
    context.consent?.vouched === undefined &&
    !paused(context) &&
    ['not-matched', 'touch-timeout', 'finger-paused'].includes(code(context) ?? ''),
  paused: ({ context }: { context: Context }) => paused(context),
  /** Not where some of a visit's documents are signed already: what became of them stays on the screen. */
  documentAgain: ({ context }: { context: Context }) =>
    context.key !== undefined &&
    context.results.length === 0 &&
    (code(context) === 'document-refused' || code(context) === 'document-changed'),
  /** The station itself cannot go on: no log, or a bug of ours. */
  stationFault: ({ context }: { context: Context }) => code(context) === 'log-unavailable' || code(context) === 'fault',
};

/** True when `continue` on the trouble page leads somewhere other than out. */
export function canContinue(context: Context): boolean {
  if (context.problem === undefined) return false;
  if (tokenGone(context)) return true;
  return guards.pinAgain({ context }) || guards.fingerAgain({ context }) || guards.documentAgain({ context });
}
