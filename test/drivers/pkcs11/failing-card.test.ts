/** A card that stays in and fails before it is asked to sign, through OpenSC: it keeps its name, its fault is named, and its PIN loses no try. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import type { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { onlyToken, tokensWhere } from '../../support/token-waiting.ts';
import { openscPath, startTestReader, testCard, type TestReader } from '../../support/virtual-reader.ts';

let place: TestReader;
let source: Pkcs11Source;
let card: PivCard;

beforeAll(async () => {
  place = await startTestReader();
  card = await testCard();
  const env = { PCSCLITE_CSOCK_NAME: place.reader.socket };
  // OpenSC hangs for ever when such a card is asked for the tries left.
  source = createTokenSource({ modules: [{ name: 'opensc', path: openscPath, env }], pollMs: 100, deadlines: { login: 2000, read: 3000 } });
  await place.reader.insert(card);
});
afterAll(async () => {
  await source.close();
  await place.stop();
});

const sign = (tokenId: string): Promise<Uint8Array> => {
  const certificateSha256 = createHash('sha256').update(card.certificate('9c')).digest('hex');
  const request = { tokenId, certificateSha256, scheme: 'ecdsa', hash: 'sha256', message: Buffer.from('what is signed') } as const;
  return source.sign(request, new Secret(Buffer.from('123456')));
};

it('has a fault, is the same token all the while, and signs again when its contact is better', async () => {
  const token = await onlyToken(source);
  const lists: number[] = [];
  const stop = source.watch((tokens) => lists.push(tokens.length));
  await source.read(token.id);
  card.faults.failAll(0x6f00);
  await expect(sign(token.id)).rejects.toMatchObject({ code: 'device-error' });
  const begin = performance.now();
  // It is known to fail now: neither a certificate nor a PIN is brought to it.
  await expect(source.read(token.id)).rejects.toMatchObject({ code: 'device-error' });
  await expect(sign(token.id)).rejects.toMatchObject({ code: 'device-error' });
  expect(performance.now() - begin).toBeLessThan(1000);
  card.faults.clear();
  await expect.poll(() => sign(token.id).catch(() => undefined), { timeout: 15_000, interval: 500 }).toHaveLength(64);
  expect(lists).toEqual([]);
  expect(card.pinTriesLeft).toBe(3);
  stop();
});

it('is gone at once when it is taken out while it fails', async () => {
  const token = await onlyToken(source);
  card.faults.failAll(0x6f00);
  await expect(sign(token.id)).rejects.toMatchObject({ code: 'device-error' });
  await place.reader.remove();
  await tokensWhere(source, (tokens) => tokens.length === 0, 3000);
  await expect(sign(token.id)).rejects.toMatchObject({ code: 'no-token' });
  card.faults.clear();
  await place.reader.insert(card);
  expect((await onlyToken(source)).id).not.toBe(token.id);
});
