/**
 * The states of the signing machine on both sides of the token, once for each document: what the token signs is made, and what it made is checked and
 * saved. The first document is prepared before a finger is asked for, or a vouch is taken; each of the others after the one before it stands in the log as done.
 */
import { assign } from 'xstate';
import * as inputs from './inputs.ts';
import { signingSetup } from './setup.ts';
import * as steps from './steps.ts';

export const preparing = signingSetup.createStateConfig({
  always: { guard: 'tokenGone', target: 'abandoning', actions: assign(steps.problem('token-removed')) },
  invoke: {
    src: 'prepare',
    input: ({ context }) => inputs.prepare(context),
    onDone: [
      { guard: 'fingerMatched', target: 'signing', actions: assign(({ event }) => steps.setPrepared(event.output)) },
      { guard: 'vouchNamed', target: 'takingVouch', actions: assign(({ event }) => steps.setPrepared(event.output)) },
      { target: 'waitingForFinger', actions: assign(({ event }) => steps.setPrepared(event.output)) },
    ],
    onError: { target: 'failing', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
  },
  on: { cancel: { target: 'abandoning', actions: assign(steps.problem('cancelled')) } },
});

export const checking = signingSetup.createStateConfig({
  invoke: {
    src: 'check',
    input: ({ context }) => inputs.check(context),
    onDone: { target: 'saving', actions: assign(({ event }) => steps.setStaged(event.output)) },
    onError: { target: 'failing', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
  },
});

export const saving = signingSetup.createStateConfig({
  invoke: {
    src: 'save',
    input: ({ context }) => inputs.save(context),
    onDone: [
      { guard: 'moreToSign', target: 'preparing', actions: assign(({ context, event }) => steps.setResult(context, event.output)) },
      { target: 'signed', actions: assign(({ context, event }) => steps.setResult(context, event.output)) },
    ],
    onError: { target: 'failing', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
  },
});
