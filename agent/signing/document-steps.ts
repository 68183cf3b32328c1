/** The states of the signing machine from the choice of the documents to the consent: each document is shown before any can be agreed to. */
import { assign } from 'xstate';
import * as inputs from './inputs.ts';
import { signingSetup } from './setup.ts';
import * as steps from './steps.ts';

export const choosingDocument = signingSetup.createStateConfig({
  entry: assign(steps.closeDocuments),
  always: { guard: 'tokenGone', target: 'abandoning', actions: assign(steps.problem('token-removed')) },
  on: {
    'choose-documents': {
      guard: 'documentsAreListed',
      target: 'openingDocument',
      actions: assign(({ event }) => steps.choose(event.documentIds)),
    },
    back: { guard: 'severalKeys', target: 'choosingCertificate' },
    cancel: { target: 'abandoning', actions: assign(steps.problem('cancelled')) },
  },
});

export const openingDocument = signingSetup.createStateConfig({
  always: { guard: 'tokenGone', target: 'abandoning', actions: assign(steps.problem('token-removed')) },
  invoke: {
    src: 'openDocument',
    input: ({ context }) => inputs.openDocument(context),
    onDone: { target: 'reviewing', actions: assign(({ context, event }) => steps.setDocument(context, event.output)) },
    onError: { target: 'failing', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
  },
  on: { cancel: { target: 'abandoning', actions: assign(steps.problem('cancelled')) } },
});

export const reviewing = signingSetup.createStateConfig({
  always: { guard: 'tokenGone', target: 'abandoning', actions: assign(steps.problem('token-removed')) },
  on: {
    'place-mark': { guard: 'markFits', actions: assign(({ context, event }) => steps.placeMark(context, event)) },
    'remove-mark': { guard: 'markIsPlaced', actions: assign(({ context }) => steps.removeMark(context)) },
    reviewed: [{ guard: 'moreToShow', target: 'openingDocument' }, { target: 'confirming' }],
    back: [
      { guard: 'severalShown', target: 'openingDocument', actions: assign(({ context }) => steps.stepBack(context)) },
      { target: 'choosingDocument' },
    ],
    cancel: { target: 'abandoning', actions: assign(steps.problem('cancelled')) },
  },
});

export const confirming = signingSetup.createStateConfig({
  always: { guard: 'tokenGone', target: 'abandoning', actions: assign(steps.problem('token-removed')) },
  on: {
    consent: { guard: 'digestsAreShown', target: 'recordingConsent' },
    back: 'reviewing',
    cancel: { target: 'abandoning', actions: assign(steps.problem('cancelled')) },
  },
});
