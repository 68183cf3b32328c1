/** What can go wrong behind the card: the output, the disks, the log, and the document itself. Done to the real folders; what is full is full. */
import { execFileSync } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { openVirtualHardware } from '../../../agent/workbench/hardware.ts';
import { pace } from '../matrix/pace.ts';
import { StoryStation } from '../station.ts';

const ballast = 'ballast';

/** A station whose log has a small disk of its own, so that it can be filled. */
export class SmallDisks {
  readonly story: StoryStation;
  readonly #mounted: string[];

  private constructor(story: StoryStation, log: string) {
    this.story = story;
    this.#mounted = [log];
  }

  static async make(): Promise<SmallDisks> {
    let log = '';
    const story = await StoryStation.make({
      prepare: async (data) => {
        log = await ownDisk(data);
      },
      // The rows are about a log that does not come back before the next start.
      reopenMs: 3_600_000,
      hardware: (config, paths) => openVirtualHardware(config, paths, { tokens: pace, matchMs: 20 }),
    });
    return new SmallDisks(story, log);
  }

  /** From now on no entry can be written. */
  async fillLog(): Promise<void> {
    await fillDisk(join(this.story.data, 'log', ballast));
  }

  /** Somebody makes room, and the station is started again. */
  async roomForLog(): Promise<void> {
    await this.story.stop();
    await rm(join(this.story.data, 'log', ballast));
    await this.story.start();
  }

  /** From now on there is no room for a document in this folder. */
  fill(folder: 'pending' | 'outbox'): void {
    const path = join(this.story.data, folder);
    mount(path, '4k');
    this.#mounted.push(path);
  }

  empty(): void {
    for (const folder of this.#mounted.splice(1)) execFileSync('umount', [folder]);
  }

  async end(): Promise<void> {
    await this.story.stop();
    for (const folder of this.#mounted.splice(0).reverse()) execFileSync('umount', [folder]);
    await this.story.end();
  }
}

/** Gives the log of a station that does not run a disk of its own, of 4 MB. Gives its folder, which is to be unmounted. */
export async function ownDisk(data: string): Promise<string> {
  const log = join(data, 'log');
  const aside = join(data, 'log-aside');
  await leastRoom(data);
  await cp(log, aside, { recursive: true });
  mount(log, '4m');
  await cp(aside, log, { recursive: true });
  await rm(aside, { recursive: true });
  return log;
}

/** A disk of a few megabytes is enough for this station to begin something on. */
async function leastRoom(data: string): Promise<void> {
  const file = join(data, 'station.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as { limits: object };
  await writeFile(file, JSON.stringify({ ...config, limits: { ...config.limits, freeMegabytes: 1, freePercent: 1 } }));
}

/** Writes a file until its disk takes no byte more. */
export async function fillDisk(file: string): Promise<void> {
  for (const size of [1 << 20, 1 << 16, 1 << 12, 1 << 8])
    for (let more = true; more;) more = await writeFile(file, Buffer.alloc(size), { flag: 'a' }).then(alwaysTrue, alwaysFalse);
}

const alwaysTrue = (): boolean => true;
const alwaysFalse = (): boolean => false;

function mount(path: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', path]);
}

/** The driver lets the `nth` signature of the next login pass with a bit that is wrong, as if it did not verify what the card gave. */
export function spoilSignature({ running }: StoryStation, nth: number): void {
  const { tokens } = running.hardware;
  const open = tokens.openSigning.bind(tokens);
  const spied = vi.spyOn(tokens, 'openSigning');
  spied.mockImplementationOnce((...order) => {
    spied.mockRestore();
    const session = open(...order);
    let made = 0;
    const sign = async (message: Uint8Array): Promise<Uint8Array> => {
      const signature = Uint8Array.from(await session.sign(message));
      made += 1;
      if (made === nth) signature[9] = (signature[9] ?? 0) ^ 1;
      return signature;
    };
    return { sign, close: () => session.close() };
  });
}
