import { describe, expect, test, vi } from 'vitest';
import { BioEnrolment } from '../../../drivers/fido/bio-enrolment.ts';
import { CborFields, type CborValue, decodeCbor, encodeCbor } from '../../../drivers/fido/cbor.ts';
import { CtapChannel } from '../../../drivers/fido/channel.ts';
import { Ctap2 } from '../../../drivers/fido/ctap.ts';
import { FingerToken } from '../../../drivers/fido/device-pin.ts';
import { FingerSession } from '../../../drivers/fido/finger-session.ts';
import { hidCommand } from '../../../drivers/fido/framing.ts';
import type { Secret } from '../../../drivers/secret.ts';
import { clientWithPin, factoryKey, officerOf, secretOf } from './factory-key.ts';
import { refusal } from './plugged-in.ts';
import { ScriptedHid } from './scripted-hid.ts';
import { tapped } from './tapped-cable.ts';

const pin = '4711-0815';
const limits = { answerMs: 2000, sampleMs: 1000, fingerMs: 3000 };

type Answer = readonly [status: number, ...fields: (readonly [number, CborValue])[]];

/** A session with a key that answers each subcommand of bio enrolment as the test says, and the subcommands that it was asked. */
async function scripted(answers: Readonly<Record<number, Answer>>) {
  const hid = new ScriptedHid();
  const asked: number[] = [];
  hid.onMessage = ({ command, payload }) => {
    if (command !== hidCommand.cbor) return;
    const subCommand = new CborFields(decodeCbor(payload.subarray(1)), 'request').integer(2);
    asked.push(subCommand);
    const [status, ...fields] = answers[subCommand] ?? [0x3e];
    hid.send(command, Buffer.concat([Uint8Array.of(status), fields.length === 0 ? new Uint8Array(0) : encodeCbor(new Map(fields))]));
  };
  const ctap = new Ctap2(await CtapChannel.open(hid.transport, 'scripted'));
  const info = {
    versions: ['FIDO_2_1'],
    aaguid: '00'.repeat(16),
    options: new Map([['bioEnroll', true]]),
    pinUvAuthProtocols: [2],
    fingerprint: true,
    minPinLength: 4,
    forcePinChange: false,
  };
  return { asked, session: new FingerSession(new BioEnrolment(ctap, info), new FingerToken(2, new Uint8Array(32)), limits) };
}

const sensor: Answer = [0, [2, 1], [3, 1]];
const enrolled: Answer = [0, [4, Uint8Array.of(1, 2)], [5, 0], [6, 0]];

describe('a finger that', () => {
  test('cannot be given its name is not left behind without one', async () => {
    const { asked, session } = await scripted({ 7: sensor, 1: enrolled, 5: [0x03], 6: [0] });
    const call = session.enrolFinger('left thumb');
    await expect(call).rejects.toEqual(refusal('device-error', { origin: { kind: 'ctap', value: 0x03 } }));
    expect(asked).toEqual([7, 1, 5, 6]);
  });

  test('cannot be removed then either is told by the first error', async () => {
    const { asked, session } = await scripted({ 7: sensor, 1: enrolled, 5: [0x03], 6: [0x30] });
    const call = session.enrolFinger('left thumb');
    await expect(call).rejects.toEqual(refusal('device-error', { origin: { kind: 'ctap', value: 0x03 } }));
    expect(asked).toEqual([7, 1, 5, 6]);
  });

  test.each([
    ['0x2F, where others say "no finger"', 0x2f, 'touch-timeout'],
    ['a full memory', 0x17, 'device-error'],
    ['something that nobody knows', 0xe7, 'device-error'],
  ] as const)('is refused in the middle with %s is forgotten by the key', async (_, status, code) => {
    const half: Answer = [0, [4, Uint8Array.of(1, 2)], [5, 0], [6, 2]];
    const { asked, session } = await scripted({ 7: sensor, 1: half, 2: [status], 3: [0] });
    await expect(session.enrolFinger('left thumb')).rejects.toEqual(refusal(code, { origin: { kind: 'ctap', value: status } }));
    expect(asked).toEqual([7, 1, 2, 3]);
  });
});

describe('a session with the fingers of a key', () => {
  async function opened() {
    const key = factoryKey({ samples: 3 });
    const { channel } = await clientWithPin(key, pin);
    await channel.close();
    const cable = tapped(key.transport);
    const officer = await officerOf(key, {}, cable.transport);
    return { key, cable, session: await officer.unlock(secretOf(pin)) };
  }

  test('tells the key to forget the finger when the person thinks better of it between two samples', async () => {
    const { key, cable, session } = await opened();
    const abort = new AbortController();
    key.autoTouch('left thumb');
    await expect(session.enrolFinger('left thumb', { signal: abort.signal, onSample: () => abort.abort() })).rejects.toEqual(
      refusal('cancelled'),
    );
    // bioEnrollment { modality: 1, subCommand: 3 }.
    expect(cable.said()).toContain('09a201010203');
  });

  test('says nothing of forgetting when all goes well', async () => {
    const { key, cable, session } = await opened();
    key.autoTouch('left thumb');
    await session.enrolFinger('left thumb');
    expect(cable.said()).not.toContain('09a201010203');
  });

  test('lasts while an officer talks to the holder for a minute', async () => {
    const { session } = await opened();
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now + 60_000);
    try {
      expect(await session.fingers()).toEqual([]);
    } finally {
      clock.mockRestore();
    }
  });
});

describe('a key that hides its fingers', () => {
  test('from whoever asks what it is, is found out before one is added', async () => {
    const key = factoryKey({ fingers: ['somebody'] });
    const hidden = (payload: Uint8Array): Uint8Array => {
      const hex = Buffer.from(payload).toString('hex');
      const names = ['uv', 'bioEnroll', 'userVerificationMgmtPreview'].map((name) => Buffer.from(name).toString('hex'));
      return Buffer.from(
        names.reduce((text, name) => text.replace(`${name}f5`, `${name}f4`), hex),
        'hex',
      );
    };
    const officer = await officerOf(key, {}, tapped(key.transport, hidden).transport);
    expect((await officer.state()).fingersEnrolled).toBe(false);
    key.autoTouch('right index');
    const keep = (secret: Secret): Promise<void> => secret.take(() => undefined);
    const call = officer.prepare({ names: ['right index', 'left index'], keep });
    await expect(call).rejects.toEqual(refusal('device-error', { recover: 'ask-staff', origin: undefined }));
    expect([...key.fingers]).toEqual(['somebody']);
  });
});
