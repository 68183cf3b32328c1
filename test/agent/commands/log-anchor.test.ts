/** `countersign log anchor`: a loss is recorded by somebody who was told what it is, and never for a log that does not hold. */
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logAnchor } from '../../../agent/commands/log-anchor.ts';
import { logVerify } from '../../../agent/commands/log-verify.ts';
import { readAnchor } from '../../../agent/log/anchor-file.ts';
import { openLogKey } from '../../../agent/log/log-key.ts';
import { openStore } from '../../../agent/log/store.ts';
import { call, type KeyedStation, makeKeyedStation } from '../../support/keyed-station.ts';
import { cutOff } from '../../support/log/rewritten-log.ts';
import { numbered, options, origin } from '../../support/log/station-log.ts';
import { callAtTerminal } from '../../support/terminal-call.ts';

let station: KeyedStation;
let file: string;
beforeEach(async () => {
  station = await makeKeyedStation();
  file = join(station.paths.log, 'log.sqlite');
});
afterEach(() => station.remove());

const sql = (text: string) => execFileSync('sqlite3', [file, text], { encoding: 'utf8' });
const verify = () => call(logVerify, '--data', station.data);

/** One start of the agent that appends so many entries. Gives the size of the log. */
async function run(entries: number): Promise<number> {
  const { log } = await station.open();
  for (let size = 0; size < entries; size += 1) await log.append(numbered(size));
  const { size } = log;
  await log.close();
  return size;
}

describe('log anchor --renew', () => {
  const renew = (answer: string) => callAtTerminal(['log', 'anchor', '--renew', '--data', station.data], [['Type yes: ', answer]]);

  it('asks somebody at the terminal, and leaves everything as it is without a yes', async () => {
    const size = await run(3);
    await cutOff(file, 2);
    expect(await call(logAnchor, '--renew', '--data', station.data)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/2 entries are missing.*needs a terminal/s) as string,
    });
    expect(await renew('no')).toMatchObject({ code: 1, screen: expect.stringContaining('Nothing was changed.') as string });
    expect((await readAnchor(station.paths.anchor))?.heads[0]?.size).toBe(size);
    await expect(station.open()).rejects.toThrow('2 entries are missing');
  });

  it('tells what was found, enters it into the log, and the station starts again', async () => {
    const size = await run(3);
    await cutOff(file, 2);
    const { code, screen } = await renew('yes');
    expect({ code, screen }).toMatchObject({
      code: 0,
      screen: expect.stringMatching(/2 entries are missing.*The log itself is intact/s) as string,
    });
    await run(1);
    const log = await openStore(station.paths.log, options);
    const [, entry] = await log.entries({ op: 'anchor' });
    expect(entry?.event).toMatchObject({ action: 'renewed', found: 'behind', size, actor: { id: 'terminal', role: 'administrator' } });
    await log.close();
    expect(await verify()).toMatchObject({ code: 0 });
  });

  it('renews nothing for a log that does not hold, also where it still grew out of its anchor', async () => {
    const { log } = await station.open();
    await log.append(numbered(1));
    const { signer } = await openLogKey(station.paths.logKey, origin, () => Promise.reject(new Error('it is not wrapped')));
    await log.checkpoint(signer);
    await log.close();
    sql('DROP TRIGGER node_unchanged; UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND idx = 0');
    sql("CREATE TRIGGER node_unchanged BEFORE UPDATE ON node\nBEGIN SELECT RAISE(ABORT, 'a node is never changed'); END");
    await rm(station.paths.anchor);
    expect(await call(logAnchor, '--renew', '--data', station.data)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/Nothing was changed|broken/) as string,
    });
    expect(await readAnchor(station.paths.anchor)).toBeUndefined();
  });
});
