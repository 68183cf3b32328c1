/** A reader with a PIN pad of its own: the PIN never comes near the program, and what the person did there is told apart. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HostProcess } from '../../../drivers/pkcs11/child.ts';
import { hostEnvironment } from '../../../drivers/pkcs11/environment.ts';
import type { HostReply } from '../../../drivers/pkcs11/protocol.ts';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { tokenId } from '../../../drivers/pkcs11/token-id.ts';
import { Secret } from '../../../drivers/secret.ts';
import type { PadMoment, TokenInfo } from '../../../drivers/token.ts';
import { buildPinPad, type PinPad } from '../../support/pin-pad.ts';
import { createSoftHsm, type SoftHsm } from '../../support/softhsm.ts';
import { onlyToken } from '../../support/token-waiting.ts';

const run = promisify(execFile);
const deadlines = { list: 3000, read: 3000, login: 3000, pad: 700, sign: 3000, end: 1000 };

let hsm: SoftHsm;
let pad: PinPad;
let source: Pkcs11Source;
let token: TokenInfo;
let moments: PadMoment[];
const keys = { plain: '', always: '' };

beforeAll(async () => {
  hsm = await createSoftHsm();
  keys.plain = (await hsm.addKey({ id: '01', type: 'rsa:2048', commonName: 'Ada' })).sha256;
  keys.always = (await hsm.addKey({ id: '02', type: 'EC:prime256v1', commonName: 'Ada each time', alwaysAuthenticate: true })).sha256;
});
afterAll(() => hsm.remove());

async function open(file?: string, more: Partial<typeof deadlines> = {}): Promise<void> {
  pad = await buildPinPad(hsm, file);
  await pad.forget();
  source = createTokenSource({ modules: [pad.module], pollMs: 50, settleMs: 200, deadlines: { ...deadlines, ...more } });
  token = await onlyToken(source);
  moments = [];
}
afterEach(async () => {
  await source.close();
  await pad.putCardIn();
});

function sign(key: keyof typeof keys = 'plain', pin?: Secret): Promise<Uint8Array> {
  const request = { tokenId: token.id, certificateSha256: keys[key], hash: 'sha256', message: Buffer.from('agreed') } as const;
  return source.sign({ ...request, scheme: key === 'plain' ? 'rsa-pkcs1' : 'ecdsa' }, pin, (moment) => moments.push(moment));
}

/** Waits for the pad, does something there, and gives what became of the signature. */
async function signWhile(atThePad: () => Promise<unknown>, key: keyof typeof keys = 'plain'): Promise<Uint8Array> {
  const signing = sign(key);
  signing.catch(() => undefined);
  await pad.asked();
  await atThePad();
  return signing;
}

describe('the installed binding', () => {
  const login = `
    const binding = new (require('pkcs11js').PKCS11)();
    binding.load(process.argv[1]);
    const pin = { null: null, undefined: undefined, empty: '', bytes: Buffer.alloc(4) }[process.argv[2]];
    try { binding.C_Login(Buffer.alloc(8), 1, pin) } catch (error) { console.log(error.message) }`;
  const told = async (pin: string): Promise<string> => (await run(process.execPath, ['-e', login, pad.module.path, pin])).stdout.trim();
  beforeEach(() => open());

  it('gives null on as no PIN at all: without our patch the pad would never be asked', async () => {
    await pad.giveUp(0x50);
    expect(await told('null')).toBe('CKR_FUNCTION_CANCELED');
    expect(await pad.calls()).toEqual(['asks 1']);
  });

  it('gives an empty PIN on as a PIN', async () => {
    expect(await told('empty')).toBe('CKR_ARGUMENTS_BAD');
    expect(await pad.calls()).toEqual(['given']);
  });

  it.each(['undefined', 'bytes'])('refuses %s as it always did', async (pin) => {
    expect(await told(pin)).toContain('Should be a String');
    expect(await pad.calls()).toEqual([]);
  });
});

