/**
 * A disk that has a cache: it follows the steps of a process and gives what may be found on it after a power cut. What was synced is there. Of what was not,
 * each sector of 512 bytes, each length of a file and each name in the folder is as it was at any moment since, each for itself.
 */
import type { Step } from './disk-trace.ts';

/** Files by name. */
export type Found = ReadonlyMap<string, Uint8Array>;
/** How much of so many changes is on the disk: from 0, none, up to all of them. */
export type Choice = (changes: number) => number;

export const none: Choice = () => 0;
export const all: Choice = (changes) => changes;

type Change = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number };

const sector = 512;

class File {
  /** As it is on the disk for certain. */
  #synced: Uint8Array = new Uint8Array();
  #since: Change[] = [];

  change(change: Change): void {
    this.#since.push(change);
  }

  sync(): void {
    this.#synced = this.found(all);
    this.#since = [];
  }

  found(choose: Choice): Uint8Array {
    const sizes = [this.#synced.length];
    for (const change of this.#since)
      sizes.push('size' in change ? change.size : Math.max(sizes.at(-1) ?? 0, change.at + change.bytes.length));
    const room = new Uint8Array(Math.ceil(Math.max(...sizes) / sector) * sector);
    room.set(this.#synced);
    for (let start = 0; start < room.length; start += sector) this.#fill(room.subarray(start, start + sector), start, choose);
    return room.slice(0, sizes[choose(this.#since.length)]);
  }

  #fill(place: Uint8Array, start: number, choose: Choice): void {
    const touching = this.#since.filter((change) =>
      'size' in change ? change.size < start + sector : change.at < start + sector && change.at + change.bytes.length > start,
    );
    if (touching.length === 0) return;
    for (const change of touching.slice(0, choose(touching.length))) {
      if ('size' in change) place.fill(0, Math.max(0, change.size - start));
      else {
        const from = Math.max(0, start - change.at);
        place.set(change.bytes.subarray(from, start + sector - change.at), Math.max(0, change.at - start));
      }
    }
  }
}

export class SimulatedDisk {
  /** As the process sees them. */
  readonly #names = new Map<string, File>();
  readonly #synced = new Map<string, File>();
  #since: (readonly [name: string, file: File | undefined])[][] = [];
  /** What the process has said until now. */
  readonly said: string[] = [];

  /** Takes the next step. True when what may be found after a power cut is another thing now. */
  take(step: Step): boolean {
    if (step.kind === 'said') this.said.push(...step.lines);
    else if (step.kind === 'folder-synced') this.#syncNames();
    else this.#takeChange(step);
    return step.kind !== 'said';
  }

  /** What may be found after a power cut now. */
  found(choose: Choice): Found {
    const names = new Map(this.#synced);
    for (const change of this.#since) {
      // A change of names is there or not, whatever became of the one before; a renamed file has one of both names.
      if (choose(1) === 0) continue;
      for (const [name, file] of change) {
        if (file === undefined) names.delete(name);
        else names.set(name, file);
      }
    }
    return new Map([...names].map(([name, file]) => [name, file.found(choose)]));
  }

  #takeChange(step: Exclude<Step, { readonly kind: 'said' | 'folder-synced' }>): void {
    const { name } = step;
    const file = this.#names.get(name);
    if (step.kind === 'made') {
      if (file === undefined) this.#rename([[name, new File()]]);
      return;
    }
    // Deleted files have no name in the trace, and nobody can find them.
    if (file === undefined) return;
    if (step.kind === 'written') file.change({ at: step.at, bytes: step.bytes });
    else if (step.kind === 'sized') file.change({ size: step.size });
    else if (step.kind === 'synced') file.sync();
    else if (step.kind === 'removed') this.#rename([[name, undefined]]);
    else {
      this.#rename([
        [name, undefined],
        [step.to, file],
      ]);
    }
  }

  #rename(change: (readonly [string, File | undefined])[]): void {
    this.#since.push(change);
    for (const [name, file] of change) {
      if (file === undefined) this.#names.delete(name);
      else this.#names.set(name, file);
    }
  }

  #syncNames(): void {
    this.#synced.clear();
    for (const [name, file] of this.#names) this.#synced.set(name, file);
    this.#since = [];
  }
}
