/** `countersign tokens` with a virtual card in a real pcscd, with keys in SoftHSM2, and with modules that are worth nothing. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { tokens } from '../../../agent/commands/tokens.ts';
import { instruction } from '../../../drivers/virtual/apdu.ts';
import type { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { furnishModule } from '../../support/furnished-module.ts';
import { moduleFor } from '../../support/middleware.ts';
import { buildPinPad } from '../../support/pin-pad.ts';
import { makePlainStation, type PlainStation } from '../../support/plain-station.ts';
import { createSoftHsm, softhsmModule, type SoftHsm } from '../../support/softhsm.ts';
import { unknownCard } from '../../support/unknown-card.ts';
import { openscPath, startTestReader, testCa, testCard, type TestReader } from '../../support/virtual-reader.ts';

const opensc = { name: 'opensc', path: openscPath };

async function run(...args: string[]): Promise<{ code: number; out: string }> {
  let out = '';
  const code = await tokens(args, { out: (text) => void (out += text), err: (text) => void (out += text) });
  return { code, out };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The lines about one certificate. */
function about(out: string, certificate: string): string {
  return (
    out
      .split('\n\n')
      .find((part) => part.includes(certificate.slice(0, 16)))
      ?.trimEnd() ?? `nothing is said of ${certificate}`
  );
}

const before = process.env['PCSCLITE_CSOCK_NAME'];
afterEach(() => {
  if (before === undefined) delete process.env['PCSCLITE_CSOCK_NAME'];
  else process.env['PCSCLITE_CSOCK_NAME'] = before;
});

describe('a card in a reader', () => {
  let reader: TestReader;
  let card: PivCard;
  let station: PlainStation;
  const sign = (): string => sha256(card.certificate('9c'));

  beforeAll(async () => {
    reader = await startTestReader();
    card = await testCard();
    station = await makePlainStation([opensc]);
  });
  afterAll(async () => {
    await reader.stop();
    await station.remove();
  });
  const look = (...args: string[]): Promise<{ code: number; out: string }> => {
    process.env['PCSCLITE_CSOCK_NAME'] = reader.reader.socket;
    return run(...args);
  };

  it('that is not there yet: the reader is named, and what to do', async () => {
    const { code, out } = await look('--data', station.data);
    expect(out).toMatch(/No card is in a reader \(Virtual PCD 00 00, Virtual PCD 00 01\)\. Put one in and ask again\./);
    expect(code).toBe(0);
  });

  it('is judged by nobody where there is no station', async () => {
    await reader.reader.insert(card);
    const { code, out } = await look();
    expect(out).toMatch(/Token in Virtual PCD 00 00, by module opensc\n {2}label +Erika Muster\n {2}manufacturer +piv_II/);
    expect(about(out, sign())).toMatch(/holder +Erika Muster\n +issuer +Countersign Demo Root\n +serial +\w+\n +valid +\d{4}-\d\d-\d\d to/);
    expect(about(out, sign())).toMatch(/key +EC P-256, signs by ecdsa\n +may sign here +nothing speaks against it$/);
    expect(about(out, sha256(card.certificate('9a')))).toMatch(
      /RSA 2048 bits.*\n +may sign here +no: its key is meant for logging in only$/,
    );
    expect(out).toContain('Trust and enrolment were not judged: no station was named');
    expect(code).toBe(0);
  });

  it('is judged by the station: its issuer is not trusted, no finger is enrolled, and then nothing is missing', async () => {
    const judged = async (): Promise<string> => about((await look('--data', station.data)).out, sign());
    expect(await judged()).toMatch(/may sign here +no: no issuer in the trust folder stands behind it$/);
    await station.trust(testCa.certificate);
    expect(await judged()).toMatch(/finger +not enrolled\n +may sign here +no: no finger is enrolled for it$/);
    await station.enrol(sign());
    expect(await judged()).toMatch(/finger +enrolled\n +may sign here +yes: there is no revocation list of its issuer here$/);
  });

  it('is listed while an agent runs on that station, and nothing is entered', async () => {
    const log = await station.openLog();
    const { size } = log;
    const { code, out } = await look('--data', station.data, '--json');
    expect(JSON.parse(out)).toMatchObject({
      format: 'countersign-tokens/1',
      looked: true,
      station: { name: 'branch-12.example.org', demo: false },
      notJudged: [],
      tokens: [
        {
          module: 'opensc',
          reader: 'Virtual PCD 00 00',
          state: 'read',
          pin: { state: 'ok', protectedPath: false },
          certificates: [
            { maySign: 'no', schemes: ['rsa-pkcs1', 'rsa-pss'] },
            { sha256: sign(), maySign: 'yes', enrolled: true, key: 'EC P-256', schemes: ['ecdsa'] },
          ],
        },
      ],
    });
    expect(code).toBe(0);
    expect(log.size).toBe(size);
    await log.close();
  });

  it('says when one try is left, and when it is locked, and no try is spent by looking', async () => {
    // The PIV application (NIST SP 800-73-4 part 1, section 2.2), and a PIN that is not this card's.
    const select = Buffer.from('00a4040005a000000308', 'hex');
    const wrong = Buffer.concat([Uint8Array.of(0, instruction.verify, 0, 0x80, 8), Buffer.from('00000000')]);
    for (const [tries, words] of [
      [1, 'LAST TRY: one more wrong PIN locks it'],
      [0, 'LOCKED: it cannot be used'],
    ] as const) {
      await card.transmit(select);
      for (let more = card.pinTriesLeft - tries; more > 0; more -= 1) await card.transmit(wrong);
      await reader.reader.remove();
      await reader.reader.insert(card);
      expect((await look('--data', station.data)).out).toContain(words);
      expect(card.pinTriesLeft).toBe(tries);
    }
    await reader.reader.remove();
  });

  it('that no module knows is listed as one', async () => {
    await reader.reader.insert(unknownCard());
    const { code, out } = await look('--data', station.data);
    expect(out).toMatch(
      /Token in Virtual PCD 00 00, by module opensc\n {2}This card is not known to any module that was asked\.\n.*vendor's PKCS#11 module/,
    );
    expect(code).toBe(0);
    await reader.reader.remove();
  });
});

