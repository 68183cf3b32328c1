/** Who may use a reader through fprintd: Debian's polkitd decides, by Debian's policy and the rule of this repository. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { PrivateBus, type PrivateBusOptions } from '../../support/fprintd/private-bus.ts';

const run = promisify(execFile);
const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const rule = readFileSync(at('deploy/polkit/60-countersign.rules'), 'utf8');
const station = { name: 'countersign', id: 62_123 };
const denied = 'device-error net.reactivated.Fprint.Error.PermissionDenied';

let bus: PrivateBus | undefined;
afterEach(() => bus?.stop());

/** Asks fprintd as a user who is not root. */
async function ask(id: number, options: PrivateBusOptions): Promise<unknown> {
  bus = await PrivateBus.start(options);
  const { stdout } = await run(process.execPath, ['--import', 'tsx', at('test/support/fprintd/as-user.ts'), bus.address], {
    uid: id,
    gid: id,
    cwd: at('.'),
    env: { PATH: process.env['PATH'], TMPDIR: '/tmp', TSX_DISABLE_CACHE: '1' },
  });
  return JSON.parse(stdout);
}

describe('the rule for polkit', () => {
  it('without it the user of the station sees the reader and may do nothing with it', async () => {
    expect(await ask(station.id, { user: station })).toEqual({ uid: station.id, readers: 1, list: denied, take: denied });
  });

  it('with it the user of the station may use it, under the pseudonym of a holder', async () => {
    const options = { user: station, rules: { '60-countersign.rules': rule } };
    expect(await ask(station.id, options)).toEqual({ uid: station.id, readers: 1, list: 'allowed', take: 'allowed' });
  });

  it('with it nobody else may', async () => {
    const options = { user: { name: 'somebody', id: 62_124 }, rules: { '60-countersign.rules': rule } };
    expect(await ask(62_124, options)).toEqual({ uid: 62_124, readers: 1, list: denied, take: denied });
  });
});

describe('the rule for udev', () => {
  const name = '72-countersign.rules';

  it('comes after the one that finds security tokens, and gives them to the group of the station alone', () => {
    const lines = readFileSync(at(`deploy/udev/${name}`), 'utf8').split('\n');
    const said = lines.filter((line) => line !== '' && !line.startsWith('#'));
    expect(said).toEqual(['SUBSYSTEM=="hidraw", ENV{ID_SECURITY_TOKEN}=="1", GROUP="countersign", MODE="0660"']);
    expect([name, '60-fido-id.rules'].sort().at(-1)).toBe(name);
  });
});
