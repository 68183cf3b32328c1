/** `countersign log anchor`: what the anchor of a station's log says; with --renew, has it made anew, which the log then tells. */
import { configDigest, readConfig, stationPaths } from '../config.ts';
import { type Examined, examineAnchor, examineReading, RenewedAnchor } from '../log/anchor.ts';
import { readAnchor } from '../log/anchor-file.ts';
import type { HeldLog } from '../log/check-anchors.ts';
import { readEntry } from '../log/entry.ts';
import { type ReadableLog, readLog } from '../log/readable.ts';
import { findRows, nodeReader } from '../log/schema.ts';
import { databaseFile } from '../log/store.ts';
import { openStationLog } from '../opening.ts';
import { StartRefused } from '../refusals.ts';
import { software } from '../version.ts';
import { command } from './arguments.ts';
import type { CommandIo } from './io.ts';
import { askLine, yes } from './keyboard.ts';
import { verifyFile } from './log-verify.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';

const help = `countersign log anchor [--data DIR] [--renew]

Shows what the anchor of the operation log says: a file outside of the log ("anchor" in station.json, best on another disk) that is
written after every entry, so that a log that was put back, cut short or made anew is found at the next start.

  --data DIR  folder of the station (default: ./station)
  --renew     make the anchor anew where it is lost, or where the log that belongs to it is; the agent must not run. The log is
              verified first, what was found is told, somebody at the terminal must agree, and the log tells all of it
  --help

Exit codes: 0 the log agrees with its anchor, or it was renewed, 1 it does not, or it was not renewed, 2 cannot be read or written.`;

/** Exit code 0, 1 when the answer is no, 2 when the call is wrong or something cannot be read. */
export const logAnchor = command(
  { name: 'log anchor', help, options: { data: { type: 'string', default: './station' }, renew: { type: 'boolean', default: false } } },
  async ({ values: { data, renew: isToBeRenewed } }, io) => {
    if (isToBeRenewed) return renew(data, io);
    const config = await readConfig(data);
    const { anchor } = stationPaths(data, config);
    return refuseUnreadable(io, async () => {
      // Before the log: the agent may append meanwhile, and a log is never behind what was read earlier.
      const reading = await readAnchor(anchor).catch(() => undefined);
      const examined = await readLog(data, async (log) => {
        const held = await newestHead(log);
        return reading === undefined ? examineAnchor(anchor, held) : examineReading(anchor, reading, held);
      });
      const [head] = examined.reading?.heads ?? [];
      if (head !== undefined)
        io.out(`${anchor}\n  log      ${head.origin}\n  entries  ${head.size}\n  last     ${head.leaf}\n  root     ${head.root}`);
      if (examined.found === 'good') io.out('The log agrees with it.');
      else io.err(capital(`${examined.sentence}.`));
      return examined.found === 'good' ? 0 : 1;
    });
  },
);

/** The head of a log as its rows say it; nobody has followed the chain. */
async function newestHead({ database, facts }: ReadableLog): Promise<HeldLog> {
  const [row] = await findRows(database, { from: 0, to: Number.MAX_SAFE_INTEGER, limit: 1, newestFirst: true });
  if (row === undefined) throw new StartRefused('The log holds no entry.');
  const { origin, seq, leaf, at } = readEntry(row);
  return { origin, size: seq + 1, leaf, boot: at.boot, root: '', isAnchored: facts.hasTree, readNodes: nodeReader(database) };
}

async function renew(data: string, io: CommandIo): Promise<number> {
  const config = await readConfig(data);
  const paths = stationPaths(data, config);
  const confirm = async (examined: Examined): Promise<void> => {
    io.err(examined.found === 'good' ? 'The log agrees with its anchor.' : capital(`${examined.sentence}.`));
    // The second implementation looks at every entry, and at every checkpoint that the log has: it must have grown out of each.
    const { verdict, bad } = await verifyFile(databaseFile(paths.log), undefined, {}, io);
    if (verdict !== 'intact') throw new StartRefused(`The log itself does not hold (${bad?.sentence ?? verdict}). Nothing was changed.`, 1);
    io.err(
      'The log itself is intact. What is missing from it stays missing, and an entry will say that the anchor was renewed and what was found.',
    );
    if (!yes(await askLine('Renew the anchor? Type yes: '))) throw new StartRefused('Nothing was changed.', 1);
  };
  const anchor = new RenewedAnchor(paths.anchor, confirm);
  const { log } = await openStationLog(paths, config, { software, configDigest: configDigest(config), anchor });
  const { size } = log;
  await log.close();
  io.out(`The anchor ${paths.anchor} is renewed: ${size} entries.`);
  return 0;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
