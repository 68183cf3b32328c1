import { constants, createHash, publicDecrypt, verify, X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { readOneTlv, readTlvs, tlv } from '../../../drivers/virtual/ber-tlv.ts';
import { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { testCard } from '../../support/virtual-reader.ts';

// Keys take time: one card is made, every test gets its own copy.
const original = (await testCard()).toJSON();
const p384 = (await testCard({ keys: { '9c': 'p-384' } })).toJSON();
let card: PivCard;

const select = '00 A4 04 00 09 A0 00 00 03 08 00 00 10 00 00';
const verifyPin = (pin: string): string => `00 20 00 80 08 ${Buffer.from(pin.padEnd(8, '\xff'), 'latin1').toString('hex')}`;

async function send(command: string | Uint8Array): Promise<{ sw: string; data: Buffer }> {
  const answer = await card.transmit(typeof command === 'string' ? Buffer.from(command.replaceAll(' ', ''), 'hex') : command);
  if (typeof answer === 'string') throw new Error(answer);
  const bytes = Buffer.from(answer);
  return { sw: bytes.subarray(-2).toString('hex'), data: bytes.subarray(0, -2) };
}

const sw = async (command: string | Uint8Array): Promise<string> => (await send(command)).sw;

/** GENERAL AUTHENTICATE in short APDUs, chained where it must be, and the whole answer fetched. */
async function sign(algorithm: number, key: number, block: Uint8Array): Promise<{ sw: string; signature: Uint8Array }> {
  let rest: Uint8Array = tlv(0x7c, tlv(0x82), tlv(0x81, block));
  while (rest.length > 255) {
    const { sw: partial } = await send(Buffer.concat([Uint8Array.of(0x10, 0x87, algorithm, key, 255), rest.subarray(0, 255)]));
    if (partial !== '9000') return { sw: partial, signature: new Uint8Array() };
    rest = rest.subarray(255);
  }
  let part = await send(Buffer.concat([Uint8Array.of(0, 0x87, algorithm, key, rest.length), rest, Uint8Array.of(0)]));
  let whole = part.data;
  while (part.sw.startsWith('61')) {
    part = await send(`00 C0 00 00 ${part.sw.slice(2)}`);
    whole = Buffer.concat([whole, part.data]);
  }
  const signature = part.sw === '9000' ? readOneTlv(readOneTlv(whole).value).value : new Uint8Array();
  return { sw: part.sw, signature };
}

const digest = createHash('sha256').update('contract').digest();
const publicKeyOf = (slot: '9a' | '9c'): ReturnType<() => X509Certificate['publicKey']> =>
  new X509Certificate(card.certificate(slot)).publicKey;

beforeEach(async () => {
  card = PivCard.fromJSON(original);
  await send(select);
});

describe('PIN of a virtual PIV card', () => {
  test('a wrong PIN counts down, the third one blocks, and then the right one is refused too', async () => {
    expect(await sw('00 20 00 80')).toBe('63c3');
    expect(await sw(verifyPin('000000'))).toBe('63c2');
    expect(await sw(verifyPin('000000'))).toBe('63c1');
    expect(await sw('00 20 00 80')).toBe('63c1');
    expect(await sw(verifyPin('000000'))).toBe('63c0');
    expect(await sw(verifyPin('123456'))).toBe('6983');
    expect(await sw('00 20 00 80')).toBe('6983');
    expect(card.pinTriesLeft).toBe(0);
  });

  test('the right PIN gives all tries back, and a reset of the card forgets that it was verified', async () => {
    await send(verifyPin('000000'));
    expect(await sw(verifyPin('123456'))).toBe('9000');
    expect(await sw('00 20 00 80')).toBe('9000');
    card.reset();
    await send(select);
    expect(await sw('00 20 00 80')).toBe('63c3');
  });

  test('a PIN of the wrong form costs no try', async () => {
    for (const bad of ['12345', '12345a', '', '1234\xff567']) expect(await sw(verifyPin(bad))).toBe('6a80');
    expect(card.pinTriesLeft).toBe(3);
  });

  test('a wrong PIN after the right one logs out', async () => {
    await send(verifyPin('123456'));
    await send(verifyPin('000000'));
    expect((await sign(0x07, 0x9a, new Uint8Array(256))).sw).toBe('6982');
  });

  test('the PUK unblocks the PIN and sets a new one; three wrong PUKs block that too', async () => {
    card = PivCard.fromJSON({ ...original, pinTries: 0 });
    await send(select);
    const reset = (puk: string): string =>
      `00 2C 00 80 10 ${Buffer.from(puk).toString('hex')} ${Buffer.from('654321\xff\xff', 'latin1').toString('hex')}`;
    expect(await sw(reset('00000000'))).toBe('63c2');
    expect(await sw(reset('12345678'))).toBe('9000');
    expect(await sw(verifyPin('654321'))).toBe('9000');
    for (const left of ['63c2', '63c1', '63c0', '6983']) expect(await sw(reset('00000000'))).toBe(left);
    expect(await sw(reset('12345678'))).toBe('6983');
  });

  test('the holder can change the PIN', async () => {
    const change = (from: string, to: string): string =>
      `00 24 00 80 10 ${Buffer.from(`${from}\xff\xff${to}\xff\xff`, 'latin1').toString('hex')}`;
    expect(await sw(change('000000', '222222'))).toBe('63c2');
    expect(await sw(change('123456', 'abcdef'))).toBe('6a80');
    expect(await sw(change('123456', '222222'))).toBe('9000');
    expect(await sw(verifyPin('222222'))).toBe('9000');
  });
});

describe('keys of a virtual PIV card', () => {
  test('9C asks for the PIN before each use, 9A once', async () => {
    await send(verifyPin('123456'));
    expect((await sign(0x11, 0x9c, digest)).sw).toBe('9000');
    expect((await sign(0x11, 0x9c, digest)).sw).toBe('6982');
    await send(verifyPin('123456'));
    await send(select);
    expect((await sign(0x11, 0x9c, digest)).sw).toBe('6982');
    const block = Buffer.concat([Uint8Array.of(0, 1), Buffer.alloc(221, 0xff), Buffer.alloc(33)]);
    for (let use = 0; use < 2; use += 1) expect((await sign(0x07, 0x9a, block)).sw).toBe('9000');
  });

  test('RSA is applied to the block as it stands, EC to the digest as it stands', async () => {
    await send(verifyPin('123456'));
    const block = Buffer.alloc(256, 0x42);
    const { signature: raw } = await sign(0x07, 0x9a, block);
    expect(publicDecrypt({ key: publicKeyOf('9a'), padding: constants.RSA_NO_PADDING }, raw)).toEqual(block);
    await send(verifyPin('123456'));
    const { signature } = await sign(0x11, 0x9c, digest);
    expect(verify('sha256', Buffer.from('contract'), publicKeyOf('9c'), signature)).toBe(true);
  });

  test('nothing is signed without PIN, with a key that is not there, the wrong algorithm or the wrong length', async () => {
    const used: string[] = [];
    card.onSign((slot) => void used.push(slot));
    expect((await sign(0x07, 0x9a, new Uint8Array(256))).sw).toBe('6982');
    await send(verifyPin('123456'));
    expect((await sign(0x07, 0x9d, new Uint8Array(256))).sw).toBe('6a88');
    expect((await sign(0x11, 0x9a, digest)).sw).toBe('6a86');
    expect(used).toEqual([]);
    expect((await sign(0x07, 0x9a, new Uint8Array(255))).sw).toBe('6a80');
    expect((await sign(0x07, 0x9a, Buffer.alloc(256, 0xff))).sw).toBe('6a80');
  });

  test('a card in a file comes back as the same card, tries and keys included', async () => {
    let saved: unknown;
    card.onChange(() => {
      saved = JSON.parse(JSON.stringify(card)) as unknown;
    });
    await send(verifyPin('000000'));
    const { serial } = card;
    card = PivCard.fromJSON(saved);
    expect(card.serial).toBe(serial);
    expect(card.pinTriesLeft).toBe(2);
    await send(select);
    await send(verifyPin('123456'));
    const { signature } = await sign(0x11, 0x9c, digest);
    expect(verify('sha256', Buffer.from('contract'), publicKeyOf('9c'), signature)).toBe(true);
  });

  test('a file that is not a card is refused', () => {
    const swapped = {
      ...original,
      keys: { '9c': p384.keys['9c'], '9a': { ...original.keys['9a'], certificate: p384.keys['9c']?.certificate } },
    };
    for (const bad of [{}, { ...original, pinTries: 4 }, { ...original, pin: '12' }, { ...original, colour: 'red' }, swapped]) {
      expect(() => PivCard.fromJSON(bad)).toThrow();
    }
  });

  test('data objects: certificates, serial number and discovery are free to read, printed information needs the PIN', async () => {
    const read = async (tag: string): Promise<Buffer | string> => {
      let part = await send(
        `00 CB 3F FF ${(tag.length / 2 + 2).toString(16).padStart(2, '0')} 5C ${(tag.length / 2).toString(16).padStart(2, '0')} ${tag} 00`,
      );
      let whole = part.data;
      for (; part.sw.startsWith('61'); whole = Buffer.concat([whole, part.data])) part = await send(`00 C0 00 00 ${part.sw.slice(2)}`);
      return part.sw === '9000' ? whole : part.sw;
    };
    const certificate = readTlvs(readOneTlv((await read('5fc10a')) as Buffer).value)[0]?.value;
    expect(Buffer.from(certificate ?? [])).toEqual(Buffer.from(card.certificate('9c')));
    const guid = readTlvs(readOneTlv((await read('5fc102')) as Buffer).value).find((one) => one.tag === 0x34)?.value;
    expect(Buffer.from(guid ?? []).toString('hex')).toBe(card.serial);
    expect((await read('7e')) as Buffer).toEqual(Buffer.from('7e124f0ba0000003080000100001005f2f024000', 'hex'));
    expect(await read('5fc108')).toBe('6a82');
    expect(await read('5fc109')).toBe('6982');
    await send(verifyPin('123456'));
    expect(((await read('5fc109')) as Buffer).toString()).toContain('Erika Muster');
  });
});

describe('a virtual PIV card over T=0', () => {
  beforeEach(() => {
    card = PivCard.fromJSON({ ...original, protocol: 't0' });
  });

  test('says so in its answer to reset, and gives no data to a command that brought some', async () => {
    expect(Buffer.from(card.atr).toString('hex')).toMatch(/^3b0b80f9a000000308/);
    const first = await send(select.slice(0, -3));
    expect(first).toMatchObject({ sw: expect.stringMatching(/^61/) as string, data: Buffer.alloc(0) });
    const { sw: end, data } = await send(`00 C0 00 00 ${first.sw.slice(2)}`);
    expect([end, data[0]]).toEqual(['9000', 0x61]);
    expect(await sw('00 A4 04 00 00 00 05 A0 00 00 03 08 00 00')).toBe('6700');
  });
});

describe('faults of a virtual PIV card', () => {
  test('a scripted status word comes as often as scripted, and the command is not carried out', async () => {
    card.faults.failNext(0x20, 0x6f00, 2);
    expect(await sw(verifyPin('000000'))).toBe('6f00');
    expect(await sw(verifyPin('000000'))).toBe('6f00');
    expect(card.pinTriesLeft).toBe(3);
    expect(await sw(verifyPin('000000'))).toBe('63c2');
  });

  test('a card is pulled at the command it was told, and not before', async () => {
    card.faults.pullAt(0x20, 2);
    expect(await sw(verifyPin('123456'))).toBe('9000');
    expect(await sw(select)).toBe('9000');
    await expect(send(verifyPin('123456'))).rejects.toThrow('pulled');
  });

  test('a mute card stays mute until it is cleared, a slow one takes its time', async () => {
    card.faults.mute();
    await expect(send(select)).rejects.toThrow('silent');
    await expect(send(verifyPin('123456'))).rejects.toThrow('silent');
    card.faults.clear();
    card.faults.delay(60, 0x20);
    const begin = performance.now();
    await send(select);
    expect(performance.now() - begin).toBeLessThan(50);
    await send(verifyPin('123456'));
    expect(performance.now() - begin).toBeGreaterThan(55);
  });
});
