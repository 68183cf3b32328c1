/**
 * The signing machine: every way one visit can go. It does no I/O and holds no decision about devices: actors are provided by `actors.ts`, tokens
 * and touches arrive as events. What it guarantees by its shape: "signed" is reached only through consent recorded and finger verified (or vouch recorded), and then,
 * for each document, signature made, output checked and `sign.done` committed, in that order.
 */
import { assign, not, stateIn } from 'xstate';
import { choosingDocument, confirming, openingDocument, reviewing } from './document-steps.ts';
import { idleRegion } from './idle.ts';
import * as inputs from './inputs.ts';
import { checking, preparing, saving } from './output-steps.ts';
import { signingSetup } from './setup.ts';
import { signing } from './signing-step.ts';
import * as steps from './steps.ts';
import { SigningProblem } from './problem.ts';
import { abandoning, failing, outOfService, trouble } from './trouble-steps.ts';
import { verifying } from './verifying-step.ts';

export const signingMachine = signingSetup.createMachine({
  id: 'signing',
  context: ({ input }) => steps.firstContext(input),
  type: 'parallel',
  on: {
    tokens: { actions: assign(({ event }) => ({ tokens: event.tokens })) },
    inbox: { actions: assign(({ event }) => ({ documents: event.documents, refused: event.refused })) },
    'log-lost': {
      guard: not(stateIn({ visit: 'outOfService' })),
      target: '.visit.outOfService',
      actions: assign(({ context }) => steps.setUnrecorded(context, new SigningProblem('log-unavailable'))),
    },
    fault: { target: '.visit.outOfService', actions: assign(({ context }) => steps.setUnrecorded(context, undefined)) },
  },
  states: {
    idle: idleRegion,
    visit: {
      initial: 'start',
      states: {
        start: {
          entry: assign(({ context }) => steps.wipe(context)),
          always: [
            { guard: 'twoTokens', target: 'twoTokens' },
            { guard: 'oneToken', target: 'readingToken' },
          ],
          on: { begin: 'insertToken', check: 'verifying' },
        },
        verifying,
        insertToken: {
          always: [
            { guard: 'twoTokens', target: 'twoTokens' },
            { guard: 'oneToken', target: 'readingToken' },
          ],
          on: { cancel: 'start', back: 'start' },
        },
        // Never a guess between two: the person is asked to take one out.
        twoTokens: {
          invoke: {
            src: 'recordTwoTokens',
            input: ({ context }) => ({ tokens: context.tokens }),
            onError: { target: 'outOfService', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
          },
          always: { guard: 'notTwoTokens', target: 'start' },
        },
        readingToken: {
          entry: assign(({ context }) => steps.bindToken(context)),
          always: { guard: 'tokenGone', target: 'abandoning', actions: assign(steps.problem('token-removed')) },
          invoke: {
            src: 'readToken',
            input: ({ context }) => inputs.readToken(context),
            onDone: [
              {
                guard: ({ event }) => event.output.keys.length > 1,
                target: 'choosingCertificate',
                actions: assign(({ event }) => steps.setKeys(event.output)),
              },
              { target: 'choosingDocument', actions: assign(({ event }) => steps.setKeys(event.output)) },
            ],
            onError: { target: 'failing', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
          },
          on: { cancel: { target: 'abandoning', actions: assign(steps.problem('cancelled')) } },
        },
        choosingCertificate: {
          always: { guard: 'tokenGone', target: 'abandoning', actions: assign(steps.problem('token-removed')) },
          on: {
            'choose-certificate': {
              guard: 'keyIsListed',
              target: 'choosingDocument',
              actions: assign(({ context, event }) => steps.chooseKey(context, event.certificateSha256)),
            },
            cancel: { target: 'abandoning', actions: assign(steps.problem('cancelled')) },
          },
        },
        choosingDocument,
        openingDocument,
        reviewing,
        confirming,
        // The log first: from here on an open intent exists, and every way out closes it with an outcome.
        recordingConsent: {
          invoke: {
            src: 'recordConsent',
            input: ({ context }) => inputs.recordConsent(context),
            onDone: { target: 'preparing', actions: assign(({ event }) => steps.setConsent(event.output)) },
            onError: { target: 'failing', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
          },
        },
        preparing,
        waitingForFinger: {
          entry: assign(steps.setPrompt('touch')),
          always: { guard: 'tokenGone', target: 'abandoning', actions: assign(steps.problem('token-removed')) },
          invoke: {
            src: 'verifyFinger',
            input: ({ context }) => inputs.verifyFinger(context),
            onDone: { target: 'beforePin', actions: assign({ fingerMatched: true }) },
            onError: { target: 'failing', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
          },
          on: {
            prompt: { actions: assign(({ event }) => steps.setPrompt(event.prompt)) },
            cancel: { target: 'abandoning', actions: assign(steps.problem('cancelled')) },
          },
        },
        // Instead of a finger: the log alone is asked, and nobody waits for it.
        takingVouch: {
          invoke: {
            src: 'takeVouch',
            input: ({ context }) => inputs.takeVouch(context),
            onDone: { target: 'beforePin', actions: assign({ fingerMatched: true }) },
            onError: { target: 'failing', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
          },
        },
        beforePin: {
          entry: assign(steps.forgetPad),
          always: [
            { guard: 'pinLocked', target: 'failing', actions: assign(steps.problem('pin-locked')) },
            { guard: 'lastTry', target: 'lastTry' },
            { guard: 'padOnReader', target: 'signing' },
            { target: 'enteringPin' },
          ],
        },
        lastTry: {
          always: { guard: 'tokenGone', target: 'abandoning', actions: assign(steps.problem('token-removed')) },
          on: {
            continue: [{ guard: 'padOnReader', target: 'signing' }, { target: 'enteringPin' }],
            cancel: { target: 'abandoning', actions: assign(steps.problem('cancelled')) },
          },
        },
        enteringPin: {
          always: { guard: 'tokenGone', target: 'abandoning', actions: assign(steps.problem('token-removed')) },
          on: { pin: 'signing', cancel: { target: 'abandoning', actions: assign(steps.problem('cancelled')) } },
        },
        signing,
        checking,
        saving,
        signed: {
          always: { guard: 'tokenGone', target: 'signedTokenOut' },
          on: { continue: 'takingToken', cancel: 'takingToken', 'idle.expired': 'takingToken' },
        },
        signedTokenOut: {
          initial: 'recording',
          states: {
            recording: {
              invoke: {
                src: 'recordTokenOut',
                input: ({ context }) => ({ operation: context.operation }),
                onDone: 'resting',
                onError: {
                  target: '#signing.visit.outOfService',
                  actions: assign(({ context, event }) => steps.setProblem(context, event.error)),
                },
              },
            },
            // The holder may still read what was signed; whoever comes next needs not wait for that.
            resting: {
              always: { guard: 'someToken', target: '#signing.visit.start' },
              after: { linger: '#signing.visit.start' },
              on: { continue: '#signing.visit.start', begin: '#signing.visit.start' },
            },
          },
        },
        takingToken: { always: { guard: 'tokenGone', target: 'leaving' } },
        leaving: {
          invoke: {
            src: 'recordTokenOut',
            input: ({ context }) => ({ operation: context.operation }),
            onDone: { target: 'start' },
            onError: { target: 'outOfService', actions: assign(({ context, event }) => steps.setProblem(context, event.error)) },
          },
        },
        // The two doors to the trouble page: `abandoning` when the person ended it, `failing` when a device, a document or the log did.
        abandoning,
        failing,
        trouble,
        outOfService,
      },
      on: {
        'idle.expired': [
          { guard: 'hasToken', target: '.abandoning', actions: assign(steps.problem('idle-timeout')) },
          { target: '.start' },
        ],
      },
    },
  },
});

export type SigningMachine = typeof signingMachine;
