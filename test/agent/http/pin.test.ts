import { PassThrough, Readable } from 'node:stream';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { pinBodyLength, pinMaxLength } from '../../../agent/contract/api.ts';
import { collectAndWipe, takePin } from '../../../agent/http/pin.ts';
import { pinBody, stationForTests } from '../../support/http/station.ts';

describe('the chunks that a PIN comes in', () => {
  const zeros = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
  const cut = (body: Uint8Array, size: number): Buffer[] =>
    Array.from({ length: Math.ceil(body.length / size) }, (_, index) => Buffer.from(body.subarray(index * size, (index + 1) * size)));

  test.each([1, 7, 64, 4096, pinBodyLength])('are joined and zeroed, %i bytes each', async (size) => {
    const chunks = cut(pinBody('123456'), size);
    const body = await collectAndWipe(Readable.from(chunks, { objectMode: false }), pinBodyLength);
    expect(Buffer.from(body).equals(pinBody('123456'))).toBe(true);
    expect(chunks.every(zeros)).toBe(true);
  });

  test.each([
    ['too few', 100, 'bad-request'],
    ['none at all', 0, 'bad-request'],
    ['one byte too many', pinBodyLength + 1, 'too-large'],
    ['far too many', 100_000, 'too-large'],
  ])('are zeroed when they are %s', async (_name, length, code) => {
    const chunks = cut(pinBody('123456', Math.max(length, 7)).subarray(0, length), 1000);
    const source = Readable.from(chunks, { objectMode: false });
    await expect(collectAndWipe(source, pinBodyLength)).rejects.toMatchObject({ code });
    source.resume();
    expect(chunks.slice(0, 5).every(zeros)).toBe(true);
  });

  test('are zeroed when the page goes away', async () => {
    const chunk = Buffer.from(pinBody('123456', 100));
    const source = new PassThrough();
    const body = collectAndWipe(source, pinBodyLength);
    source.write(chunk);
    setTimeout(() => source.destroy(), 20);
    await expect(body).rejects.toMatchObject({ code: 'bad-request' });
    expect(zeros(chunk)).toBe(true);
  });
});

describe('the body of a PIN', () => {
  test('is one length byte, the PIN, and zeros', async () => {
    const pin = takePin(pinBody('123456'));
    expect(pin.length).toBe(6);
    expect(await pin.take((bytes) => [...bytes])).toEqual([...Buffer.from('123456')]);
    expect(inspect(pin) + JSON.stringify(pin)).not.toContain('123456');
  });

  test('takes the shortest and the longest PIN, and every byte', async () => {
    expect(takePin(pinBody('1')).length).toBe(1);
    expect(takePin(pinBody('9'.repeat(pinMaxLength))).length).toBe(pinMaxLength);
    expect(await takePin(pinBody('\0é\0')).take((bytes) => bytes.length)).toBe(4);
  });

  test.each([
    ['no PIN', () => pinBody('')],
    ['a PIN that is too long', () => pinBody('9'.repeat(pinMaxLength + 1))],
    ['the largest length byte', () => pinBody('9'.repeat(255))],
    ['something behind the PIN', () => Object.assign(pinBody('123456'), { 7: 1 })],
    ['something at the end', () => Object.assign(pinBody('123456'), { [pinBodyLength - 1]: 1 })],
  ])('is refused with %s', (_name, body) => {
    expect(() => takePin(body())).toThrow(expect.objectContaining({ code: 'bad-request' }) as Error);
  });
});

describe('POST /api/pin', () => {
  const shared = stationForTests();
  beforeEach(() => {
    shared.station.visit.pins.length = 0;
    shared.station.visit.secrets.length = 0;
    shared.station.visit.wantsPin = true;
    shared.station.visit.refusesPin = false;
  });

  async function post(
    body: Uint8Array<ArrayBuffer> | string,
    type = 'application/octet-stream',
  ): Promise<{ status: number; text: string }> {
    const response = await fetch(`${shared.station.origin}/api/pin`, {
      method: 'POST',
      headers: { ...shared.headers, 'content-type': type },
      body,
    });
    return { status: response.status, text: await response.text() };
  }

  test('hands the PIN to the visit', async () => {
    expect(await post(pinBody('123456'))).toEqual({ status: 204, text: '' });
    expect(shared.station.visit.pins).toEqual(['123456']);
    expect(shared.station.visit.secrets[0]?.length).toBe(0);
  });

  test('does not read a PIN that nobody asked for', async () => {
    shared.station.visit.wantsPin = false;
    expect(await post(pinBody('123456'))).toEqual({ status: 409, text: '{"code":"not-now","recover":"none"}' });
    expect(shared.station.visit.secrets).toEqual([]);
  });

  test('wipes a PIN that the visit does not want after all', async () => {
    shared.station.visit.refusesPin = true;
    expect(await post(pinBody('123456'))).toEqual({ status: 409, text: '{"code":"not-now","recover":"none"}' });
    expect(shared.station.visit.secrets[0]?.length).toBe(0);
  });

  test('wipes a PIN when the visit fails, and tells nobody what it was', async () => {
    const enterPin = shared.station.visit.enterPin.bind(shared.station.visit);
    shared.station.visit.enterPin = (pin) => {
      enterPin(pin);
      throw new Error('a bug');
    };
    shared.station.visit.refusesPin = true;
    expect(await post(pinBody('314159'))).toEqual({ status: 500, text: '{"code":"fault","recover":"ask-staff"}' });
    expect(shared.station.visit.secrets[0]?.length).toBe(0);
    expect(inspect(shared.station.faults, { depth: 9 })).not.toContain('314159');
    shared.station.visit.enterPin = enterPin;
  });

  test('two PINs at once: one is taken', async () => {
    const answers = await Promise.all([post(pinBody('111111')), post(pinBody('222222'))]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(shared.station.visit.pins).toHaveLength(1);
  });

  test.each([
    ['a short body', 400, () => pinBody('123456', 64)],
    ['an empty body', 400, () => new Uint8Array(0)],
    ['a long body', 413, () => pinBody('123456', pinBodyLength + 1)],
    ['no PIN in it', 400, () => pinBody('')],
    ['rubbish in it', 400, () => new Uint8Array(pinBodyLength).fill(7)],
  ])('refuses %s', async (_name, status, body) => {
    const answer = await post(body());
    expect(answer.status).toBe(status);
    expect(shared.station.visit.secrets).toEqual([]);
  });

  test.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded'])('refuses a PIN as %s', async (type) => {
    expect(await post('123456', type)).toEqual({ status: 415, text: '{"code":"unsupported-media-type","recover":"none"}' });
    expect(shared.station.visit.secrets).toEqual([]);
  });
});
