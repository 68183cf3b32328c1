/**
 * The whole station in the guest, from the build: everything as `countersign start` has it, but for one thing. The folder is one of a demo, which would open
 * virtual devices; here the devices are opened as in every other station: pcscd and its readers, hidraw.
 */
import { join } from 'node:path';
import type * as Passphrase from '../../../agent/commands/log-passphrase.ts';
import type * as Hardware from '../../../agent/hardware.ts';
import type * as Main from '../../../agent/main.ts';

/** `root`: the checkout. Runs until it is ended by a signal, and says "ready" when it listens. */
export async function runStation(root: string, data: string, port: number): Promise<void> {
  const load = async (path: string): Promise<unknown> => import(join(root, 'dist/agent', path)) as Promise<unknown>;
  const { startStation } = (await load('main.js')) as typeof Main;
  const { openHardware } = (await load('hardware.js')) as typeof Hardware;
  const { keySecrets } = (await load('commands/log-passphrase.js')) as typeof Passphrase;
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const station = await startStation({
    data,
    port,
    kiosk: () => join(root, 'dist/kiosk'),
    hardware: (config, paths) => openHardware({ ...config, demo: false }, paths),
    secrets: keySecrets,
    onFault: (error) => say(`fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    onSeal: say,
  });
  process.once('SIGTERM', () => void station.close().then(() => process.exit()));
  say('ready');
}
