import { constants, createHash, verify, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import type { SignatureScheme } from '../../../drivers/token.ts';
import { instruction } from '../../../drivers/virtual/apdu.ts';
import type { PivCard } from '../../../drivers/virtual/piv-card.ts';
import type { PivKeySlot, PivKeyType } from '../../../drivers/virtual/piv-key.ts';
import { openscPath, startTestReader, testCard, type TestReader } from '../../support/virtual-reader.ts';
import { onlyToken, tokensWhere } from '../../support/token-waiting.ts';

const message = Buffer.from('what the holder agreed to');

function newSource(socket: string): Pkcs11Source {
  return createTokenSource({ modules: [{ name: 'opensc', path: openscPath, env: { PCSCLITE_CSOCK_NAME: socket } }], pollMs: 100 });
}

async function sign(source: Pkcs11Source, card: PivCard, slot: PivKeySlot, scheme: SignatureScheme, pin = '123456'): Promise<Uint8Array> {
  const { id: tokenId } = await onlyToken(source);
  const certificateSha256 = createHash('sha256').update(card.certificate(slot)).digest('hex');
  return source.sign({ tokenId, certificateSha256, scheme, hash: 'sha256', message }, new Secret(Buffer.from(pin)));
}

/** True when node:crypto says so: the second opinion on what the driver has checked already. */
function holds(card: PivCard, slot: PivKeySlot, scheme: SignatureScheme, signature: Uint8Array): boolean {
  const key = new X509Certificate(card.certificate(slot)).publicKey;
  const options = {
    'rsa-pkcs1': { padding: constants.RSA_PKCS1_PADDING },
    'rsa-pss': { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
    ecdsa: { dsaEncoding: 'ieee-p1363' as const },
  }[scheme];
  return verify('sha256', message, { key, ...options }, signature);
}

describe('every key of a PIV card, through pcscd and OpenSC', () => {
  let test: TestReader;
  let source: Pkcs11Source;

  beforeAll(async () => {
    test = await startTestReader();
    source = newSource(test.reader.socket);
  });
  afterAll(async () => {
    await source.close();
    await test.stop();
  });

  it.each([
    ['rsa-2048', 'p-256'],
    ['p-384', 'rsa-3072'],
    ['p-256', 'p-384'],
    ['rsa-3072', 'rsa-2048'],
  ] as const)('signs with %s in 9A and %s in 9C, in every scheme that the token offers for it', async (one, other) => {
    const card = await testCard({ keys: { '9a': one, '9c': other } });
    await test.reader.insert(card);
    const { keys } = await source.read((await onlyToken(source)).id);
    const made: string[] = [];
    for (const slot of ['9a', '9c'] as const) {
      const sha256 = createHash('sha256').update(card.certificate(slot)).digest('hex');
      const key = keys.find(({ certificateSha256 }) => certificateSha256 === sha256);
      for (const scheme of key?.schemes ?? []) {
        expect(holds(card, slot, scheme, await sign(source, card, slot, scheme)), `${slot} ${scheme}`).toBe(true);
        made.push(`${slot} ${scheme}`);
      }
    }
    const schemes = (type: PivKeyType): readonly string[] => (type.startsWith('rsa') ? ['rsa-pkcs1', 'rsa-pss'] : ['ecdsa']);
    expect(made).toEqual([...schemes(one).map((scheme) => `9a ${scheme}`), ...schemes(other).map((scheme) => `9c ${scheme}`)]);
    await test.reader.remove();
    await tokensWhere(source, (tokens) => tokens.length === 0);
  });

  it.each(['rsa-2048', 'p-384'] as const)('signs with %s also over T=0, where every long answer is fetched', async (type) => {
    const card = await testCard({ keys: { '9c': type }, protocol: 't0' });
    await test.reader.insert(card);
    const scheme = type === 'rsa-2048' ? 'rsa-pkcs1' : 'ecdsa';
    expect(holds(card, '9c', scheme, await sign(source, card, '9c', scheme))).toBe(true);
    await test.reader.remove();
    await tokensWhere(source, (tokens) => tokens.length === 0);
  });

  it('is locked again after the signature: nobody else signs with what was unlocked for it', async () => {
    const card = await testCard({ keys: { '9a': 'p-256', '9c': 'p-256' } });
    await test.reader.insert(card);
    await sign(source, card, '9a', 'ecdsa');
    // OpenSC's C_Logout sends a PIV card nothing; the reset that ends the host is what locks it.
    const asks = Uint8Array.of(0x00, instruction.verify, 0x00, 0x80);
    const selects = Uint8Array.of(0x00, instruction.select, 0x04, 0x00, 5, 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00);
    const statusOf = async (command: Uint8Array): Promise<string> => {
      const answer = await card.transmit(command);
      return typeof answer === 'string' ? answer : Buffer.from(answer.subarray(-2)).toString('hex');
    };
    await expect
      .poll(
        async () => {
          await statusOf(selects);
          return statusOf(asks);
        },
        { timeout: 2000 },
      )
      .toBe('63c3');
    await test.reader.remove();
    await tokensWhere(source, (tokens) => tokens.length === 0);
  });

  it('signs although another program had logged the card out or spent a try in between', async () => {
    const card = await testCard({ keys: { '9a': 'p-256', '9c': 'p-256' } });
    await test.reader.insert(card);
    await source.read((await onlyToken(source)).id);
    const wrong = Buffer.from('00000000', 'latin1');
    await card.transmit(Buffer.concat([Uint8Array.of(0x00, instruction.verify, 0x00, 0x80, 8), wrong]));
    expect(card.pinTriesLeft).toBe(2);
    expect(holds(card, '9c', 'ecdsa', await sign(source, card, '9c', 'ecdsa'))).toBe(true);
    expect(card.pinTriesLeft).toBe(3);
    await test.reader.remove();
    await tokensWhere(source, (tokens) => tokens.length === 0);
  });
});

describe('a slow card', () => {
  it('of 44 ms for each command is read and signs, within the deadlines of a real station', async () => {
    const test = await startTestReader(false);
    const source = newSource(test.reader.socket);
    try {
      expect(test.reader.fast).toBe(false);
      const card = await testCard({ keys: { '9a': 'p-256', '9c': 'rsa-2048' } });
      await test.reader.insert(card);
      expect(holds(card, '9c', 'rsa-pkcs1', await sign(source, card, '9c', 'rsa-pkcs1'))).toBe(true);
    } finally {
      await source.close();
      await test.stop();
    }
  });
});
