/**
 * The state of the signing machine in which the token is asked to sign. Not interruptible: whatever happens to the token now, the driver's answer says what
 * became of the signature. Where the PIN is typed on the reader, the seconds of that wait are counted here, for the screen alone: the driver ends it.
 */
import { assign, not } from 'xstate';
import * as inputs from './inputs.ts';
import { problemOf } from './problem.ts';
import { signingSetup } from './setup.ts';
import * as steps from './steps.ts';

export const signing = signingSetup.createStateConfig({
  invoke: {
    src: 'sign',
    input: ({ context, event }) => inputs.sign(context, event),
    onDone: { target: 'checking', actions: assign(({ context, event }) => steps.setSignature(context, event.output)) },
    onError: [
      {
        // The red key of a reader is a Cancel like the one on the screen.
        guard: ({ event }) => problemOf(event.error).code === 'cancelled',
        target: 'abandoning',
        actions: assign(({ context, event }) => steps.setProblem(context, event.error)),
      },
      { target: 'failing', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
    ],
  },
  // States of their own inside this one, because entering `signing` again would ask the token for another signature.
  initial: 'atToken',
  on: { pad: { target: '.atPad', actions: assign(({ context, event }) => steps.setPad(context, event.moment)) } },
  states: {
    atToken: {},
    atPad: {
      always: { guard: not('padWaits'), target: 'atToken' },
      after: {
        second: { guard: 'padCounts', target: 'atPad', reenter: true, actions: assign(({ context }) => steps.countPad(context)) },
      },
    },
  },
});
