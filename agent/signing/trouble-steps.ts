/** The states of the signing machine in which something went wrong: first the log is told, then the person. */
import { assign } from 'xstate';
import * as inputs from './inputs.ts';
import { signingSetup } from './setup.ts';
import * as steps from './steps.ts';

export const abandoning = signingSetup.createStateConfig({
  invoke: {
    src: 'recordProblem',
    input: ({ context }) => inputs.recordProblem(context),
    onDone: [
      { guard: 'tokenStillIn', target: 'takingToken', actions: assign(({ context, event }) => steps.setRecorded(context, event.output)) },
      { target: 'trouble', actions: assign(({ context, event }) => steps.setRecorded(context, event.output)) },
    ],
    onError: { target: 'outOfService', actions: assign(({ context, event }) => steps.setUnrecorded(context, event.error)) },
  },
});

export const failing = signingSetup.createStateConfig({
  invoke: {
    src: 'recordProblem',
    input: ({ context }) => inputs.recordProblem(context),
    onDone: [
      { guard: 'stationFault', target: 'outOfService', actions: assign(({ context, event }) => steps.setRecorded(context, event.output)) },
      { target: 'trouble', actions: assign(({ context, event }) => steps.setRecorded(context, event.output)) },
    ],
    onError: { target: 'outOfService', actions: assign(({ context, event }) => steps.setUnrecorded(context, event.error)) },
  },
});

export const trouble = signingSetup.createStateConfig({
  initial: 'open',
  states: {
    open: {
      always: [
        { guard: 'tokenGoneWithIntent', target: '#signing.visit.abandoning', actions: assign(steps.problem('token-removed')) },
        { guard: 'tokenGoneUnrecorded', target: '#signing.visit.leaving' },
        { guard: 'tokenGone', target: 'tokenOut' },
      ],
      after: { pause: { guard: 'paused', actions: assign(({ context }) => steps.endPause(context)) } },
      on: {
        continue: [
          { guard: 'pinAgain', target: '#signing.visit.beforePin' },
          { guard: 'fingerAgain', target: '#signing.visit.waitingForFinger' },
          { guard: 'documentAgain', target: '#signing.visit.choosingDocument' },
        ],
        cancel: [
          { guard: 'intentOpen', target: '#signing.visit.abandoning', actions: assign(steps.problem('cancelled')) },
          { target: '#signing.visit.takingToken' },
        ],
        'idle.expired': [
          { guard: 'intentOpen', target: '#signing.visit.abandoning', actions: assign(steps.problem('idle-timeout')) },
          { target: '#signing.visit.takingToken' },
        ],
      },
    },
    tokenOut: {
      always: { guard: 'someToken', target: '#signing.visit.start' },
      after: { linger: '#signing.visit.start' },
      on: { continue: '#signing.visit.start', begin: '#signing.visit.start' },
    },
  },
});

/** Where the log was lost, it may come back, and then says what became of the visit; a fault stays one until the next start. */
export const outOfService = signingSetup.createStateConfig({
  on: {
    'log-mended': [
      { guard: ({ context }) => context.problem?.code !== 'log-unavailable', actions: [] },
      { guard: ({ context, event }) => context.tokenId === undefined || event.ends.left, target: 'start' },
      {
        guard: ({ event }) => event.ends.unknown,
        target: 'trouble',
        actions: assign(({ context, event }) => steps.setMended(context, event.ends)),
      },
      // Never to the page that says "signed", which a signature reaches by its own steps alone; what was signed stands on the way out.
      { target: 'takingToken', actions: assign(({ context, event }) => steps.setMended(context, event.ends)) },
    ],
  },
});
