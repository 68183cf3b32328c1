import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { installedPath, knownModule, knownModules } from '../../../drivers/pkcs11/known-modules.ts';

describe('what is known of vendor modules', () => {
  it('knows a module by its file name, wherever it lies and whatever version stands behind', () => {
    expect(knownModule('/opt/opensc-pkcs11.so')?.name).toBe('OpenSC');
    expect(knownModule('/usr/lib/x86_64-linux-gnu/libykcs11.so.2.2.0')?.name).toBe('YubiKey PIV (ykcs11)');
    expect(knownModule('/opt/vendor/libother.so')).toBeUndefined();
  });

  it('gives OpenSC the settings of the station, from a file that is there', () => {
    const settings = knownModule('opensc-pkcs11.so')?.env['OPENSC_CONF'] ?? '';
    expect(settings).toMatch(/^\/.*\/opensc\.conf$/u);
    expect(existsSync(settings)).toBe(true);
  });

  it('has settings that OpenSC understands: locked while logged in, card reset afterwards', () => {
    const openSc = knownModules.find(({ name }) => name === 'OpenSC');
    const path = openSc === undefined ? undefined : installedPath(openSc);
    if (openSc === undefined || path === undefined) throw new Error('OpenSC is not installed');
    // OpenSC tells what it made of its settings when it is asked for a debug log; there is no reader and no PIN in this run. The tool
    // ends with an error when there is no slot.
    const told = (more: Record<string, string>): string => {
      const env = { PATH: process.env['PATH'], ...openSc.env, OPENSC_DEBUG: '9', PCSCLITE_CSOCK_NAME: '/nonexistent', ...more };
      return spawnSync('pkcs11-tool', ['--module', path, '--show-info'], { env, encoding: 'utf8' }).stderr;
    };
    expect(told({})).toContain('lock_login=1');
    expect(told({})).toMatch(/disconnect_action=1\b/u);
    expect(told({ OPENSC_CONF: '/dev/null' })).toContain('disconnect_action=0');
  });
});
