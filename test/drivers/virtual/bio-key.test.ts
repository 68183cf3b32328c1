import { execFile } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import type { Enrolment } from '../../../drivers/fingerprint.ts';
import { CborFields, type CborValue, decodeCbor, encodeCbor } from '../../../drivers/fido/cbor.ts';
import { CtapChannel } from '../../../drivers/fido/channel.ts';
import { Ctap2, permission } from '../../../drivers/fido/ctap.ts';
import { encodeMessage, hidCommand, parseFrame } from '../../../drivers/fido/framing.ts';
import { FidoReader } from '../../../drivers/fido/reader.ts';
import { tokenByFinger } from '../../../drivers/fido/user-verification.ts';
import { VirtualBioKey, type BioKeyOptions } from '../../../drivers/virtual/bio-key.ts';
import { demoRootKey } from '../../../drivers/virtual/bio-key-attestation.ts';
import { demoAaguid, demoRootCertificate } from '../../../drivers/virtual/bio-key-identity.ts';
import type { BioKeyJson } from '../../../drivers/virtual/bio-key-store.ts';

const run = promisify(execFile);
const rpId = 'branch-12.example.org';
const finger = 'right index';
const deadlineMs = 5000;

const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((one) => one.close()));
});

async function readerOf(key: VirtualBioKey): Promise<FidoReader> {
  const [hid] = await key.transport.list();
  if (hid === undefined) throw new Error('the key is not plugged in');
  const reader = await FidoReader.open(key.transport, hid);
  closing.push(reader);
  return reader;
}

function makeKey(options: Partial<BioKeyOptions> = {}): VirtualBioKey {
  const key = VirtualBioKey.create({ fingers: [finger], keepaliveMs: 10, ...options });
  key.autoTouch(finger);
  return key;
}

async function enrol(key: VirtualBioKey, clientDataHash: Uint8Array = randomBytes(32)): Promise<Enrolment> {
  const reader = await readerOf(key);
  return reader.enrol({ rpId, userId: randomBytes(32), clientDataHash });
}

async function ctapOf(key: VirtualBioKey): Promise<{ channel: CtapChannel; ctap: Ctap2 }> {
  const channel = await CtapChannel.open(key.transport, 'virtual-bio-key');
  closing.push(channel);
  return { channel, ctap: new Ctap2(channel) };
}

/** Sends one CTAP2 command as it stands and returns the status byte. */
async function statusOf(channel: CtapChannel, command: number, body: Uint8Array): Promise<number | undefined> {
  const answer = await channel.call(hidCommand.cbor, Buffer.concat([Uint8Array.of(command), body]), { deadlineMs });
  return answer[0];
}

