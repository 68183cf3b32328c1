import { createHash, verify, constants, X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { instruction } from '../../../drivers/virtual/apdu.ts';
import { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { pkcs11Tool, type Pkcs11Tool } from '../../support/pkcs11-tool.ts';
import { startTestReader, testCard, type TestReader } from '../../support/virtual-reader.ts';

const document = Buffer.from('The very bytes that are signed.');
const digest = createHash('sha256').update(document).digest();
const digest384 = createHash('sha384').update(document).digest();

let station: TestReader;
let tool: Pkcs11Tool;
let files: { readonly usual: unknown; readonly strong: unknown };
let card: PivCard;

beforeAll(async () => {
  const [reader, usual, strong] = await Promise.all([
    startTestReader(),
    testCard({ keys: { '9a': 'rsa-2048', '9c': 'p-256' } }),
    testCard({ keys: { '9a': 'p-384', '9c': 'rsa-3072' } }),
  ]);
  station = reader;
  tool = pkcs11Tool(reader.reader.socket);
  files = { usual: usual.toJSON(), strong: strong.toJSON() };
});
afterAll(() => station.stop());
afterEach(async () => {
  await station.reader.remove(0);
  await station.reader.remove(1);
});

/** A fresh copy of a card goes in. */
async function insert(file: unknown, slot: 0 | 1 = 0): Promise<PivCard> {
  card = PivCard.fromJSON(file);
  await station.reader.insert(card, slot);
  return card;
}

const publicKey = (slot: '9a' | '9c'): X509Certificate['publicKey'] => new X509Certificate(card.certificate(slot)).publicKey;

describe('OpenSC with a virtual card in a virtual reader', () => {
  test('shows the card by the name of its holder and a serial number of its own', async () => {
    await insert(files.usual);
    const { text } = await tool.run(['-L']);
    expect(text).toContain('Virtual PCD 00 00');
    expect(text).toContain('Erika Muster');
    expect(text).toContain(card.serial.slice(-16));
    expect(text).not.toMatch(/final|locked/);
  });

  test('reads the very certificates that the card holds', async () => {
    await insert(files.usual);
    expect(await tool.certificate('01')).toEqual(Buffer.from(card.certificate('9a')));
    expect(await tool.certificate('02')).toEqual(Buffer.from(card.certificate('9c')));
  });

  test('signs with RSA-2048 and P-256', async () => {
    await insert(files.usual);
    const rsa = await tool.sign('01', 'SHA256-RSA-PKCS', document);
    expect(verify('sha256', document, publicKey('9a'), rsa.signature)).toBe(true);
    const ec = await tool.sign('02', 'ECDSA', digest);
    expect(verify('sha256', document, { key: publicKey('9c'), dsaEncoding: 'ieee-p1363' }, ec.signature)).toBe(true);
    expect(verify('sha256', Buffer.from('other bytes'), { key: publicKey('9c'), dsaEncoding: 'ieee-p1363' }, ec.signature)).toBe(false);
  });

  test('signs with RSA-3072, PSS too, and P-384', async () => {
    await insert(files.strong);
    const pss = await tool.sign('02', 'SHA256-RSA-PKCS-PSS', document, ['--salt-len', '32']);
    const key = { key: publicKey('9c'), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(verify('sha256', document, key, pss.signature)).toBe(true);
    const pkcs1 = await tool.sign('02', 'SHA256-RSA-PKCS', document);
    expect(verify('sha256', document, publicKey('9c'), pkcs1.signature)).toBe(true);
    const ec = await tool.sign('01', 'ECDSA', digest384);
    expect(verify('sha384', document, { key: publicKey('9a'), dsaEncoding: 'ieee-p1363' }, ec.signature)).toBe(true);
  });

  test('a wrong PIN counts down to a locked card, which then refuses the right PIN', async () => {
    await insert(files.usual);
    const wrong = pkcs11Tool(station.reader.socket, '999999');
    for (const left of [2, 1, 0]) {
      const { text } = await wrong.sign('01', 'SHA256-RSA-PKCS', document);
      expect(text).toContain('CKR_PIN_INCORRECT');
      expect(card.pinTriesLeft).toBe(left);
      if (left === 1) expect((await tool.run(['-L'])).text).toContain('final user PIN try');
    }
    expect((await tool.run(['-L'])).text).toContain('user PIN locked');
    const { text, signature } = await tool.sign('01', 'SHA256-RSA-PKCS', document);
    expect(text).toContain('CKR_PIN_LOCKED');
    expect(signature.length).toBe(0);
  });

  test('a card can come with its PIN blocked or on its last try', async () => {
    await insert({ ...(files.usual as object), pinTries: 0 });
    expect((await tool.run(['-L'])).text).toContain('user PIN locked');
    await station.reader.remove();
    await insert({ ...(files.usual as object), pinTries: 1 });
    expect((await tool.run(['-L'])).text).toContain('final user PIN try');
    expect((await tool.sign('02', 'ECDSA', digest)).code).toBe(0);
    expect(card.pinTriesLeft).toBe(3);
  });

  test.each([
    ['the PIN is checked', instruction.verify, '9c'],
    ['it is asked to sign, RSA', instruction.generalAuthenticate, '9a'],
    ['it is asked to sign, EC', instruction.generalAuthenticate, '9c'],
    ['its certificates are read', instruction.getData, '9c'],
  ] as const)('a card pulled while %s ends in an error, not in a hang, and works again when it is put back', async (_, ins, slot) => {
    await insert(files.usual);
    card.faults.pullAt(ins);
    const attempt = slot === '9a' ? tool.sign('01', 'SHA256-RSA-PKCS', document) : tool.sign('02', 'ECDSA', digest);
    const { code, signature } = await attempt;
    expect(code, 'a hang would be null').not.toBeNull();
    expect(signature.length).toBe(0);
    expect(station.reader.inserted[0]).toBeUndefined();
    await station.reader.insert(card);
    expect((await tool.sign('02', 'ECDSA', digest)).code).toBe(0);
  });

  test('a key is announced just before it is used, and a broken card signs nothing', async () => {
    await insert(files.usual);
    const used: string[] = [];
    card.onSign((slot) => void used.push(slot));
    expect((await tool.sign('02', 'ECDSA', digest)).code).toBe(0);
    expect(used).toEqual(['9c']);
    card.faults.failNext(instruction.generalAuthenticate, 0x6f00, 4);
    const { code, signature } = await tool.sign('01', 'SHA256-RSA-PKCS', document);
    expect(code).not.toBe(0);
    expect(signature.length).toBe(0);
    expect(used).toEqual(['9c']);
  });

  test('two cards in the two slots keep apart', async () => {
    const first = await insert(files.usual, 0);
    const second = await insert(files.strong, 1);
    expect(station.reader.inserted).toEqual([first, second]);
    const { text } = await tool.run(['-L']);
    expect(text).toContain(first.serial.slice(-16));
    expect(text).toContain(second.serial.slice(-16));
    await expect(station.reader.insert(first, 1)).rejects.toThrow('already');
  });

  test('a mute card blocks its user only until it is taken out', async () => {
    await insert(files.usual);
    card.faults.mute(instruction.generalAuthenticate);
    const attempt = tool.sign('02', 'ECDSA', digest);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const begin = performance.now();
    await station.reader.remove();
    expect((await attempt).code).not.toBe(0);
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});
