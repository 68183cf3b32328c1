/** Who may open a fingerprint reader: decided by the real udev and the rule that the station ships, for users that are not root. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Bench } from '../bench.ts';

const rule = new URL('../../../deploy/udev/72-countersign.rules', import.meta.url);
const nobody = 65_534;
/** The group of the station's user, which the rule names, and a group that no rule names. */
const [station, other] = [4711, 65_534];

/** The reader must be plugged in; it is afterwards, too. */
export function permissionScenes(bench: () => Bench): void {
  async function opening(gid: number): Promise<string> {
    const [device] = await bench().call('hidDevices');
    return (await bench().call('run', process.execPath, [bench().parts.guestProgram, 'open', device?.path ?? ''], { uid: nobody, gid }))
      .out;
  }

  describe('a user that is not root', () => {
    test('may not open a reader where the rule is missing, and is told what is missing', async () => {
      expect(await opening(station)).toMatch(/^the fingerprint reader may not be opened by this user: a udev rule is missing \(/);
    });

    test('may open it with the rule, by its group, and by no other', async () => {
      await bench().call('writeText', '/etc/udev/rules.d/72-countersign.rules', readFileSync(rule, 'utf8'));
      const groups = await bench().call('readText', '/etc/group');
      await bench().call('writeText', '/etc/group', `${groups}countersign:x:${station}:\n`);
      await bench().call('run', 'udevadm', ['control', '--reload']);
      await bench().call('run', 'udevadm', ['trigger', '--subsystem-match=hidraw', '--settle']);
      expect(await opening(station)).toBe('opened');
      expect(await opening(other)).toMatch(/may not be opened/);
    });

    test('may still open it after it was pulled out and put back', async () => {
      bench().parts.reader.unplug();
      await expect.poll(() => bench().call('readers'), { timeout: 5000 }).toHaveLength(0);
      await bench().parts.reader.plug();
      await expect.poll(() => bench().call('readers'), { timeout: 5000 }).toHaveLength(1);
      expect(await opening(station)).toBe('opened');
    });
  });
}
