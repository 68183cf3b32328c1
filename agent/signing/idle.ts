/**
 * The region of the signing machine that counts the time without a touch. The agent owns this clock; the kiosk only shows it. While a device or
 * the log is at work, nobody is asked anything and the clock stands still; it begins anew when a person is asked again. Every action of a person is sent as `alive` first (`visit.ts`).
 */
import { assign, not, raise } from 'xstate';
import { signingSetup } from './setup.ts';
import * as steps from './steps.ts';

export const idleRegion = signingSetup.createStateConfig({
  initial: 'atWork',
  on: {
    alive: '.atWork',
    'more-time': { target: '.atWork', actions: assign(({ context }) => steps.moreTime(context)) },
  },
  states: {
    atWork: { always: { guard: 'waitsForPerson', target: 'counting' } },
    counting: {
      always: { guard: not('waitsForPerson'), target: 'atWork' },
      after: { idle: 'warning' },
    },
    warning: {
      entry: assign(({ context }) => ({ idleSecondsLeft: context.limits.idleWarningSeconds })),
      exit: assign({ idleSecondsLeft: 0 }),
      always: { guard: not('waitsForPerson'), target: 'atWork' },
      initial: 'tick',
      states: {
        tick: {
          after: {
            second: [
              { guard: ({ context }) => context.idleSecondsLeft <= 1, target: 'expired' },
              { target: 'tick', reenter: true, actions: assign(({ context }) => ({ idleSecondsLeft: context.idleSecondsLeft - 1 })) },
            ],
          },
        },
        expired: { entry: raise({ type: 'idle.expired' }), always: '#signing.idle.atWork' },
      },
    },
  },
});
