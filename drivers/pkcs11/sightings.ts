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
  /**
   * Present: pcscd says that the card never left, and yet the module no longer sees who it is. It is dying, or sits badly. `facts` are those of before
   * then: whatever it says of itself now, it is no other token.
   */
  readonly failing?: true;
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
 * where pcscd counts the insertions. A card that was known and by that count never left stays the same one too, whoever it says it is.
 */
export function sightingsAfter(before: readonly Sighting[], look: Look, nextInsertion: () => number): readonly Sighting[] {
  const left = [...before];
  return look.tokens.map((facts) => {
    const seat = look.seatOf?.(facts.slot);
    const taken = (at: number): Sighting | undefined => (at < 0 ? undefined : left.splice(at, 1)[0]);
    const same = taken(
      left.findIndex(
        (one) => isSame(one.facts, facts) && hostInsertion(one, look.host) === facts.insertion && (one.seat ?? seat) === (seat ?? one.seat),
      ),
    );
    if (same !== undefined) return sound(same, { facts, host: look.host, seat: same.seat ?? seat });
    const stayed = taken(left.findIndex((one) => seat !== undefined && hasStayed(one, facts, seat, look.tokens)));
    if (stayed === undefined) return { facts, host: look.host, seat, insertion: nextInsertion(), since: look.at };
    if (isSame(stayed.facts, facts)) return sound(stayed, { facts, host: look.host, seat });
    return { ...stayed, facts: { ...stayed.facts, insertion: facts.insertion }, host: look.host, failing: true };
  });
}

function sound({ insertion, since }: Sighting, now: Pick<Sighting, 'facts' | 'host' | 'seat'>): Sighting {
  return { ...now, insertion, since };
}

/** True for a card that is in by the count of pcscd, but not as it was, or is again as it was. */
function hasStayed(one: Sighting, facts: TokenFacts, seat: string, all: readonly TokenFacts[]): boolean {
  if (!one.facts.recognised || one.seat !== seat || one.facts.slot !== facts.slot) return false;
  return one.failing === true || (!isSame(one.facts, facts) && !all.some((other) => isSame(one.facts, other)));
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
