/** Reads a machine's definition as a list of ways: from which state, on what, to which state. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

export interface Way {
  readonly from: string;
  /** `done` and `error` are the answers of the state's actor; `at once` is a transition without an event. */
  readonly event: string;
  readonly guard: string | undefined;
  readonly to: string;
}

const prefix = 'signing.visit.';

function nameOf(node: AnyStateNode): string {
  if (node.parent === undefined) return 'everywhere';
  return node.id.startsWith(prefix) ? node.id.slice(prefix.length) : node.id.slice('signing.'.length);
}

function eventOf(type: string): string {
  if (type === '') return 'at once';
  if (type.startsWith('xstate.done.actor.')) return 'done';
  if (type.startsWith('xstate.error.actor.')) return 'error';
  return type.startsWith('xstate.after.') ? 'after' : type;
}

function nodes(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodes)];
}

/** All states and all ways, those of the visit without their prefix, those beside it without the machine's name. A state that stands first in another is a way too. */
export function ways(machine: AnyStateMachine): { readonly states: readonly string[]; readonly edges: readonly Way[] } {
  const all = nodes(machine.root);
  const edges = all.flatMap((node): Way[] => {
    const listed = [...node.transitions.values()].flat();
    const atOnce = (node as { readonly always?: readonly AnyTransitionDefinition[] }).always ?? [];
    const initial = node.type === 'compound' ? node.initial.target.map((target) => way(node, 'first', undefined, target)) : [];
    return [
      ...initial,
      ...[...listed, ...atOnce].flatMap((transition) =>
        (transition.target ?? []).map((target) => way(node, eventOf(String(transition.eventType)), transition.guard, target)),
      ),
    ];
  });
  return { states: all.map(nameOf), edges };
}

function way(from: AnyStateNode, event: string, guard: unknown, to: AnyStateNode): Way {
  return { from: nameOf(from), event, guard: typeof guard === 'string' ? guard : undefined, to: nameOf(to) };
}

/** The ways into a state or into anything inside it, as sentences, in alphabetical order. */
export function waysInto(machine: AnyStateMachine, state: string): readonly string[] {
  const inside = (name: string): boolean => name === state || name.startsWith(`${state}.`);
  return ways(machine)
    .edges.filter(({ from, to }) => inside(to) && !inside(from))
    .map(({ from, event, guard }) => `${from}: ${event}${guard === undefined ? '' : ` if ${guard}`}`)
    .sort();
}

/** The actor that a state asks. */
export function actorOf(machine: AnyStateMachine, state: string): string | undefined {
  const node = nodes(machine.root).find((one) => nameOf(one) === state);
  const source: unknown = node?.invoke[0]?.src;
  return typeof source === 'string' ? source : undefined;
}
