import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CborValue } from '../../../drivers/fido/cbor.ts';
import { type Params, RawKey } from './raw-key.ts';

const pin = '4711-0815';
const rpId = 'branch-12.example.org';
const [make, assert] = [0x01, 0x02];

describe.each([0x09, 0x40])('bio enrolment under number %i', (command) => {
  const request = (...fields: Params): Params => fields;

  test.each([
    ['no token', request([1, 1], [2, 4]), 0x36],
    ['a token of nobody', request([1, 1], [2, 4], [4, 2], [5, new Uint8Array(32)]), 0x33],
    ['a token under a protocol that is unknown', request([1, 1], [2, 4], [4, 3], [5, new Uint8Array(32)]), 0x02],
    ['a token without a protocol', request([1, 1], [2, 4], [5, new Uint8Array(32)]), 0x14],
    ['another modality', request([1, 2], [2, 7]), 0x02],
    ['no modality', request([2, 7]), 0x14],
    ['no subcommand', request([1, 1]), 0x14],
    ['an unknown subcommand', request([1, 1], [2, 8]), 0x3e],
    ['parameters that are no map', request([1, 1], [2, 7], [3, 5]), 0x11],
    ['the question for its modality', request([6, true]), 0],
    ['the question for its sensor, which needs no token', request([1, 1], [2, 7]), 0],
  ])('with %s', async (_, fields, status) => {
    const raw = await RawKey.of({ fingers: ['right index'] });
    expect(await raw.status(command, fields)).toBe(status);
  });

  test('a token for one subcommand or one set of parameters is good for no other', async () => {
    const raw = await RawKey.of({ fingers: ['right index'] });
    const token = await raw.officerToken(pin);
    const { fields } = await raw.ask(command, raw.bio(token, 4));
    const [template] = fields.list(7) as ReadonlyMap<number, Uint8Array>[];
    const id = template?.get(1) ?? new Uint8Array(0);
    const named = raw.bio(token, 5, [
      [1, id],
      [2, 'one'],
    ]);
    const moved = named.map(([key, value]): [number, CborValue] => [key, key === 2 ? 6 : value]);
    expect(await raw.status(command, moved)).toBe(0x33);
    const params: CborValue = new Map<number, CborValue>([
      [1, id],
      [2, 'two'],
    ]);
    const renamed = named.map(([key, value]): [number, CborValue] => [key, key === 3 ? params : value]);
    expect(await raw.status(command, renamed)).toBe(0x33);
    expect(await raw.status(command, named)).toBe(0);
    expect(
      await raw.status(
        command,
        raw.bio(token, 5, [
          [1, id],
          [2, 'é'.repeat(33)],
        ]),
      ),
    ).toBe(0x03);
    expect(await raw.status(command, raw.bio(token, 5, [[1, id]]))).toBe(0x14);
    expect(await raw.status(command, raw.bio(token, 6, [[1, id]]))).toBe(0);
    expect(await raw.option('uv')).toBe(false);
  });
});

describe('credentials of a virtual bio key', () => {
  const hash = randomBytes(32);
  const credential = (...more: Params): Params => [
    [1, hash],
    [2, new Map([['id', rpId]])],
    [3, new Map([['id', Uint8Array.of(1)]])],
    [4, [new Map([['alg', -7]])]],
    ...more,
  ];
  const option = (name: string, value: boolean): CborValue => new Map([[name, value]]);

  test.each([
    ['enterprise attestation', [10, 1] as const, 0x02],
    ['presence that nobody shows', [7, option('up', false)] as const, 0x2c],
    ['a finger, when none is enrolled', [7, option('uv', true)] as const, 0x2c],
    ['an unknown protocol', [9, 3] as const, 0x02],
  ])('are not made with %s', async (_, field, status) => {
    const raw = await RawKey.of();
    raw.key.autoTouch('anybody');
    const param: Params = field[0] === 9 ? [[8, new Uint8Array(32)]] : [];
    expect(await raw.status(make, credential(...param, field))).toBe(status);
  });

  test('of a key that can verify nobody are made for whoever touches it, and say so', async () => {
    const raw = await RawKey.of();
    raw.key.autoTouch('anybody');
    const { status, fields } = await raw.ask(make, credential());
    expect(status).toBe(0);
    expect(fields.bytes(2)[32]).toBe(0x41);
    await raw.setPin(pin);
    expect(await raw.status(make, credential())).toBe(0x36);
  });

  test('are not made twice for one person', async () => {
    const raw = await RawKey.of({ fingers: ['right index'] });
    raw.key.autoTouch('right index');
    const uv: Params = [[7, option('uv', true)]];
    const { fields } = await raw.ask(make, credential(...uv));
    const data = Buffer.from(fields.bytes(2));
    const id = new Uint8Array(data.subarray(55, 55 + data.readUInt16BE(53)));
    const listed: CborValue = [
      new Map<string, CborValue>([
        ['id', id],
        ['type', 'public-key'],
      ]),
    ];
    expect(await raw.status(make, credential([5, listed], ...uv))).toBe(0x19);
  });

  test.each([
    ['without a PIN is denied', undefined, 0x27],
    ['with a PIN sends the client to it', pin, 0x36],
  ])('a finger that does not match by the old option, on a key %s', async (_, set, status) => {
    const raw = await RawKey.of({ fingers: ['right index'] });
    if (set !== undefined) await raw.setPin(set);
    raw.key.autoTouch('a stranger');
    expect(await raw.status(make, credential([7, option('uv', true)]))).toBe(status);
    expect(raw.key.triesLeft).toBe(2);
  });

  test.each([
    ['makeCredential', make, credential([8, new Uint8Array(0)], [9, 2])],
    [
      'getAssertion',
      assert,
      [
        [1, rpId],
        [2, hash],
        [6, new Uint8Array(0)],
        [7, 2],
      ] satisfies Params,
    ],
  ])('an empty token for %s asks which key is meant, and whether it has a PIN', async (_, command, fields) => {
    const raw = await RawKey.of({ touchTimeoutMs: 150 });
    expect(await raw.status(command, fields)).toBe(0x2f);
    raw.key.autoTouch('anybody');
    expect(await raw.status(command, fields)).toBe(0x35);
    await raw.setPin(pin);
    expect(await raw.status(command, fields)).toBe(0x31);
  });

  test('an assertion without presence and without a finger says neither', async () => {
    const raw = await RawKey.of();
    raw.key.autoTouch('anybody');
    const { fields } = await raw.ask(make, credential());
    const data = Buffer.from(fields.bytes(2));
    const id = new Uint8Array(data.subarray(55, 55 + data.readUInt16BE(53)));
    raw.key.autoTouch(undefined);
    const listed: CborValue = [
      new Map<string, CborValue>([
        ['id', id],
        ['type', 'public-key'],
      ]),
    ];
    const silent = await raw.ask(assert, [
      [1, rpId],
      [2, hash],
      [3, listed],
      [5, option('up', false)],
    ]);
    expect(silent.fields.bytes(2)[32]).toBe(0);
  });

  test('a bad sample of the right finger is no match', async () => {
    const raw = await RawKey.of({ fingers: ['right index'] });
    const { cose } = await raw.agree();
    raw.key.nextTouches({ finger: 'right index', manner: 'dirty' });
    const ask = () =>
      raw.status(0x06, [
        [1, 2],
        [2, 6],
        [3, cose],
        [9, 2],
        [10, rpId],
      ]);
    expect(await ask()).toBe(0x3f);
    raw.key.autoTouch('right index');
    expect(await ask()).toBe(0);
  });
});
