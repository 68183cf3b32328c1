/**
 * A card with several PINs is several slots of one reader to some modules, one for each PIN (OpenSC does so: one PIN for logging in, one for signatures). It is
 * one card all the same: one token is offered, with the keys of all its slots, and each key is signed with through its own. Pure.
 */
import type { PinInfo, PinState, TokenContents } from '../token.ts';
import { preferredKeys } from './key-choice.ts';
import { placeOf } from './one-per-reader.ts';
import type { Sighting } from './sightings.ts';

/** The sightings of one module, card by card, the slot that was seen first in front. `namesReaders`: as `ModuleView` has it. */
export function cardsOf(sightings: readonly Sighting[], namesReaders: boolean): readonly (readonly [Sighting, ...Sighting[]])[] {
  const cards: [Sighting, ...Sighting[]][] = [];
  for (const sighting of [...sightings].sort((a, b) => a.insertion - b.insertion)) {
    const card = namesReaders ? cards.find(([first]) => isOneCard(first, sighting)) : undefined;
    if (card === undefined) cards.push([sighting]);
    else card.push(sighting);
  }
  return cards;
}

/** Two tokens of one maker may both have no serial number, and two readers outside of pcscd the same name: one of them must tell them apart. */
function isOneCard({ facts: one, seat }: Sighting, { facts: other, seat: otherSeat }: Sighting): boolean {
  if (!one.recognised || !other.recognised || placeOf(one.slot) === '' || placeOf(one.slot) !== placeOf(other.slot)) return false;
  return one.serial === other.serial && seat === otherSeat && (seat !== undefined || /[^0 ]/u.test(one.serial));
}

/** What was read from one slot of a card. */
export interface SlotContents {
  readonly slot: Sighting;
  readonly contents: TokenContents;
}

/**
 * The contents of a card from those of its slots, and the slot of each certificate (SHA-256, hex). The PIN is that of the slot whose keys are meant for
 * declarations of will; where several are, the state that asks for more care.
 */
export function oneCard(
  first: SlotContents,
  others: readonly SlotContents[],
): { readonly contents: TokenContents; readonly slotOf: ReadonlyMap<string, Sighting> } {
  const keys = new Map(
    [first, ...others].flatMap(({ slot, contents }) => contents.keys.map((key) => [key.certificateSha256, { slot, key }] as const)),
  );
  const all = [...keys.values()].map(({ key }) => key);
  const wanted = new Set(preferredKeys(all).map(({ certificateSha256 }) => certificateSha256));
  const asked = [first, ...others].filter(({ contents }) => contents.keys.some(({ certificateSha256 }) => wanted.has(certificateSha256)));
  const pin = (asked.length > 0 ? asked : [first]).map(({ contents }) => contents.pin).reduce(moreCareful);
  return {
    contents: { token: first.contents.token, pin, keys: all },
    slotOf: new Map([...keys].map(([sha256, { slot }]) => [sha256, slot])),
  };
}

const careful: readonly PinState[] = ['last-try', 'low', 'unknown', 'ok', 'locked'];

function moreCareful(one: PinInfo, other: PinInfo): PinInfo {
  return careful.indexOf(other.state) < careful.indexOf(one.state) ? other : one;
}