describe('the attestation of a virtual bio key', () => {
  test('openssl follows it to the demo root and finds both its signatures good', async () => {
    const clientDataHash = randomBytes(32);
    const enrolment = await enrol(makeKey(), clientDataHash);
    const statement = new CborFields(decodeCbor(enrolment.attestationStatement), 'statement');
    const leaf = statement.list('x5c')[0];
    if (!(leaf instanceof Uint8Array)) throw new Error('there is no attestation certificate');
    const folder = await mkdtemp(join(tmpdir(), 'bio-key-'));
    const file = (name: string): string => join(folder, name);
    try {
      await writeFile(file('root.pem'), new X509Certificate(demoRootCertificate).toString());
      await writeFile(file('leaf.pem'), new X509Certificate(leaf).toString());
      await writeFile(file('signed'), Buffer.concat([enrolment.authenticatorData, clientDataHash]));
      await writeFile(file('signature'), statement.bytes('sig'));
      await writeFile(file('key.pem'), new X509Certificate(leaf).publicKey.export({ type: 'spki', format: 'pem' }));
      const chain = await run('openssl', ['verify', '-x509_strict', '-CAfile', file('root.pem'), file('leaf.pem')]);
      expect(chain.stdout).toMatch(/leaf\.pem: OK/);
      const signature = await run('openssl', [
        'dgst',
        '-sha256',
        '-verify',
        file('key.pem'),
        '-signature',
        file('signature'),
        file('signed'),
      ]);
      expect(signature.stdout).toMatch(/Verified OK/);
      const text = (await run('openssl', ['x509', '-in', file('leaf.pem'), '-noout', '-text'])).stdout;
      expect(text).toMatch(/1\.3\.6\.1\.4\.1\.45724\.1\.1\.4: *\n *\.\.countersign demo/);
      expect(text).toMatch(/OU = Authenticator Attestation/);
      expect(text).toMatch(/CA:FALSE/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('carries the demo AAGUID in the credential and in the certificate, so that a real station can refuse it', async () => {
    const enrolment = await enrol(makeKey());
    expect(enrolment.aaguid).toBe(demoAaguid);
    expect(Buffer.from(enrolment.attestationStatement).includes(Buffer.from(demoAaguid, 'hex'))).toBe(true);
  });

  test('leads to a root whose private key everybody can compute', () => {
    expect(new X509Certificate(demoRootCertificate).checkPrivateKey(demoRootKey())).toBe(true);
  });
});

describe('a touch', () => {
  test('before the key waits for one goes unnoticed, as on a real key', async () => {
    const key = VirtualBioKey.create({ fingers: [finger], keepaliveMs: 10 });
    const reader = await readerOf(key);
    expect(key.touch(finger)).toBe(false);
    let ended = false;
    const call = reader.enrol({ rpId, userId: randomBytes(32), clientDataHash: randomBytes(32) }).finally(() => {
      ended = true;
    });
    while (!key.waiting) await sleep(2);
    await sleep(50);
    expect(ended).toBe(false);
    expect(key.touch(finger)).toBe(true);
    await call;
  });

  test('that was arranged in advance comes when the key waits, and not any more once called off', async () => {
    const key = makeKey({ touchTimeoutMs: 250 });
    const { credentialId } = await enrol(key);
    key.autoTouch(undefined);
    const reader = await readerOf(key);
    await expect(reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) })).rejects.toMatchObject({ code: 'touch-timeout' });
  });
});

describe('a virtual bio key in a file', () => {
  test('comes back with its credentials, its counter, its tries and its attestation', async () => {
    let changes = 0;
    const key = makeKey({ onChange: () => (changes += 1) });
    const { credentialId } = await enrol(key);
    expect(changes).toBeGreaterThan(0);
    key.autoTouch('somebody else');
    const request = { rpId, credentialId, clientDataHash: randomBytes(32) };
    await expect((await readerOf(key)).verify(request)).rejects.toMatchObject({ code: 'not-matched' });
    const text = JSON.stringify(key);
    const again = VirtualBioKey.fromJSON(JSON.parse(text) as BioKeyJson);
    expect(JSON.stringify(again)).toBe(text);
    expect(again.triesLeft).toBe(2);
    again.autoTouch(finger);
    const assertion = await (await readerOf(again)).verify(request);
    expect(Buffer.from(assertion.authenticatorData).readUInt32BE(33)).toBe(2);
  });

  test('that describes something else is refused', () => {
    expect(() => VirtualBioKey.fromJSON({ kind: 'something' } as unknown as BioKeyJson)).toThrow('not a virtual bio key');
  });
});

describe('a token for a finger', () => {
  const short = { deadlineMs };
  const options = { short, touch: short };

  test.each([
    ['another permission', { permissions: permission.makeCredential, rpId }],
    ['another organisation', { permissions: permission.getAssertion, rpId: 'elsewhere.example.org' }],
  ])('with %s signs nothing', async (_, request) => {
    const key = makeKey();
    const { credentialId } = await enrol(key);
    const { ctap } = await ctapOf(key);
    const token = await tokenByFinger(ctap, await ctap.getInfo(short), request, options);
    const clientDataHash = randomBytes(32);
    const call = ctap.getAssertion({ rpId, credentialId, clientDataHash, auth: token.spend(clientDataHash) }, short);
    await expect(call).rejects.toMatchObject({ origin: { kind: 'ctap', value: 0x33 } });
  });

  test('signs once and not twice', async () => {
    const key = makeKey();
    const { credentialId } = await enrol(key);
    const { ctap } = await ctapOf(key);
    const token = await tokenByFinger(ctap, await ctap.getInfo(short), { permissions: permission.getAssertion, rpId }, options);
    const clientDataHash = randomBytes(32);
    const auth = token.spend(clientDataHash);
    expect(() => token.spend(clientDataHash)).toThrow('spent before');
    await ctap.getAssertion({ rpId, credentialId, clientDataHash, auth }, short);
    const again = ctap.getAssertion({ rpId, credentialId, clientDataHash, auth }, short);
    await expect(again).rejects.toMatchObject({ origin: { kind: 'ctap', value: 0x33 } });
  });

  test('authenticates one challenge and no other', async () => {
    const key = makeKey();
    const { credentialId } = await enrol(key);
    const { ctap } = await ctapOf(key);
    const token = await tokenByFinger(ctap, await ctap.getInfo(short), { permissions: permission.getAssertion, rpId }, options);
    const call = ctap.getAssertion({ rpId, credentialId, clientDataHash: randomBytes(32), auth: token.spend(randomBytes(32)) }, short);
    await expect(call).rejects.toMatchObject({ origin: { kind: 'ctap', value: 0x33 } });
  });
});

describe('commands that a virtual bio key refuses', () => {
  const map = (entries: readonly (readonly [number | string, CborValue])[]): CborValue => new Map(entries);
  const algorithm = (alg: number): CborValue => map([['alg', alg]]);
  const make = (alg: number, options?: CborValue): CborValue =>
    map([
      [1, new Uint8Array(32)],
      [2, map([['id', rpId]])],
      [3, map([['id', Uint8Array.of(1)]])],
      [4, [algorithm(alg)]],
      ...(options === undefined ? [] : [[7, options] as const]),
    ]);

  test.each([
    ['an unknown command', 0x55, encodeCbor(map([])), 0x01],
    ['CBOR that is not canonical', 0x02, Buffer.from('a203010102', 'hex'), 0x12],
    ['a missing parameter', 0x02, encodeCbor(map([])), 0x14],
    ['a parameter of the wrong type', 0x02, encodeCbor(map([[1, 5]])), 0x11],
    ['a credential without a verified person', 0x01, encodeCbor(make(-7)), 0x36],
    ['an algorithm that it does not have', 0x01, encodeCbor(make(-257)), 0x26],
    ['a discoverable credential', 0x01, encodeCbor(make(-7, map([['rk', true]]))), 0x2b],
    ['a subcommand of the PIN that nobody knows', 0x06, encodeCbor(map([[2, 8]])), 0x3e],
    ['a message that is too long', 0x06, new Uint8Array(3000), 0x39],
    [
      'an unknown PIN/UV protocol',
      0x06,
      encodeCbor(
        map([
          [1, 3],
          [2, 2],
        ]),
      ),
      0x02,
    ],
  ])('%s', async (_, command, body, status) => {
    const { channel } = await ctapOf(makeKey());
    expect(await statusOf(channel, command, body)).toBe(status);
  });
});

describe('reports that no client should send', () => {
  /** Opens the key without a client and collects what it says. */
  async function raw(key: VirtualBioKey) {
    const said: string[] = [];
    const channel = await key.transport.open('virtual-bio-key', {
      onGone: () => undefined,
      onReport: (report) => {
        const frame = parseFrame(report);
        if (frame?.kind === 'init')
          said.push(`${frame.command.toString(16)}:${Buffer.from(frame.data.subarray(0, frame.length)).toString('hex')}`);
      },
    });
    closing.push(channel);
    const send = async (id: number, command: number, payload: Uint8Array, only?: readonly number[]): Promise<void> => {
      const reports = encodeMessage(id, command, payload);
      for (const [index, report] of reports.entries()) if (only?.includes(index) ?? true) await channel.write(report);
    };
    const next = async (count: number): Promise<string[]> => {
      while (said.length < count) await sleep(2);
      return said;
    };
    await send(0xffffffff, hidCommand.init, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(await next(1)).toEqual(['6:010203040506070800000001020100000c']);
    said.length = 0;
    return { send, next };
  }

  test.each([
    ['on a channel that was not allocated', 99, hidCommand.ping, 3, undefined, '3f:0b'],
    ['with an unknown command', 1, 0x55, 3, undefined, '3f:01'],
    ['with U2F, which it does not speak', 1, hidCommand.msg, 3, undefined, '3f:01'],
    ['with INIT of a wrong length', 1, hidCommand.init, 7, undefined, '3f:03'],
    ['out of order', 1, hidCommand.ping, 150, [0, 2], '3f:04'],
    ['with a beginning and no end', 1, hidCommand.ping, 150, [0], '3f:05'],
    ['with an empty CTAP2 message', 1, hidCommand.cbor, 0, undefined, '3f:03'],
  ])('%s are answered with the error of the standard', async (_, id, command, length, only, error) => {
    const { send, next } = await raw(makeKey());
    await send(id, command, new Uint8Array(length), only);
    expect(await next(1)).toEqual([error]);
  });

  test('INIT on a channel that waits for a finger ends the wait', async () => {
    const key = VirtualBioKey.create({ fingers: [finger], keepaliveMs: 1000 });
    const { send, next } = await raw(key);
    const body = encodeCbor(
      new Map<number, CborValue>([
        [1, rpId],
        [2, new Uint8Array(32)],
        [5, new Map([['uv', true]])],
      ]),
    );
    await send(1, hidCommand.cbor, Buffer.concat([Uint8Array.of(2), body]));
    expect(await next(1)).toEqual(['3b:02']);
    await send(1, hidCommand.cbor, Uint8Array.of(4));
    expect(await next(2)).toEqual(['3b:02', '3f:06']);
    await send(1, hidCommand.init, new Uint8Array(8));
    expect((await next(3))[2]).toMatch(/^6:00/);
    expect(key.waiting).toBe(false);
  });
});
