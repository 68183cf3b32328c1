/**
 * The states of the signing machine in which somebody has the signatures of a file checked. No token takes part in it, and whoever puts one in comes
 * first: the page is wiped and their visit begins.
 */
import { assign } from 'xstate';
import * as inputs from './inputs.ts';
import { signingSetup } from './setup.ts';
import * as steps from './steps.ts';

export const verifying = signingSetup.createStateConfig({
  initial: 'choosing',
  always: { guard: 'someToken', target: 'start' },
  on: { cancel: 'start' },
  states: {
    choosing: {
      entry: assign(steps.closeFile),
      invoke: {
        src: 'listSignedFiles',
        input: undefined,
        onDone: { actions: assign(({ event }) => steps.setSignedFiles(event.output)) },
        onError: { target: '#signing.visit.outOfService', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
      },
      // What a clerk puts in meanwhile comes up by itself.
      after: { second: { target: 'choosing', reenter: true } },
      on: {
        'check-file': {
          guard: 'fileIsListed',
          target: 'judging',
          actions: assign(({ context, event }) => steps.chooseFile(context, event.fileId)),
        },
        back: '#signing.visit.start',
      },
    },
    judging: {
      invoke: {
        src: 'judgeFile',
        input: ({ context }) => inputs.judgeFile(context),
        onDone: { target: 'verdict', actions: assign(({ event }) => ({ fileVerdict: event.output })) },
        onError: { target: '#signing.visit.outOfService', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
      },
      on: { back: 'choosing' },
    },
    verdict: { on: { back: 'choosing', continue: '#signing.visit.start' } },
  },
});
