/**
 * Programs that others wrote, as Debian has them, use the same fingerprint reader on hidraw: libfido2's own tools, and python3-fido2. Between them our own
 * driver goes on with the PIN that those tools gave the reader.
 */
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Bench } from '../bench.ts';

const pin = '84931726';
const rpId = 'other.example';

/** The reader must be plugged in, without a PIN; afterwards it has one. */
export function otherClientScenes(bench: () => Bench): void {
  const key = () => bench().parts.station.key;
  let path: string;

  /** Runs a program at a terminal of its own, as libfido2's tools ask for PINs there, and answers what it asks, line by line. */
  const atTerminal = (command: string, answers: readonly string[]) => bench().call('runAtTerminal', command, answers);

  describe("libfido2's own tools", () => {
    test('list the reader and print what it says of itself', async () => {
      const { out } = await bench().call('run', 'fido2-token', ['-L']);
      expect(out).toMatch(/^(\/dev\/hidraw\d+): vendor=0x1209, product=0x0001 \(Countersign demo Countersign virtual bio key\)$/m);
      path = /^(\S+):/.exec(out)?.[1] ?? '';
      const info = await bench().call('run', 'fido2-token', ['-I', path]);
      expect(info.out).toMatch(/options: .*uv/);
      expect(info.out).toMatch(/clientPin|noclientPin/);
    });

    test('set its PIN, and list the fingers that it knows', async () => {
      expect(await atTerminal(`fido2-token -S ${path}`, [pin, pin])).toMatchObject({ code: 0 });
      const { out, code } = await atTerminal(`fido2-token -L -e ${path}`, [pin]);
      expect(code).toBe(0);
      expect(out.match(/^\d+: /gm)).toHaveLength(key().fingers.size);
    });

    test('a wrong PIN is refused by them as by everybody', async () => {
      const { out, code } = await atTerminal(`fido2-token -L -e ${path}`, ['00000000']);
      expect(code).not.toBe(0);
      expect(out).toMatch(/PIN_INVALID|pin.*invalid/i);
    });

    test('make a credential with a finger, and an assertion that they verify; one that was changed they refuse', async () => {
      key().autoTouch('right-index');
      const hash = createHash('sha256').update('document').digest('base64');
      await bench().call('writeText', '/tmp/cred-in', `${[hash, rpId, 'holder', randomBytes(16).toString('base64')].join('\n')}\n`);
      const made = await atTerminal(`fido2-cred -M -v -i /tmp/cred-in -o /tmp/cred ${path}`, [pin]);
      expect(made).toMatchObject({ code: 0 });
      expect(await bench().call('run', 'fido2-cred', ['-V', '-v', '-i', '/tmp/cred', '-o', '/tmp/cred-good'])).toMatchObject({ code: 0 });
      const [credentialId = '', ...publicKey] = (await bench().call('readText', '/tmp/cred-good')).split('\n');
      await bench().call('writeText', '/tmp/pubkey', publicKey.join('\n'));
      await bench().call('writeText', '/tmp/assert-in', `${[hash, rpId, credentialId].join('\n')}\n`);
      const asserted = await bench().call('run', 'fido2-assert', [
        '-G',
        '-t',
        'uv=true',
        '-i',
        '/tmp/assert-in',
        '-o',
        '/tmp/assert',
        path,
      ]);
      expect(asserted).toMatchObject({ code: 0 });
      const judge = (file: string) => bench().call('run', 'fido2-assert', ['-V', '-v', '-i', file, '/tmp/pubkey', 'es256']);
      expect(await judge('/tmp/assert')).toMatchObject({ code: 0 });
      const [signedHash = '', ...rest] = (await bench().call('readText', '/tmp/assert')).split('\n');
      const changed = createHash('sha256').update(signedHash).digest('base64');
      await bench().call('writeText', '/tmp/assert-changed', [changed, ...rest].join('\n'));
      expect((await judge('/tmp/assert-changed')).code).not.toBe(0);
      key().autoTouch(undefined);
    });
  });

  describe("our own driver, with the PIN that libfido2's tools set", () => {
    test('enrols one more finger of which half the samples are bad, and that finger signs', async () => {
      const left = { finger: 'left index' };
      key().nextTouches({ ...left, manner: 'dirty' }, left, { ...left, manner: 'too-fast' }, left, left, { finger: 'left thumb' }, left);
      const { samples, fingers } = await bench().call('enrolFinger', pin, 'left index');
      const said = ['poor-quality, 4', 'good, 3', 'too-fast, 3', 'good, 2', 'good, 1', 'merge-failure, 1', 'good, 0'];
      expect(samples).toEqual(said.map((one) => `${one} to go`));
      expect(fingers).toHaveLength(3);
      key().autoTouch('left index');
      const made = await bench().call('enrol', rpId, randomBytes(16).toString('base64url'), randomBytes(32).toString('base64url'));
      expect(made.format).toBe('packed');
      key().autoTouch(undefined);
    });

    test('is refused with another PIN, and says how often one may still be tried', async () => {
      await expect(bench().call('enrolFinger', '00000000', 'nobody')).rejects.toMatchObject({
        code: 'device-error',
        details: { origin: { kind: 'ctap', value: 0x31 }, triesLeft: expect.any(Number) as number },
      });
    });
  });

  describe("Debian's python3-fido2", () => {
    test('finds the reader on hidraw, and gets a credential and an assertion by a finger with both PIN protocols', async () => {
      key().autoTouch('right-index');
      const script = new URL('../guest/python-fido2.py', import.meta.url).pathname;
      const { out, err, code } = await bench().call('run', '/usr/bin/python3', [script], { timeoutMs: 50_000 });
      key().autoTouch(undefined);
      expect({ err, code }).toEqual({ err: '', code: 0 });
      expect(out).toBe('1209:0001\nprotocol 1: verified\nprotocol 2: verified\nchanged: refused\n');
    });
  });
}