describe('a card that two modules see', () => {
  it('is one token, of the module that is configured first', async () => {
    // ykcs11 looks at readers of its maker only.
    const reader = await startTestReader(true, 'Yubico YubiKey CCID');
    const station = await makePlainStation([opensc, { name: 'ykcs11', path: moduleFor('YubiKey', reader.reader).path }]);
    try {
      await reader.reader.insert(await testCard());
      process.env['PCSCLITE_CSOCK_NAME'] = reader.reader.socket;
      const { code, out } = await run('--data', station.data);
      expect(out.match(/^Token in .*$/gm)).toEqual(['Token in Yubico YubiKey CCID 00 00, by module opensc']);
      expect(out).toContain('The card in Yubico YubiKey CCID 00 00 is seen by ykcs11 too; another module is asked about it.');
      expect(code).toBe(0);
    } finally {
      await station.remove();
      await reader.stop();
    }
  });
});

describe('keys in software', () => {
  let hsm: SoftHsm;
  let station: PlainStation;
  beforeAll(async () => {
    hsm = await createSoftHsm({ label: 'Keys \u202e of Ada' });
  });
  afterAll(() => hsm.remove());
  afterEach(() => station.remove());

  it('are listed with kind and size, and the one for declarations of will is taken', async () => {
    await hsm.addKey({ id: '01', type: 'rsa:3072', commonName: 'Ada signs' });
    await hsm.addKey({ id: '02', type: 'EC:secp521r1', commonName: 'Ada does all', extensions: ['keyUsage=critical,digitalSignature'] });
    station = await makePlainStation([{ name: 'hsm', path: await furnishModule(hsm.folder, 'libsofthsm2.so', softhsmModule, hsm.env) }]);
    await station.trust(hsm.issuer);
    const { code, out } = await run('--data', station.data);
    expect(out).toMatch(
      /holder +Ada signs[^]*key +RSA 3072 bits, signs by rsa-pkcs1 or rsa-pss[^]*may sign here +no: no finger is enrolled/,
    );
    expect(out).toMatch(
      /holder +Ada does all[^]*key +EC P-521, signs by ecdsa[^]*may sign here +no: another key of this token is made for declarations of will/,
    );
    // What a token calls itself cannot turn the text around.
    expect(out).toContain('Keys \\u{202e} of Ada');
    expect(out).not.toContain('\u202e');
    expect(code).toBe(0);
  });

  it('behind a reader with a pad say where the PIN is typed', async () => {
    const pad = await buildPinPad(hsm);
    station = await makePlainStation([{ name: 'pad', path: pad.module.path }]);
    await pad.forget();
    const { out } = await run('--data', station.data);
    expect(out).toMatch(/PIN +.*typed on the reader's own pad/);
    expect(await pad.calls()).toEqual([]);
  });
});

describe('modules that are worth nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokens-'));
  const stations: PlainStation[] = [];
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    for (const one of stations) await one.remove();
  });
  function build(name: string, start: string): { name: string; path: string } {
    const path = join(folder, `${name}.so`);
    writeFileSync(
      `${path}.c`,
      `#include <stdlib.h>\n#include <unistd.h>\n__attribute__((constructor)) static void start(void) { ${start} }\n`,
    );
    execFileSync('cc', ['-shared', '-fPIC', '-o', path, `${path}.c`]);
    return { name, path };
  }

  it('are named, each with what it did, and do not keep the others from being listed', async () => {
    process.env['PCSCLITE_CSOCK_NAME'] = join(folder, 'nobody');
    const made = await makePlainStation([
      build('plain', ''),
      build('crashing', 'abort();'),
      build('hanging', 'for (;;) pause();'),
      { name: 'absent', path: join(folder, 'absent.so') },
      { name: 'softhsm', path: softhsmModule },
    ]);
    stations.push(made);
    const begin = Date.now();
    const { code, out } = await run('--data', made.data);
    expect(out).toMatch(/^Module plain was not loaded: .*C_GetFunctionList/m);
    expect(out).toMatch(/^Module crashing crashed: .*SIGABRT/m);
    expect(out).toMatch(/^Module hanging did not answer in time/m);
    expect(out).toMatch(/^Module absent was not loaded: .*cannot open shared object file/m);
    expect(out).toMatch(/^Module softhsm: Implementation of PKCS11/m);
    expect(code).toBe(0);
    // The patience for a start, and room for a machine that is at work.
    expect(Date.now() - begin).toBeLessThan(25_000);
  });

  it('and nothing else: nobody can look', async () => {
    const made = await makePlainStation([build('crashing', 'abort();')]);
    stations.push(made);
    const { code, out } = await run('--data', made.data);
    expect(out).toContain('No module works, so nobody can look. See: countersign doctor');
    expect(code).toBe(2);
  });

  it('or none at all: the one for most cards is named', async () => {
    const made = await makePlainStation([]);
    stations.push(made);
    const { code, out } = await run('--data', made.data);
    expect(out).toMatch(/There is no PKCS#11 module to look with\.\n.*sudo apt-get install .*opensc-pkcs11/);
    expect(code).toBe(2);
  });

  it('and no pcscd: what is missing, and the command that starts it', async () => {
    process.env['PCSCLITE_CSOCK_NAME'] = join(folder, 'nobody');
    const made = await makePlainStation([opensc]);
    stations.push(made);
    const { code, out } = await run('--data', made.data);
    expect(out).toMatch(/No card reader can be asked: pcscd .*there is no socket\.\n +sudo .*pcscd/);
    expect(code).toBe(2);
    const parsed: unknown = JSON.parse((await run('--data', made.data, '--json')).out);
    expect(parsed).toMatchObject({ looked: false, tokens: [], card_service: { mend: expect.stringContaining('pcscd') as string } });
  });

  it('are looked for in vain where there is no station', async () => {
    await expect(run('--data', join(folder, 'no-station'))).rejects.toThrow(/There is no station in/);
  });
});
