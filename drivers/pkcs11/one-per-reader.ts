/**
 * One card in one reader is one token, however many modules see it. Pure. The first module of the configuration that knows the card has it; a
 * module that does not know it never wins over one that does; and whoever has it keeps it until it leaves, so that no visit changes hands.
 */
import type { Sighting } from './sightings.ts';

/** What one module sees, modules in the order of the configuration. */
export interface ModuleView {
  readonly sightings: readonly Sighting[];
  /** Start of its last finished look, in the clock of the sightings. Infinity when nothing can be expected of it. */
  readonly lookedAt: number;
  /** True: its slots are named after readers, so a slot of another module with the same name is the same place. */
  readonly namesReaders: boolean;
}

/** A card that others may know better waits so long for their verdict: a module's first look at a slow card takes about two seconds. */
export const patienceMs = 5000;

/** The sightings to offer, per module. `offered`: insertions that are offered now; `now` in the clock of the sightings. */
export function onePerReader(views: readonly ModuleView[], offered: ReadonlySet<number>, now: number): readonly (readonly Sighting[])[] {
  return views.map((view, index) =>
    view.sightings.filter((sighting) => !sharesPlace(view, sighting) || has(index, sighting, views, offered, now)),
  );
}

function has(index: number, sighting: Sighting, views: readonly ModuleView[], offered: ReadonlySet<number>, now: number): boolean {
  const place = placeOf(sighting.facts.slot);
  const seenThere = views.map(({ namesReaders, sightings }) =>
    namesReaders ? sightings.filter(({ facts }) => placeOf(facts.slot) === place) : [],
  );
  const knownBy = (at: number): readonly Sighting[] => (seenThere[at] ?? []).filter(({ facts }) => facts.recognised);
  const kept = views.findIndex((_, at) => knownBy(at).some(({ insertion }) => offered.has(insertion)));
  if (kept >= 0) return kept === index && sighting.facts.recognised;
  const { recognised } = sighting.facts;
  const winner = views.findIndex((_, at) => (recognised ? knownBy(at) : (seenThere[at] ?? [])).length > 0);
  if (winner !== index || (!recognised && views.some((_, at) => knownBy(at).length > 0))) return false;
  // Those that would win over this one must have had their look; one that does not know the card yields to every other.
  const rivals = views.filter(({ namesReaders }, at) => namesReaders && (recognised ? at < index : at !== index));
  return now - sighting.since >= patienceMs || rivals.every(({ lookedAt }) => lookedAt >= sighting.since);
}

/** A slot without a name, or with one that a module made up itself, is a place of its own. */
function sharesPlace({ namesReaders }: ModuleView, { facts }: Sighting): boolean {
  return namesReaders && placeOf(facts.slot) !== '';
}

/** The place that a slot's name stands for: CK_SLOT_INFO has 64 bytes, and modules cut and pad names as they like. */
export function placeOf(slot: string): string {
  return Buffer.from(slot.replace(/\s+/gu, ' ').trim(), 'utf8').subarray(0, 64).toString('latin1');
}
