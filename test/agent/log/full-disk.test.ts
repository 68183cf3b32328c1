/** A disk of its own that is too small, in a mount namespace of its own: an agent fills it, one starts on it while it is full, and one when there is room again. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { acknowledgedIn } from '../../support/log/faults/agent-process.ts';
import { buildAppendingAgent, type BuiltScript } from '../../support/log/faults/built-script.ts';
import { lostOf, numbersIn, verdictOf } from '../../support/log/faults/judged.ts';
import type { Order } from '../../support/log/faults/order.ts';
import { databaseFile, logFolder } from '../../../agent/log/store.ts';
import { makeStationLog, type StationLog } from '../../support/log/station-log.ts';

const run = promisify(execFile);

/** Its arguments: the place of the disk, a log to begin with, a folder for copies, Node, the script, and three orders. */
const story = `
disk="$1" copies="$3" node="$4" script="$5"
mount -t tmpfs -o size=700k tmpfs "$disk" && cp -a "$2" "$disk/log" || exit 1
printf . | "$node" "$script" "$6"; cp -a "$disk/log" "$copies/full/log"
cat /dev/zero > "$disk/filler" 2> "$copies/filled"
printf . | "$node" "$script" "$7"
mount -o remount,size=8m "$disk"
printf . | "$node" "$script" "$8"; cp -a "$disk/log" "$copies/after/log"
`;

let script: BuiltScript;
let log: StationLog;
beforeAll(async () => void (script = await buildAppendingAgent()));
afterAll(() => script.remove());
beforeEach(async () => void (log = await makeStationLog()));
afterEach(() => log.remove());

async function fill(acknowledges: Order['acknowledges']) {
  const disk = join(log.data, 'disk');
  for (const name of ['disk', 'full', 'after']) await mkdir(join(log.data, name));
  const order = (from: number, more: Partial<Order> = {}): string =>
    JSON.stringify({ directory: join(disk, 'log'), from, appenders: 8, acknowledges, ...more } satisfies Order);
  const orders = [order(0), order(100_000), order(200_000, { count: 50 })];
  // Whoever is not root becomes it inside.
  const privately = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
  const words = [...privately, 'sh', '-c', story, 'sh', disk, log.directory, log.data, process.execPath, script.path, ...orders];
  const { stdout, stderr } = await run('unshare', words, { timeout: 60_000 });
  const [filling = [], starting = [], after = []] = stdout
    .split(/^ready$/m)
    .slice(1)
    .map((said) => said.trim().split('\n'));
  const left = async (name: string) => ({
    verdict: await verdictOf(join(log.data, name)),
    numbers: await numbersIn(databaseFile(logFolder(join(log.data, name)))),
  });
  return { stderr, filling, starting, after, full: await left('full'), roomy: await left('after') };
}

it('is filled to the last byte and loses nothing that was acknowledged; with room again the log goes on', async () => {
  const { stderr, filling, starting, after, full, roomy } = await fill('after-commit');
  expect(stderr).toBe('');
  expect(filling.slice(-2)).toEqual(['failed LogUnavailable LogUnavailable shut', 'closed']);
  expect(starting.at(-1)).toMatch(/^refused LogRefusal .* cannot be written, because its disk is full$/);
  expect(after.at(-1)).toBe('closed');
  const [before, later] = [acknowledgedIn(filling), acknowledgedIn(after)];
  expect(before.length).toBeGreaterThan(50);
  expect(later).toHaveLength(50);
  expect([full.verdict, roomy.verdict]).toEqual(['intact', 'intact']);
  expect([lostOf(before, full.numbers), lostOf([...before, ...later], roomy.numbers)]).toEqual([[], []]);
}, 90_000);

it('the control: an agent that acknowledges whatever happens is caught', async () => {
  const { filling, full } = await fill('whatever-happens');
  expect(lostOf(acknowledgedIn(filling), full.numbers)).not.toEqual([]);
}, 90_000);
