/** Signing machines with one way changed, which the tests of the real one must refuse: a test that lets them pass proves nothing. */
import { assign } from 'xstate';
import { signingMachine, type SigningMachine } from '../../../agent/signing/machine.ts';
import { signingSetup } from '../../../agent/signing/setup.ts';

type Config = Record<string, unknown>;

function part(config: Config, name: string): Config {
  const found = config[name];
  if (typeof found !== 'object' || found === null) throw new Error(`the machine has no ${name}`);
  return found as Config;
}

/** Arrays and plain objects are copied, functions stay. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)]));
}

function machineOf(config: Config): SigningMachine {
  const create = signingSetup.createMachine as (config: unknown) => unknown;
  return create(config) as SigningMachine;
}

/**
 * The signing machine with other targets in some states of the visit: `done` and `error` are the answers of the state's actor, `always` what
 * happens at once, anything else is an event. Guards of what is replaced are gone, actions stay.
 */
export function brokenMachine(broken: Readonly<Record<string, Readonly<Record<string, string>>>>): SigningMachine {
  const config = copy(signingMachine.config) as Config;
  const states = part(part(part(config, 'states'), 'visit'), 'states');
  for (const [state, targets] of Object.entries(broken))
    for (const [event, target] of Object.entries(targets)) redirect(part(states, state), event, target);
  return machineOf(config);
}

function redirect(state: Config, event: string, target: string): void {
  if (event === 'done' || event === 'error') {
    const invoke = part(state, 'invoke');
    const name = event === 'done' ? 'onDone' : 'onError';
    const before = [invoke[name]].flat().at(-1);
    invoke[name] = { ...(before as Config), target };
  } else if (event === 'always') {
    state['always'] = { target };
  } else {
    state['on'] = { ...(state['on'] as Config | undefined), [event]: { target } };
  }
}

/** The signing machine that keeps the PIN in its memory. */
export function machineThatKeepsThePin(): SigningMachine {
  const config = copy(signingMachine.config) as Config;
  const on = part(part(part(part(part(config, 'states'), 'visit'), 'states'), 'enteringPin'), 'on');
  on['pin'] = { target: 'signing', actions: assign(({ event }: { event: unknown }) => ({ previousPin: event })) };
  return machineOf(config);
}
