/** `countersign token test`: on keys in SoftHSM2, on a library that misbehaves, on a reader with a pad, and on the virtual card. */
import { verify, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { diagnosticText } from '../../../agent/commands/token-test/text.ts';
import type { LogEvent } from '../../../agent/log/events.ts';
import { makeDemoStation } from '../../../agent/workbench/demo-station.ts';
import { buildFaultShim, type FaultShim } from '../../support/fault-shim.ts';
import { furnishModule } from '../../support/furnished-module.ts';
import { buildPinPad } from '../../support/pin-pad.ts';
import { makePlainStation, type PlainStation } from '../../support/plain-station.ts';
import { createSoftHsm, type SoftHsm } from '../../support/softhsm.ts';
import { call, callAtTerminal } from '../../support/terminal-call.ts';
import { readLog } from '../../support/station.ts';
import { openscPath, startTestReader, testCard, type TestReader } from '../../support/virtual-reader.ts';

interface Outcome {
  readonly verdict: string;
  readonly text: string;
  readonly attempts: readonly {
    readonly scheme: string;
    readonly result: string;
    readonly problem?: string;
    readonly signature?: string;
  }[];
}

/** What the log says after the boot of the last command, checked by the second implementation. */
async function entered(data: string): Promise<readonly LogEvent[]> {
  const events = await readLog(data);
  return events.slice(events.findLastIndex(({ op }) => op === 'boot') + 1);
}

const ops = (events: readonly LogEvent[]): readonly string[] => events.map(({ op }) => op);

describe('the text that is signed', () => {
  it('says that it is no declaration of will, is new each time, and cannot be the signed attributes of a document', () => {
    const text = diagnosticText();
    expect(text).toMatch(
      /^countersign\/v1\/token-test\nCountersign diagnostic, no declaration of will\.\n.*belongs to no document\.\nnonce [0-9a-f]{64}\n$/,
    );
    expect(diagnosticText()).not.toBe(text);
    // Signed attributes are a DER SET OF, a PDF begins with a percent sign.
    expect(['1', '%', '0']).not.toContain(text[0]);
    expect(() => diagnosticText(Buffer.alloc(31))).toThrow(RangeError);
  });
});

describe('keys in software, at a station', () => {
  let hsm: SoftHsm;
  let shim: FaultShim;
  let station: PlainStation;
  let rsa: { certificate: Buffer; sha256: string };
  let login: { certificate: Buffer; sha256: string };

  beforeAll(async () => {
    hsm = await createSoftHsm();
    rsa = await hsm.addKey({ id: '01', type: 'rsa:2048', commonName: 'Ada signs' });
    const extensions = ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=clientAuth'];
    login = await hsm.addKey({ id: '02', type: 'EC:prime256v1', commonName: 'Ada logs in', extensions });
    shim = await buildFaultShim(hsm);
    const path = await furnishModule(hsm.folder, 'libsofthsm2.so', shim.module.path, shim.module.env ?? {});
    station = await makePlainStation([{ name: 'hsm', path }]);
  });
  afterAll(async () => {
    await hsm.remove();
    await station.remove();
  });
  afterEach(async () => {
    await shim.order({});
    await shim.forget();
  });
  const test = (words: readonly string[], input = `${hsm.pin}\n`) => call(['token', 'test', '--data', station.data, ...words], { input });

  it('work: one signature that anybody can verify, and two entries of the log', async () => {
    const { code, out, err } = await test(['--yes', '--json']);
    const { verdict, text, attempts } = JSON.parse(out) as Outcome;
    expect({ code, verdict }).toEqual({ code: 0, verdict: 'works' });
    expect(err).toContain('Countersign diagnostic, no declaration of will.');
    expect(err + out).not.toContain(hsm.pin);
    const [attempt] = attempts;
    expect(attempt).toMatchObject({ scheme: 'rsa-pkcs1', hash: 'sha256', result: 'signed' });
    expect(
      verify('sha256', Buffer.from(text), new X509Certificate(rsa.certificate).publicKey, Buffer.from(attempt?.signature ?? '', 'hex')),
    ).toBe(true);
    const events = await entered(station.data);
    expect(events).toMatchObject([
      { op: 'token-test', module: 'hsm', certificate_sha256: rsa.sha256, scheme: 'rsa-pkcs1' },
      { op: 'token-tested', result: 'signed' },
    ]);
  });

  it('do not sign without a terminal and without --yes', async () => {
    const { code, err } = await test([]);
    expect(err).toBe('A diagnostic signature needs consent: use a terminal, or --yes.\n');
    expect(code).toBe(2);
    expect(await shim.calls()).toEqual([]);
  });

  it('are not asked for more than one try when the PIN is wrong, and the log says so', async () => {
    const { code, out } = await test(['--yes'], '000000\n');
    expect(out).toMatch(
      /rsa-pkcs1 with sha256: nothing was signed after \d+ ms\. The PIN was wrong\..*\n.*C_Login.*\(ckr 160\)\nThis token does not work here\./,
    );
    expect(code).toBe(1);
    expect((await shim.calls()).filter((name) => name === 'C_Login')).toHaveLength(1);
    expect(await entered(station.data)).toMatchObject([
      { op: 'token-test' },
      { op: 'pin-wrong', problem: 'pin-wrong' },
      { op: 'token-tested', result: 'nothing-signed', problem: 'pin-wrong' },
    ]);
  });

  it.each([
    ['flip', 'nothing-signed', 'device-error'],
    ['crash', 'outcome-unknown', 'outcome-unknown'],
  ] as const)('with a module that does this at C_Sign: %s', async (action, result, problem) => {
    await shim.order({ C_Sign: action });
    const { code, out } = await test(['--yes', '--json']);
    expect({ code, ...(JSON.parse(out) as Outcome) }).toMatchObject({ code: 1, verdict: 'does-not-work', attempts: [{ result, problem }] });
    expect(await entered(station.data)).toMatchObject([{ op: 'token-test' }, { op: 'token-tested', result, problem }]);
  });

  it('are left alone while an agent runs on the station', async () => {
    const log = await station.openLog();
    const { code, err } = await test(['--yes']);
    expect(err).toContain('Another Countersign agent is running on this data folder.');
    expect(code).toBe(2);
    expect(await shim.calls()).toEqual([]);
    await log.close();
  });

  it('are chosen by the beginning of their hash, also one that no visit would take', async () => {
    const { code, out } = await test(['--yes', '--certificate', login.sha256.slice(0, 12)]);
    expect(out).toMatch(
      /ecdsa with sha256: signed in \d+ ms.*\nThis token works here\.\nA visit would refuse this certificate all the same: its key is meant for logging in only/,
    );
    expect(code).toBe(0);
    expect(await test(['--yes', '--certificate', 'ffffffffffff'])).toMatchObject({ code: 2, out: '' });
    expect((await test(['--yes', '--certificate', 'xyz'])).err).toMatch(/^--certificate takes the first 4 to 64 hexadecimal digits/);
  });

  it('sign in every way that they offer at a terminal, with one PIN each, and no PIN is on the screen', async () => {
    const words = ['token', 'test', '--data', station.data, '--every-scheme'];
    const { code, screen } = await callAtTerminal(words, [
      ['Type yes: ', 'yes'],
      ['PIN, for rsa-pkcs1: ', hsm.pin],
      ['PIN, for rsa-pss: ', hsm.pin],
    ]);
    expect(screen).toMatch(/The PIN is asked for 2 times, once for each signature/);
    expect(screen).toMatch(/rsa-pkcs1 with sha256: signed[^]*rsa-pss with sha256: signed[^]*This token works here\./);
    expect(screen).not.toContain(hsm.pin);
    expect(code).toBe(0);
    expect(ops(await entered(station.data))).toEqual(['token-test', 'token-tested', 'token-test', 'token-tested']);
  });

  it('are not touched when the person does not agree, or gives no PIN', async () => {
    const words = ['token', 'test', '--data', station.data];
    expect(await callAtTerminal(words, [['Type yes: ', 'y']])).toMatchObject({
      code: 1,
      screen: expect.stringContaining('Nothing was done.') as string,
    });
    const given = await callAtTerminal(words, [
      ['Type yes: ', 'yes'],
      ['PIN: ', ''],
    ]);
    expect(given).toMatchObject({ code: 1, screen: expect.stringContaining('Given up: the token was not asked to sign.') as string });
    expect(await shim.calls()).not.toContain('C_Login');
    expect(await entered(station.data)).toEqual([]);
  });
});

describe('a reader with a pad', () => {
  it('asks for the PIN itself, and the program never has it', async () => {
    const hsm = await createSoftHsm();
    await hsm.addKey({ id: '01', type: 'EC:prime256v1', commonName: 'Ada' });
    const pad = await buildPinPad(hsm);
    await pad.forget();
    const station = await makePlainStation([{ name: 'pad', path: pad.module.path }]);
    try {
      const running = call(['token', 'test', '--data', station.data, '--yes']);
      await pad.asked();
      await pad.type(hsm.pin);
      const { code, err, out } = await running;
      expect(err).toMatch(/The PIN is typed on the reader, once[^]*Type the PIN on the reader \(within 60 s\)\.[^]*The PIN was taken/);
      expect(out).toContain('This token works here.');
      expect(code).toBe(0);
      expect(await pad.calls()).toEqual(['asks 1', 'signs']);
    } finally {
      await station.remove();
      await hsm.remove();
    }
  });
});

describe('the virtual card, through pcscd and OpenSC', () => {
  let reader: TestReader;
  let station: PlainStation;
  beforeAll(async () => {
    reader = await startTestReader();
    station = await makePlainStation([{ name: 'opensc', path: openscPath }]);
  });
  afterAll(async () => {
    await reader.stop();
    await station.remove();
  });
  const test = (words: readonly string[], input = '123456\n') =>
    call(['token', 'test', '--data', station.data, '--yes', ...words], { input, env: { PCSCLITE_CSOCK_NAME: reader.reader.socket } });

  it('that is not in: what is there instead, and what to do', async () => {
    const { code, err } = await test([]);
    expect(err).toMatch(/^There is no key that could be tested\.[^]*No card is in a reader \(Virtual PCD 00 00/);
    expect(code).toBe(2);
  });

  it('works with the key that wants the PIN each time; a last try wants a consent of its own; a locked one is not asked', async () => {
    const card = await testCard({ keys: { '9a': 'p-256', '9c': 'p-384' } });
    await reader.reader.insert(card);
    const good = await test([]);
    expect(good.out).toMatch(
      /ecdsa with sha384: signed in \d+ ms, login included; verified twice\. Entry \d+ of the log\.\nThis token works here\.\nA visit would refuse/,
    );
    expect(good.code).toBe(0);
    for (const left of [2, 1]) {
      expect((await test([], '000000\n')).code).toBe(1);
      expect(card.pinTriesLeft).toBe(left);
    }
    const refused = await test([]);
    expect(refused.err).toMatch(/One more wrong PIN locks this token\. Nothing was done; --last-try agrees to the risk\.\n$/);
    expect(refused.code).toBe(1);
    expect(card.pinTriesLeft).toBe(1);
    expect((await test(['--last-try'], '000000\n')).out).toMatch(/The PIN of this card is locked\..*Tries left: 0/);
    const events = await entered(station.data);
    expect(ops(events)).toEqual(['token-test', 'pin-locked', 'token-tested']);
    const locked = await test([]);
    expect(locked.err).toMatch(/The PIN of this token is locked\. It was not asked to sign\.\n$/);
    expect(locked.code).toBe(1);
    expect(ops(await entered(station.data))).toEqual([]);
    await reader.reader.remove();
  });
});

describe('a demo station', () => {
  it('brings its own reader and card', async () => {
    const data = await mkdtemp(join(tmpdir(), 'demo-'));
    await makeDemoStation(data, 0);
    const { code, out } = await call(['token', 'test', '--data', data, '--yes'], { input: '123456\n' });
    expect(out).toMatch(/This token works here\.\nA visit would accept this certificate\.\n$/);
    expect(code).toBe(0);
    expect(ops(await entered(data))).toEqual(['token-test', 'token-tested']);
    await rm(data, { recursive: true });
  });
});
