import { describe, expect, it } from 'vitest';
import { parseReply, parseRequest, type HostMessage, type HostReply } from '../../../drivers/pkcs11/protocol.ts';
import { tokenId } from '../../../drivers/pkcs11/token-id.ts';

const facts = {
  recognised: true,
  insertion: 0,
  slot: 'Reader 00 00',
  label: 'Ada',
  manufacturer: 'm',
  model: 'x',
  serial: '1',
  flags: 1037,
  minPinLength: 4,
  maxPinLength: 8,
} as const;
const bytes = Uint8Array.of(1);

const requests: readonly HostMessage[] = [
  { type: 'load', module: 'm', path: '/m.so', slotEvents: true },
  { type: 'list', id: 1 },
  { type: 'read', id: 1, tokenId: 'a' },
  { type: 'sign', id: 1, tokenId: 'a', certificateSha256: 'b', scheme: 'ecdsa', hash: 'sha256', message: bytes, pinLength: 6, padMs: 1 },
  { type: 'sign-next', id: 2, message: bytes, padMs: 1 },
  { type: 'key-open', id: 1, tokenId: 'a', key: '01', make: 'l', pinLength: 6 },
  { type: 'key-sign', id: 2, message: bytes },
  { type: 'key-forget', id: 3 },
  { type: 'end' },
];
const replies: readonly HostReply[] = [
  { type: 'loaded', library: 'l' },
  { type: 'load-failed', message: 'm', ckr: 5 },
  { type: 'listed', id: 1, slots: ['Reader 00 00'], tokens: [facts] },
  {
    type: 'contents',
    id: 1,
    token: facts,
    mechanisms: [1],
    certificates: [{ value: bytes, ckaId: bytes, label: '' }],
    privateKeys: [{ ckaId: bytes, signs: true }],
  },
  { type: 'pad-waiting', id: 1, time: 2 },
  { type: 'pad-done', id: 1 },
  { type: 'signing-started', id: 1 },
  { type: 'signed', id: 1, signature: bytes, certificate: bytes },
  { type: 'key-opened', id: 1, publicKey: bytes },
  { type: 'key-signed', id: 1, signature: bytes },
  { type: 'key-forgotten', id: 1 },
  { type: 'failed', id: 1, during: 'C_Sign', message: 'm', ckr: 5, code: 'device-error', flags: 1037 },
];

describe('a message between the agent and a host', () => {
  it.each(requests)('$type is understood by the host as it is', (request) => expect(parseRequest(request)).toBe(request));
  it.each(replies)('$type is understood by the agent as it is', (reply) => expect(parseReply(reply)).toBe(reply));

  it.each([...requests.map((message) => [message, parseRequest] as const), ...replies.map((message) => [message, parseReply] as const)])(
    'is refused with a field too many, too few, or of another type: $0.type',
    (message, parse) => {
      expect(parse({ ...message, more: 1 })).toBeUndefined();
      for (const [name] of Object.entries(message)) {
        const rest = Object.fromEntries(Object.entries(message).filter(([other]) => other !== name));
        if (!['pinLength', 'padMs', 'make', 'ckr', 'code', 'flags'].includes(name)) expect(parse(rest), `without ${name}`).toBeUndefined();
        expect(parse({ ...rest, [name]: { odd: true } }), `odd ${name}`).toBeUndefined();
      }
    },
  );

  it.each([undefined, null, 'listed', 1, [], {}, { type: 'toString' }, { type: '__proto__' }])('is refused when it is %j', (value) => {
    expect(parseReply(value)).toBeUndefined();
    expect(parseRequest(value)).toBeUndefined();
  });

  it('is refused when a list inside is wrong', () => {
    expect(parseReply({ type: 'listed', id: 1, slots: [], tokens: [{ ...facts, flags: '1037' }] })).toBeUndefined();
    expect(parseReply({ type: 'listed', id: Number.NaN, slots: [], tokens: [] })).toBeUndefined();
    expect(parseReply({ type: 'listed', id: 1, slots: [7], tokens: [] })).toBeUndefined();
  });
});

describe('the name of a token', () => {
  it('depends on module, slot, serial, label and insertion, and on where one ends and the next begins', () => {
    const names = [
      tokenId('m', { slot: 'ab', serial: 'c', label: 'd' }, 1),
      tokenId('m', { slot: 'a', serial: 'bc', label: 'd' }, 1),
      tokenId('n', { slot: 'ab', serial: 'c', label: 'd' }, 1),
      tokenId('m', { slot: 'ab', serial: 'c', label: 'e' }, 1),
      tokenId('m', { slot: 'ab', serial: 'c', label: 'd' }, 2),
    ];
    expect(new Set(names).size).toBe(5);
    expect(names[0]).toMatch(/^[0-9a-f]{64}$/u);
  });
});