describe('a reader with its own pad', () => {
  beforeEach(() => open());

  it('is known before anyone is asked for a PIN', async () => {
    expect((await source.read(token.id)).pin).toMatchObject({ protectedPath: true });
  });

  it('signs once the PIN was typed there', async () => {
    expect(await signWhile(() => pad.type(hsm.pin))).toHaveLength(256);
    expect(await pad.calls()).toEqual(['asks 1', 'signs']);
    expect(moments).toEqual([{ doing: 'waiting', time: 1, forMs: 700 }, { doing: 'signing' }]);
  });

  it('asks twice for a key that wants the PIN at each use, and each time has its own deadline', async () => {
    const signature = await signWhile(async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await pad.type(hsm.pin);
      await pad.asked(2);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await pad.type(hsm.pin);
    }, 'always');
    expect(signature).toHaveLength(64);
    expect(await pad.calls()).toEqual(['asks 1', 'asks 2', 'signs']);
    const waiting = { doing: 'waiting', forMs: 700 };
    expect(moments).toEqual([{ ...waiting, time: 1 }, { ...waiting, time: 2 }, { doing: 'signing' }]);
  });

  it('asks for each of several signatures where the key wants that, and the holder is told each time', async () => {
    const order = { tokenId: token.id, certificateSha256: keys.always, scheme: 'ecdsa', hash: 'sha256' } as const;
    const session = source.openSigning(order, undefined, (moment) => moments.push(moment));
    for (const [message, last] of [
      ['first', 2],
      ['second', 3],
    ] as const) {
      const signing = session.sign(Buffer.from(message));
      for (let nth = message === 'first' ? 1 : 3; nth <= last; nth++) {
        await pad.asked(nth);
        await pad.type(hsm.pin);
      }
      expect(await signing).toHaveLength(64);
    }
    await session.close();
    expect(await pad.calls()).toEqual(['asks 1', 'asks 2', 'signs', 'asks 2', 'signs']);
    const waits = (time: 1 | 2): PadMoment => ({ doing: 'waiting', time, forMs: 700 });
    expect(moments).toEqual([waits(1), waits(2), { doing: 'signing' }, waits(1), { doing: 'signing' }]);
  });

  it('at which a wrong PIN is typed has a wrong PIN, asked once; the right one then signs', async () => {
    await expect(signWhile(() => pad.type('000000'))).rejects.toMatchObject({ code: 'pin-wrong', recover: 're-enter-pin' });
    expect(await pad.calls()).toEqual(['asks 1']);
    await pad.forget();
    expect(await signWhile(() => pad.type(hsm.pin))).toHaveLength(256);
  });

  it('at which the red key is pressed was cancelled, and nothing was signed', async () => {
    const origin = { kind: 'ckr', value: 0x50 };
    await expect(signWhile(() => pad.cancel())).rejects.toMatchObject({ code: 'cancelled', recover: 'none', origin });
    expect(await pad.calls()).toEqual(['asks 1']);
  });

  it('at which the second PIN is cancelled has signed nothing either', async () => {
    const cancelled = signWhile(async () => {
      await pad.type(hsm.pin);
      await pad.asked(2);
      await pad.cancel();
    }, 'always');
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(await pad.calls()).toEqual(['asks 1', 'asks 2']);
  });

  it('at which nobody types is given up before the token was asked to sign, and is no fault of the module', async () => {
    for (let time = 0; time < 4; time++) {
      await expect(sign()).rejects.toMatchObject({ code: 'pin-timeout', recover: 'retry' });
    }
    expect(await pad.calls()).toEqual(['asks 1', 'asks 1', 'asks 1', 'asks 1']);
    expect(source.modules()).toMatchObject([{ state: 'ready' }]);
    await pad.forget();
    expect(await signWhile(() => pad.type(hsm.pin))).toHaveLength(256);
  });

  it('that takes the PIN and forgets to answer the second time is given up too', async () => {
    await expect(signWhile(() => pad.type(hsm.pin), 'always')).rejects.toMatchObject({ code: 'pin-timeout' });
    expect(await pad.calls()).toEqual(['asks 1', 'asks 2']);
  });

  it.each([0x5, 0x30, 0xa1, 0x80000001])('that returns CKR %i has a fault, and the PIN is not judged', async (value) => {
    await expect(signWhile(() => pad.giveUp(value))).rejects.toMatchObject({ code: 'device-error', origin: { kind: 'ckr', value } });
  });

  it('from which the card is pulled during the PIN has a card that was removed', async () => {
    await expect(signWhile(() => pad.takeCardOut())).rejects.toMatchObject({ code: 'token-removed' });
    expect(await pad.calls()).toEqual(['asks 1']);
  });

  it('takes no PIN from the program, and the bytes are wiped', async () => {
    const bytes = Buffer.from(hsm.pin);
    await expect(sign('plain', new Secret(bytes))).rejects.toMatchObject({ code: 'device-error' });
    expect(bytes).toEqual(Buffer.alloc(hsm.pin.length));
    expect(await pad.calls()).toEqual([]);
  });
});

describe('a module that reports the end of its own time as a cancellation, as OpenSC does', () => {
  it('counts down the time of the reader, and a person who cancels in it has cancelled', async () => {
    await open('opensc-pkcs11.so', { pad: 60_000 });
    await expect(signWhile(() => pad.cancel())).rejects.toMatchObject({ code: 'cancelled' });
    expect(moments).toEqual([{ doing: 'waiting', time: 1, forMs: 30_000 }]);
  });

  it.each([
    [200, undefined],
    [900, 'pin-timeout'],
  ] as const)('is told from a person by the time that has passed: %i ms of 1700', async (afterMs, code) => {
    await open();
    const host = new HostProcess(hostEnvironment(process.env));
    const replies: HostReply[] = [];
    host.onReply = (reply) => replies.push(reply);
    const until = (type: HostReply['type']) =>
      expect.poll(() => replies.find((reply) => reply.type === type), { timeout: 5000 }).toBeDefined();
    try {
      host.send({ type: 'load', module: 'pad', path: pad.module.path, slotEvents: false });
      host.send({ type: 'list', id: 1 });
      await until('listed');
      const facts = replies.flatMap((reply) => (reply.type === 'listed' ? reply.tokens : []))[0];
      if (facts === undefined) throw new Error('the host sees no token');
      const wanted = { tokenId: tokenId('pad', facts, facts.insertion), certificateSha256: keys.plain };
      host.send({ type: 'sign', id: 2, ...wanted, scheme: 'rsa-pkcs1', hash: 'sha256', message: Buffer.from('agreed'), padMs: 1700 });
      await until('pad-waiting');
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await pad.cancel();
      await until('failed');
      const failure = { type: 'failed', id: 2, during: 'C_Login', message: expect.any(String) as unknown, ckr: 0x50 };
      expect(replies.at(-1)).toEqual({ ...failure, ...(code === undefined ? {} : { code }) });
    } finally {
      host.kill();
    }
  });
});
