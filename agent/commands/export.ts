/** `countersign export`: carries the log out in a bundle for head office. The agent must not run: a log has one writer, and an export is an entry of it. */
import { readFile } from 'node:fs/promises';
import { configDigest, readConfig, stationPaths } from '../config.ts';
import { exportBundle } from '../log/bundle/export.ts';
import { headOfficeOf } from '../log/bundle/head-office.ts';
import { ExportRefused } from '../log/bundle/refusal.ts';
import { LogRefusal, LogUnavailable } from '../log/errors.ts';
import { NotSigned } from '../log/note-key.ts';
import { openStationLog, openStationSigner } from '../opening.ts';
import { StartRefused } from '../refusals.ts';
import { software } from '../version.ts';
import { command, WrongUsage } from './arguments.ts';
import { keySecrets } from './log-passphrase.ts';

const help = `countersign export --to PATH [--data DIR]

Writes the operation log, with its sealed fields and attachments, as a bundle into PATH/COUNTSGN/<STATION>/, encrypted to head office, and reads it
back. An export that was interrupted is gone on with. The agent must not run meanwhile. The key of the log is opened as by countersign start.

  --to PATH    an existing folder, for example where a drive is mounted
  --data DIR   folder of the station (default: ./station)
  --help

Exit codes: 0 exported and read back, 1 the log is broken, 2 not exported (the sentence says why; say it again to go on).`;

export const exportLog = command(
  { name: 'export', help, options: { data: { type: 'string', default: './station' }, to: { type: 'string' } } },
  async ({ values: { data, to } }, io) => {
    if (to === undefined) throw new WrongUsage('Name the folder that the bundle goes into: countersign export --to PATH.');
    const config = await readConfig(data);
    const paths = stationPaths(data, config);
    const opened = await openStationLog(paths, config, { software, configDigest: configDigest(config) });
    try {
      const recipient = headOfficeOf(await opened.log.entries({ op: 'key' }));
      if (recipient === undefined)
        throw new StartRefused(
          `The station does not know the key of head office, so nobody could open a bundle. Bring it with: countersign log head-office --recipient age1... --data ${data}`,
        );
      const key = await openStationSigner(paths, config, opened, keySecrets);
      if (key === undefined) throw new StartRefused(`The log has no key. Make one with: countersign log key --make --data ${data}`);
      const made = await exportBundle({
        log: opened.log,
        data: paths.data,
        signer: key.signer,
        recipient,
        config: await readFile(paths.config),
        to,
        onProgress: (sentence) => io.err(sentence),
      }).finally(() => key.close());
      const bytes = made.parts.reduce((sum, { size }) => sum + size, 0);
      io.out(
        `Exported: entries ${made.from} to ${made.size - 1} in ${made.parts.length === 1 ? '1 part' : `${made.parts.length} parts`}, ${bytes} bytes, as export ${made.number} in ${made.folder}.`,
      );
      io.out(`The manifest is ${made.manifestSha256}.`);
      io.out(
        'All of it was read back and is right. That the medium itself has it was not proven, because a folder cannot be unmounted and read anew: unmount the drive before you take it.',
      );
      return 0;
    } catch (error) {
      if (error instanceof ExportRefused || error instanceof NotSigned)
        throw new StartRefused(
          `Not exported: ${error.message}. What is there already counts for nothing until an export has ended.`,
          2,
          error,
        );
      if (error instanceof LogUnavailable || error instanceof LogRefusal)
        throw new StartRefused(`Not exported: ${error.message}.`, error instanceof LogRefusal && error.code === 'broken' ? 1 : 2, error);
      throw error;
    } finally {
      await opened.log.close();
    }
  },
);
