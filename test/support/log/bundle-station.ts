/** A station whose log goes out in bundles, to a folder that stands for a drive. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeIdentity, recipientOf } from '../../../agent/log/age-keys.ts';
import { exportBundle, type ExportOptions } from '../../../agent/log/bundle/export.ts';
import type { Exported } from '../../../agent/log/bundle/finish.ts';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { openStationKey } from '../../../agent/opening.ts';
import { type KeyedStation, makeKeyedStation } from '../keyed-station.ts';

export interface BundleStation extends KeyedStation {
  /** The folder that stands for a drive. */
  readonly drive: string;
  readonly identity: Uint8Array;
  readonly recipient: string;
  /** Appends so many entries as an agent that starts and stops. */
  grow(count: number): Promise<void>;
  export(options?: Partial<ExportOptions>): Promise<Exported>;
}

const holder = { id: 'terminal', role: 'clerk' } as const;
const event: AppendableEvent = { op: 'token-out', actor: holder };

export async function makeBundleStation(): Promise<BundleStation> {
  const station = await makeKeyedStation();
  const drive = await mkdtemp(join(tmpdir(), 'drive-'));
  const identity = makeIdentity();
  const recipient = recipientOf(identity);
  return {
    ...station,
    drive,
    identity,
    recipient,
    async grow(count) {
      const { log } = await station.open();
      for (let left = count; left > 0; left -= 256) await log.appendAll(Array.from({ length: Math.min(left, 256) }, () => event));
      await log.close();
    },
    async export(options = {}) {
      const opened = await station.open();
      try {
        const signer = await openStationKey(station.paths.logKey, opened, () => Promise.reject(new Error('not wrapped')));
        if (signer === undefined) throw new Error('the station has no key');
        const config = await readFile(station.paths.config);
        return await exportBundle({ log: opened.log, data: station.data, signer, recipient, config, to: drive, ...options });
      } finally {
        await opened.log.close();
      }
    },
    async remove() {
      await station.remove();
      await rm(drive, { recursive: true, force: true });
    },
  };
}
