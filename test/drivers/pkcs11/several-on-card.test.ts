/** Several signatures under one login on the virtual PIV card, and the card that leaves at one of them. */
import { createHash, verify, X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import type { SigningSession } from '../../../drivers/token.ts';
import { instruction } from '../../../drivers/virtual/apdu.ts';
import type { PivCard } from '../../../drivers/virtual/piv-card.ts';
import type { PivKeySlot } from '../../../drivers/virtual/piv-key.ts';
import { openscPath, startTestReader, testCard, type TestReader } from '../../support/virtual-reader.ts';
import { onlyToken, tokensWhere } from '../../support/token-waiting.ts';

const messages = ['first', 'second', 'third'].map((text) => Buffer.from(text));
const [first = Buffer.alloc(0), second = Buffer.alloc(0), third = Buffer.alloc(0)] = messages;

describe('several signatures under one login on a PIV card', () => {
  let test: TestReader;
  let source: Pkcs11Source;
  let card: PivCard;
  let session: SigningSession | undefined;

  beforeAll(async () => {
    test = await startTestReader();
    const env = { PCSCLITE_CSOCK_NAME: test.reader.socket };
    source = createTokenSource({ modules: [{ name: 'opensc', path: openscPath, env }], pollMs: 100 });
  });
  afterAll(async () => {
    await source.close();
    await test.stop();
  });
  beforeEach(async () => {
    card = await testCard({ keys: { '9a': 'p-256', '9c': 'p-256' } });
    await test.reader.insert(card);
  });
  afterEach(async () => {
    await session?.close();
    session = undefined;
    await test.reader.remove();
    await tokensWhere(source, (tokens) => tokens.length === 0);
  });

  const open = async (slot: PivKeySlot): Promise<SigningSession> => {
    const { id: tokenId } = await onlyToken(source);
    const certificateSha256 = createHash('sha256').update(card.certificate(slot)).digest('hex');
    session = source.openSigning({ tokenId, certificateSha256, scheme: 'ecdsa', hash: 'sha256' }, new Secret(Buffer.from('123456')));
    return session;
  };
  const holds = (slot: PivKeySlot, message: Buffer, signature: Uint8Array): boolean =>
    verify('sha256', message, { key: new X509Certificate(card.certificate(slot)).publicKey, dsaEncoding: 'ieee-p1363' }, signature);
  const nothing = { reason: { code: 'cancelled' } };

  it.each([
    ['9a', 1],
    ['9c', 4],
  ] as const)('are made with the key in %s, which is given the PIN %i times', async (slot, times) => {
    const met = vi.spyOn(card.faults, 'meet');
    const given = (): number => met.mock.calls.filter(([ins]) => ins === instruction.verify).length;
    const signing = await open(slot);
    expect(holds(slot, first, await signing.sign(first))).toBe(true);
    const once = given();
    for (const message of [second, third]) expect(holds(slot, message, await signing.sign(message))).toBe(true);
    expect(given() - once).toBe(times === 1 ? 0 : 2);
    expect(card.pinTriesLeft).toBe(3);
  });

  it.each(['9a', '9c'] as const)(
    'with the key in %s end when the card is pulled at the second one, of which nobody knows the outcome',
    async (slot) => {
      const signing = await open(slot);
      expect(holds(slot, first, await signing.sign(first))).toBe(true);
      card.faults.pullAt(instruction.generalAuthenticate);
      const rest = await Promise.allSettled([signing.sign(second), signing.sign(third)]);
      expect(rest).toMatchObject([{ reason: { code: 'outcome-unknown' } }, nothing]);
    },
  );

  it('end when the card is pulled at the PIN for the second one, and it was not signed', async () => {
    const signing = await open('9c');
    await signing.sign(first);
    card.faults.pullAt(instruction.verify);
    const rest = await Promise.allSettled([signing.sign(second), signing.sign(third)]);
    expect(rest).toMatchObject([{ reason: { code: 'token-removed' } }, nothing]);
    expect(card.pinTriesLeft).toBe(3);
  });

  it.each(['is seen', 'is not seen'] as const)(
    'are not continued on a card that left between two of them, also when that %s',
    async (seen) => {
      const signing = await open('9a');
      await signing.sign(first);
      const { id } = await onlyToken(source);
      await test.reader.remove();
      if (seen === 'is seen') await tokensWhere(source, (tokens) => tokens.length === 0);
      // Back within the same login: the very card, and still not the one that was signed on.
      await test.reader.insert(card);
      const met = vi.spyOn(card.faults, 'meet');
      await expect(signing.sign(second)).rejects.toMatchObject({ code: expect.stringMatching(/^(?:token-removed|no-token)$/u) as unknown });
      await expect(signing.sign(third)).rejects.toMatchObject(nothing.reason);
      expect(met.mock.calls.filter(([ins]) => ins === instruction.generalAuthenticate)).toEqual([]);
      const [again] = await tokensWhere(source, (tokens) => tokens.length === 1 && tokens[0]?.id !== id);
      expect(again).toBeDefined();
    },
  );

  it('are never continued on another card, which loses no try', async () => {
    const signing = await open('9c');
    await signing.sign(first);
    const other = await testCard({ keys: { '9a': 'p-256', '9c': 'p-256' } });
    const met = vi.spyOn(other.faults, 'meet');
    await test.reader.remove();
    await test.reader.insert(other);
    await expect(signing.sign(second)).rejects.toMatchObject({ code: expect.stringMatching(/^(?:token-removed|no-token)$/u) as unknown });
    expect(other.pinTriesLeft).toBe(3);
    expect(met.mock.calls.filter(([ins]) => ins === instruction.generalAuthenticate)).toEqual([]);
  });
});
