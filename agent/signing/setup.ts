/** What the signing machine is made of: its types, the actors it asks, its guards and delays. The states stand in `machine.ts`. */
import { fromPromise, or, setup, stateIn } from 'xstate';
import type { FileVerdictView } from '../contract/verification.ts';
import { guards } from './guards.ts';
import { markAt } from './mark.ts';
import type * as asked from './asked.ts';
import type * as model from './model.ts';
import * as steps from './steps.ts';

/** States in which nothing happens unless a person acts. */
const waitingStates = [
  { visit: 'insertToken' },
  { visit: 'choosingCertificate' },
  { visit: 'choosingDocument' },
  { visit: 'reviewing' },
  { visit: 'confirming' },
  { visit: 'lastTry' },
  { visit: 'enteringPin' },
  { visit: 'signed' },
  { visit: { trouble: 'open' } },
  { visit: { verifying: 'choosing' } },
  { visit: { verifying: 'verdict' } },
] as const;

/** Stands where `actors.ts` must provide the real one; a machine that was not wired refuses to run. */
const unwired = (name: string) => (): Promise<never> => Promise.reject(new Error(`the actor ${name} was not provided`));

export const signingSetup = setup({
  types: {
    context: {} as model.Context,
    events: {} as model.VisitEvent,
    input: {} as model.MachineInput,
  },
  actors: {
    recordTwoTokens: fromPromise<undefined, { tokens: model.Context['tokens'] }>(unwired('recordTwoTokens')),
    readToken: fromPromise<asked.ReadTokenOutput, asked.ReadTokenInput>(unwired('readToken')),
    openDocument: fromPromise<model.OpenDocument, asked.OpenDocumentInput>(unwired('openDocument')),
    recordConsent: fromPromise<asked.RecordConsentOutput, asked.RecordConsentInput>(unwired('recordConsent')),
    prepare: fromPromise<model.Prepared, asked.PrepareInput>(unwired('prepare')),
    verifyFinger: fromPromise<undefined, asked.VerifyFingerInput>(unwired('verifyFinger')),
    takeVouch: fromPromise<undefined, asked.TakeVouchInput>(unwired('takeVouch')),
    sign: fromPromise<Uint8Array, asked.SignInput>(unwired('sign')),
    check: fromPromise<model.StagedOutput, asked.CheckInput>(unwired('check')),
    save: fromPromise<model.SignedResult, asked.SaveInput>(unwired('save')),
    recordProblem: fromPromise<asked.RecordProblemOutput, asked.RecordProblemInput>(unwired('recordProblem')),
    recordTokenOut: fromPromise<undefined, { operation: string }>(unwired('recordTokenOut')),
    listSignedFiles: fromPromise<model.SignedFiles, undefined>(unwired('listSignedFiles')),
    judgeFile: fromPromise<FileVerdictView, { fileId: string }>(unwired('judgeFile')),
  },
  guards: {
    ...guards,
    keyIsListed: ({ context, event }) => event.type === 'choose-certificate' && steps.keyOf(context, event.certificateSha256) !== undefined,
    /** At least one, each once, and no more than a visit may sign. */
    documentsAreListed: ({ context, event }) =>
      event.type === 'choose-documents' &&
      event.documentIds.length > 0 &&
      event.documentIds.length <= context.limits.mostDocuments &&
      new Set(event.documentIds).size === event.documentIds.length &&
      event.documentIds.every((chosen) => context.documents.some(({ id }) => id === chosen)),
    /** The holder may place the mark of the document that is shown, and it would lie on the page that they touched. */
    markFits: ({ context, event }) => event.type === 'place-mark' && markAt(context, event) !== undefined,
    markIsPlaced: ({ context }) => context.document?.view.mark?.byHand === true && context.document.view.mark.box !== undefined,
    /** The consent names what the screen showed: every document that was chosen, in their order, and nothing else. */
    digestsAreShown: ({ context, event }) =>
      event.type === 'consent' &&
      context.shown.length === context.chosen.length &&
      event.digests.length === context.shown.length &&
      event.digests.every((digest, index) => digest === context.shown[index]?.view.digest),
    fileIsListed: ({ context, event }) =>
      event.type === 'check-file' && context.signedFiles?.files.some(({ id }) => id === event.fileId) === true,
    /** A person is expected to do something, so time without a touch counts. */
    waitsForPerson: or(waitingStates.map((state) => stateIn(state))),
  },
  delays: {
    idle: ({ context }) => context.limits.idleMs * context.idleFactor,
    linger: ({ context }) => context.limits.lingerMs,
    second: 1000,
    pause: ({ context }) => 1000 * (context.problem?.waitSeconds ?? 0),
  },
});
