/** From the machine's memory to the one public state that the kiosk shows. The only place that makes public states; it decides nothing. */
import type { SnapshotFrom } from 'xstate';
import type { FingerName } from '../contract/finger.ts';
import type { PadWait, PinView } from '../contract/pin.ts';
import { problems } from '../contract/problems.ts';
import type { CertificateChoice, PlaceView, PublicState, SignedDocumentView, SigningStep, TallyView } from '../contract/state.ts';
import { fingerToAsk } from './finger.ts';
import { canContinue } from './guards.ts';
import type { SigningMachine } from './machine.ts';
import type { ChosenDocument, Context } from './model.ts';

export type VisitSnapshot = SnapshotFrom<SigningMachine>;

type VisitValue = VisitSnapshot['value']['visit'];
type VisitStateName = Extract<VisitValue, string> | KeyOf<Exclude<VisitValue, string>>;
type KeyOf<T> = T extends unknown ? keyof T : never;

/** Name of the state that the visit is in, without what lies inside it. */
export function visitState(snapshot: VisitSnapshot): VisitStateName {
  const { visit } = snapshot.value;
  if (typeof visit === 'string') return visit;
  if ('signing' in visit) return 'signing';
  if ('verifying' in visit) return 'verifying';
  return 'trouble' in visit ? 'trouble' : 'signedTokenOut';
}

/** What is on the screen now; undefined while an outcome is being recorded: the screen says nothing that the log does not say yet. */
export function publicState(snapshot: VisitSnapshot): PublicState | undefined {
  const { context } = snapshot;
  const state = visitState(snapshot);
  switch (state) {
    case 'start':
      return { screen: 'start', documentsWaiting: context.documents.length };
    case 'insertToken':
      return { screen: 'insert-card' };
    case 'verifying':
      return verifying(context);
    case 'twoTokens':
      return trouble(context, 'two-tokens', false);
    case 'readingToken':
      return { screen: 'reading-card' };
    case 'choosingCertificate':
      return { screen: 'choose-certificate', certificates: context.keys.map(choice) };
    case 'choosingDocument':
      return chooseDocument(context);
    case 'openingDocument':
      return opening(context) ?? chooseDocument(context);
    case 'reviewing':
      return { screen: 'review-document', holder: holderOf(context), document: documentOf(context).view, place: placeOf(context) };
    case 'confirming':
    case 'recordingConsent':
    case 'takingVouch':
      return confirm(context);
    case 'preparing':
      // Before the finger the page is still that of the consent: nobody is asked for anything yet.
      return context.fingerMatched ? signing(context, 'preparing') : confirm(context);
    case 'waitingForFinger':
      return touchReader(context);
    case 'lastTry':
      return { screen: 'last-try', document: documentOf(context).view };
    case 'enteringPin':
      return enterPin(context);
    case 'signing':
      // A reader with its own pad takes the PIN now: the holder must be told to type it there.
      if (context.pin?.protectedPath === true && context.pad?.doing !== 'signing') return enterPin(context);
      return signing(context, 'card-signing');
    case 'checking':
      return signing(context, 'checking');
    case 'saving':
      return signing(context, 'saving');
    case 'signed':
      return signed(context);
    case 'signedTokenOut':
      return { ...signed(context), cardTaken: true };
    case 'takingToken':
    case 'leaving':
      return { screen: 'take-card', outcome: context.outcome, ...tally(context) };
    case 'beforePin':
    case 'abandoning':
    case 'failing':
      return undefined;
    case 'trouble':
      return trouble(context, context.problem?.code ?? 'fault', canContinue(context));
    case 'outOfService':
      return trouble(context, context.problem?.code ?? 'fault', false);
  }
}

function trouble(context: Context, code: keyof typeof problems, mayContinue: boolean): PublicState {
  const { problem } = context;
  const waitSeconds = problem?.waitSeconds ?? 0;
  return {
    screen: 'trouble',
    trouble: problems[code].screen,
    problem: code,
    recover: problems[code].recover,
    outcome: context.outcome,
    canContinue: mayContinue,
    ...tally(context),
    ...(problem?.triesLeft === undefined ? {} : { triesLeft: problem.triesLeft }),
    ...(waitSeconds === 0 ? {} : { waitSeconds }),
    ...(problem?.refusal === undefined ? {} : { refusal: problem.refusal }),
    ...(context.problemEntry === undefined ? {} : { entry: context.problemEntry }),
  };
}

function verifying({ signedFiles, signedFile: file, fileVerdict: verdict }: Context): PublicState {
  if (file !== undefined) return verdict === undefined ? { screen: 'checking-file', file } : { screen: 'check-verdict', file, verdict };
  return { screen: 'check-choose', ...(signedFiles ?? { files: [], more: 0, looking: true }) };
}

function touchReader(context: Context): PublicState {
  const { previousFinger, problem } = context;
  return {
    screen: 'touch-reader',
    document: documentOf(context).view,
    prompt: context.prompt,
    ...fingerOf(context),
    ...(previousFinger === undefined ? {} : { previous: previousFinger }),
    ...(previousFinger === undefined || problem?.triesLeft === undefined ? {} : { triesLeft: problem.triesLeft }),
  };
}

