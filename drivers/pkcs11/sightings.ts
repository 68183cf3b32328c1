/**
 * From what a module's slots hold at one look to tokens that came, stayed and left. Pure. A host counts the insertions that it saw itself; the agent,
 * which outlives hosts, gives each insertion a number of its own.
 */
import type { TokenFacts } from './protocol.ts';
import { tokenId } from './token-id.ts';

/** A token that was seen in a slot, for as long as it stays in. */
export interface Sighting {
  readonly facts: TokenFacts;
  /** The host that saw it last. */
  readonly host: number;
  /** Which insertion it is to pcscd, where that is known. */
  readonly seat: string | undefined;
  /** Number of this insertion; never given twice. */
  readonly insertion: number;
  /** When it was first seen, in milliseconds of a clock that does not jump. */
  readonly since: number;
}

export interface Look {
  readonly tokens: readonly TokenFacts[];
  readonly host: number;
  readonly at: number;
  /** Which insertion a slot holds now, as pcscd says; undefined where nobody can tell. */
  readonly seatOf?: (slot: string) => string | undefined;
}

/**
 * The sightings after a look. A token stays the same one while who it is stays the same and its host has counted no insertion since; a host that looks for the first time
 * calls everything that is in 0. What was out and back in the moment between the last look of one host and the first of the next is noticed only
 * where pcscd counts the insertions.
 */
export function sightingsAfter(before: readonly Sighting[], look: Look, nextInsertion: () => number): readonly Sighting[] {
  const left = [...before];
  return look.tokens.map((facts) => {
    const seat = look.seatOf?.(facts.slot);
    const at = left.findIndex(
      (one) => isSame(one.facts, facts) && hostInsertion(one, look.host) === facts.insertion && (one.seat ?? seat) === (seat ?? one.seat),
    );
    const [known] = at < 0 ? [] : left.splice(at, 1);
    if (known === undefined) return { facts, host: look.host, seat, insertion: nextInsertion(), since: look.at };
    return { ...known, facts, host: look.host, seat: known.seat ?? seat };
  });
}

/** What a host calls this token (`TokenFacts.insertion`). */
export function hostInsertion(sighting: Sighting, host: number): number {
  return sighting.host === host ? sighting.facts.insertion : 0;
}

/** The name by which the agent asks a host for a token. */
export function nameForHost(module: string, sighting: Sighting, host: number): string {
  return tokenId(module, sighting.facts, hostInsertion(sighting, host));
}

function isSame(one: TokenFacts, other: TokenFacts): boolean {
  return one.recognised === other.recognised && one.slot === other.slot && one.serial === other.serial && one.label === other.label;
}