/** A reader that compares with one finger says which; one that signs knows them all by itself. */
function fingerOf({ key, fingerTries }: Context): { readonly finger?: FingerName } {
  return key?.enrolled.assurance === 'station-asserted' ? { finger: fingerToAsk(key.enrolled, fingerTries) } : {};
}

function enterPin(context: Context): PublicState {
  return { screen: 'enter-pin', document: documentOf(context).view, place: placeOf(context), pin: pinView(context) };
}

function pinView(context: Context): PinView {
  const { pin, previousPin, pad } = context;
  return {
    minLength: pin?.minLength ?? 4,
    maxLength: pin?.maxLength ?? 8,
    lastTry: pin?.state === 'last-try',
    pad: pin?.protectedPath === true ? 'reader' : 'screen',
    ...(pin?.triesLeft === undefined ? {} : { triesLeft: pin.triesLeft }),
    ...(pin?.state === 'low' && pin.triesLeft === undefined ? { fewTries: true } : {}),
    ...(previousPin === undefined ? {} : { previous: previousPin }),
    ...(pad?.doing === 'waiting' ? { waiting: padWait(pad) } : {}),
  };
}

/** At 0 nothing is said of time: many readers wait longer once the first key was pressed. */
function padWait({ time, secondsLeft }: { readonly time: 1 | 2; readonly secondsLeft: number }): PadWait {
  return { time, ...(secondsLeft === 0 ? {} : { secondsLeft }) };
}

function chooseDocument(context: Context): PublicState {
  const { documents, refused, limits } = context;
  return { screen: 'choose-document', holder: holderOf(context), documents, refused, most: limits.mostDocuments };
}

/** Of several documents the next one is on its page while it is still read and examined; undefined where it is not in the list any more. */
function opening(context: Context): PublicState | undefined {
  const { chosen, shown, documents } = context;
  const document = documents.find(({ id }) => id === chosen[shown.length]);
  if (document === undefined || chosen.length < 2) return undefined;
  const place = { place: shown.length + 1, of: chosen.length };
  return { screen: 'review-document', holder: holderOf(context), document, place, opening: true };
}

function confirm(context: Context): PublicState {
  return {
    screen: 'confirm',
    holder: holderOf(context),
    documents: context.shown.map(({ view }) => view),
    ...(context.key?.vouch === undefined ? {} : { vouched: true }),
  };
}

function signing(context: Context, step: SigningStep): PublicState {
  return { screen: 'signing', document: documentOf(context).view, place: placeOf(context), step };
}

function signed(context: Context): Extract<PublicState, { screen: 'signed' }> {
  const all = signedOf(context);
  const last = all.at(-1);
  if (last === undefined) throw new Error('signed, but there is no result');
  return { screen: 'signed', ...last, ...(all.length === 1 ? {} : { earlier: all.slice(0, -1).map(withoutCode) }) };
}

/** Only the newest receipt is on the screen as a code: its checkpoint covers the entries of all. */
function withoutCode(document: SignedDocumentView): SignedDocumentView {
  const { receipt, ...rest } = document;
  if (receipt === undefined || receipt === 'not-made') return document;
  return { ...rest, receipt: receipt.fileName === undefined ? {} : { fileName: receipt.fileName } };
}

function signedOf({ results, shown }: Context): readonly SignedDocumentView[] {
  return results.flatMap((result, index) => {
    const document = shown[index]?.view;
    return document === undefined ? [] : [{ document, ...result }];
  });
}

/** Documents are signed in the order in which they were shown, so whatever was not signed comes after what was. */
function tally(context: Context): { readonly tally?: TallyView } {
  const { consent, shown, results, intents, outcome } = context;
  if (consent === undefined || intents.length > 0 || shown.length < 2 || outcome === 'signed') return {};
  const signedViews = signedOf(context).map(withoutCode);
  const rest = shown.slice(results.length).map(({ view }) => view);
  const [first] = rest;
  if (outcome !== 'outcome-unknown' || first === undefined) return { tally: { signed: signedViews, notSigned: rest } };
  return { tally: { signed: signedViews, unknown: first, notSigned: rest.slice(1) } };
}

function placeOf({ consent, chosen, shown, results, intents }: Context): PlaceView {
  const place = consent === undefined ? shown.length : results.length + Math.min(1, intents.length);
  return { place, of: chosen.length };
}

function choice(key: Context['keys'][number]): CertificateChoice {
  return { ...key.holder, certificateSha256: key.certificateSha256 };
}

function holderOf(context: Context) {
  if (context.key === undefined) throw new Error('there is no holder in this state');
  return context.key.holder;
}

/** The document in hand: the one that is read, then the one that is signed, at last the one that was signed. */
function documentOf({ shown, intents, results }: Context): ChosenDocument {
  const document = intents[0]?.document ?? shown[results.length === 0 ? shown.length - 1 : results.length - 1];
  if (document === undefined) throw new Error('there is no document in this state');
  return document;
}
