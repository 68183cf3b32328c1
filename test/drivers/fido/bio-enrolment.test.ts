import { describe, expect, test } from 'vitest';
import { type FingerSample, type SampleFeedback, sampleFeedbacks } from '../../../drivers/finger-keeper.ts';
import { BioEnrolment } from '../../../drivers/fido/bio-enrolment.ts';
import { decodeCbor, encodeCbor } from '../../../drivers/fido/cbor.ts';
import { CtapChannel } from '../../../drivers/fido/channel.ts';
import { Ctap2 } from '../../../drivers/fido/ctap.ts';
import { FingerToken, tokenByPin } from '../../../drivers/fido/device-pin.ts';
import { hidCommand } from '../../../drivers/fido/framing.ts';
import type { BioKeyOptions, VirtualBioKey } from '../../../drivers/virtual/bio-key.ts';
import { manners } from '../../../drivers/virtual/bio-key-sensor.ts';
import { clientOf, clientWithPin, factoryKey, secretOf, short } from './factory-key.ts';
import { refusal } from './plugged-in.ts';
import { ScriptedHid } from './scripted-hid.ts';

const pin = '4711-0815';
const ctapError = (value: number): unknown => refusal('device-error', { origin: { kind: 'ctap', value } });

async function bioOf(key: VirtualBioKey) {
  const { ctap, info } = await clientWithPin(key, pin);
  return { bio: new BioEnrolment(ctap, await info()), token: await tokenByPin(ctap, await info(), secretOf(pin), short), ctap, info };
}

const plugIn = async (options: Partial<BioKeyOptions> = {}) => {
  const key = factoryKey({ samples: 3, ...options });
  return { key, ...(await bioOf(key)) };
};

/** Every number of CTAP 2.1 section 6.7.3 with the word of the house. */
const table: readonly (readonly [number, SampleFeedback])[] = [
  [0x00, 'good'],
  [0x01, 'too-high'],
  [0x02, 'too-low'],
  [0x03, 'too-left'],
  [0x04, 'too-right'],
  [0x05, 'too-fast'],
  [0x06, 'too-slow'],
  [0x07, 'poor-quality'],
  [0x08, 'too-skewed'],
  [0x09, 'too-short'],
  [0x0a, 'merge-failure'],
  [0x0b, 'exists'],
  [0x0c, 'database-full'],
  [0x0d, 'no-finger'],
  [0x0e, 'no-lift'],
  [0x0f, 'unknown'],
  [0x42, 'unknown'],
  [0xff, 'unknown'],
];

describe('what a key says about a sample', () => {
  test.each(table)('number %i is told as "%s", and keeps its number', async (native, feedback) => {
    const { key, bio, token } = await plugIn();
    key.nextTouches({ finger: 'left thumb', manner: native }, { finger: 'left thumb', manner: native });
    const { id, sample } = await bio.begin(token, 5000, short);
    const good = native === 0;
    expect(sample).toEqual({ feedback, native, remaining: good ? 2 : 3 });
    expect(await bio.next(token, id, 5000, short)).toEqual({ feedback, native, remaining: good ? 1 : 3 });
  });

  test('every word of the contract is in the table', () => {
    expect(new Set(table.map(([, feedback]) => feedback))).toEqual(new Set(sampleFeedbacks));
  });

  test.each(Object.entries(manners))('a finger laid on in the manner "%s" is told so', async (manner, native) => {
    const { key, bio, token } = await plugIn();
    key.nextTouches({ finger: 'left thumb', manner: manner as keyof typeof manners });
    expect((await bio.begin(token, 5000, short)).sample.native).toBe(native);
  });

  test('what comes about by itself: another finger half way, a finger that is known, nobody there', async () => {
    const { key, bio, token } = await plugIn({ fingers: ['right index'] });
    key.nextTouches({ finger: 'right index' }, { finger: 'left thumb' }, { finger: 'left index' });
    const seen: FingerSample[] = [];
    const { id, sample } = await bio.begin(token, 5000, short);
    seen.push(sample, await bio.next(token, id, 5000, short), await bio.next(token, id, 5000, short), await bio.next(token, id, 30, short));
    expect(seen.map(({ feedback }) => feedback)).toEqual(['exists', 'good', 'merge-failure', 'no-finger']);
    expect(seen.map(({ remaining }) => remaining)).toEqual([3, 2, 2, 2]);
  });
});

describe.each(['2.1', '2.1-preview'] as const)('the fingers of a key of generation %s', (generation) => {
  const enrol = async (key: VirtualBioKey, bio: BioEnrolment, token: FingerToken, finger: string): Promise<Uint8Array> => {
    key.autoTouch(finger);
    const begun = await bio.begin(token, 5000, short);
    let { remaining } = begun.sample;
    while (remaining > 0) ({ remaining } = await bio.next(token, begun.id, 5000, short));
    key.autoTouch(undefined);
    return begun.id;
  };

  test('are enrolled, listed, named and removed, and the key says of itself what is true', async () => {
    const { key, bio, token, info } = await plugIn({ generation });
    const option = generation === '2.1' ? 'bioEnroll' : 'userVerificationMgmtPreview';
    expect((await info()).options.get(option)).toBe(false);
    expect(await bio.enumerate(token, short)).toEqual([]);
    const id = await enrol(key, bio, token, 'left thumb');
    const hex = Buffer.from(id).toString('hex');
    expect((await info()).options.get(option)).toBe(true);
    expect((await info()).options.get('uv')).toBe(true);
    expect(await bio.enumerate(token, short)).toEqual([{ id: hex }]);
    await bio.setName(token, id, 'Daumen, linke Hand · 左手', short);
    expect(await bio.enumerate(token, short)).toEqual([{ id: hex, name: 'Daumen, linke Hand · 左手' }]);
    await bio.remove(token, id, short);
    expect(await bio.enumerate(token, short)).toEqual([]);
    expect((await info()).options.get(option)).toBe(false);
  });

  test('have a limit, and a removed one makes room', async () => {
    const { key, bio, token } = await plugIn({ generation, maxTemplates: 2 });
    const first = await enrol(key, bio, token, 'left thumb');
    await enrol(key, bio, token, 'right thumb');
    await expect(bio.begin(token, 5000, short)).rejects.toEqual(ctapError(0x17));
    await bio.remove(token, first, short);
    await enrol(key, bio, token, 'left index');
    expect([...key.fingers]).toEqual(['right thumb', 'left index']);
  });

  test('that are not there are neither named nor removed', async () => {
    const { bio, token } = await plugIn({ generation });
    await expect(bio.setName(token, Uint8Array.of(1, 2), 'x', short)).rejects.toEqual(ctapError(0x2c));
    await expect(bio.remove(token, Uint8Array.of(1, 2), short)).rejects.toEqual(ctapError(0x2c));
    await expect(bio.next(token, Uint8Array.of(1, 2), 5000, short)).rejects.toEqual(ctapError(0x2c));
  });

  test('are half enrolled until somebody cancels', async () => {
    const { key, bio, token } = await plugIn({ generation });
    key.autoTouch('left thumb');
    const { id } = await bio.begin(token, 5000, short);
    await bio.cancel(short);
    await expect(bio.next(token, id, 5000, short)).rejects.toEqual(ctapError(0x2c));
    expect(await bio.enumerate(token, short)).toEqual([]);
  });

  test('are half enrolled no longer than until another one is begun, even if nothing comes of that', async () => {
    const { key, bio, token } = await plugIn({ generation });
    key.nextTouches({ finger: 'left thumb' });
    const { id } = await bio.begin(token, 5000, short);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 20);
    await expect(bio.begin(token, 5000, { ...short, signal: abort.signal })).rejects.toEqual(refusal('cancelled'));
    await expect(bio.next(token, id, 5000, short)).rejects.toEqual(ctapError(0x2c));
  });

  test('are half enrolled no longer than the key has power', async () => {
    const { key, bio, token } = await plugIn({ generation });
    key.nextTouches({ finger: 'left thumb' });
    const { id } = await bio.begin(token, 5000, short);
    key.unplug();
    key.plug();
    const { ctap, info } = await clientOf(key);
    const again = await tokenByPin(ctap, await info(), secretOf(pin), short);
    await expect(new BioEnrolment(ctap, await info()).next(again, id, 5000, short)).rejects.toEqual(ctapError(0x2c));
  });
});

describe('the sensor', () => {
  test('of the virtual key is touched, and says how many samples it takes', async () => {
    const { bio } = await plugIn({ samples: 7 });
    expect(await bio.sensorInfo(short)).toEqual({ kind: 'touch', maxSamples: 7, maxNameBytes: 64 });
  });
});

describe('on the wire', () => {
  const infoOf = (versions: readonly string[], ...options: readonly string[]) => ({
    versions,
    aaguid: '00'.repeat(16),
    options: new Map(options.map((name) => [name, true])),
    pinUvAuthProtocols: [2],
    fingerprint: true,
    minPinLength: 4,
    forcePinChange: false,
  });
  const bytesOf = (value: Parameters<typeof encodeCbor>[0]): Uint8Array => Buffer.concat([Uint8Array.of(0), encodeCbor(value)]);

  async function scripted(answer: Uint8Array) {
    const hid = new ScriptedHid();
    hid.onMessage = () => hid.send(hidCommand.cbor, answer);
    return { hid, ctap: new Ctap2(await CtapChannel.open(hid.transport, 'scripted')) };
  }

  test.each([
    ['a key of the standard', 0x09, infoOf(['FIDO_2_1'], 'bioEnroll')],
    ['a key that knows both', 0x09, infoOf(['FIDO_2_1', 'FIDO_2_1_PRE'], 'bioEnroll', 'userVerificationMgmtPreview')],
    ['a key of the preview', 0x40, infoOf(['FIDO_2_0', 'FIDO_2_1_PRE'], 'userVerificationMgmtPreview')],
  ])('%s is asked under number %i', async (_, number, info) => {
    const { hid, ctap } = await scripted(
      bytesOf(
        new Map([
          [2, 2],
          [3, 5],
        ]),
      ),
    );
    expect(await new BioEnrolment(ctap, info).sensorInfo(short)).toEqual({ kind: 'swipe', maxSamples: 5, maxNameBytes: 64 });
    const request = hid.received.at(-1)?.payload ?? new Uint8Array(1);
    expect(request[0]).toBe(number);
    expect(decodeCbor(request.subarray(1))).toEqual(
      new Map([
        [1, 1],
        [2, 7],
      ]),
    );
  });

  test.each([
    ['neither', infoOf(['FIDO_2_1'])],
    ['a preview of something else', infoOf(['FIDO_2_0'], 'userVerificationMgmtPreview')],
  ])('a key that knows %s is asked nothing', async (_, info) => {
    const { ctap } = await scripted(Uint8Array.of(0));
    expect(() => new BioEnrolment(ctap, info)).toThrow(refusal('mechanism-unsupported', { recover: 'ask-staff' }));
  });

  test.each([
    ['CBOR that is not canonical', Buffer.from('00a3044201020500061803', 'hex')],
    ['a map whose keys are out of order', Buffer.from('00a30600050004420102', 'hex')],
    [
      'no template id',
      bytesOf(
        new Map([
          [5, 0],
          [6, 3],
        ]),
      ),
    ],
    [
      'a status that is text',
      bytesOf(
        new Map<number, string | number | Uint8Array>([
          [4, new Uint8Array(2)],
          [5, 'good'],
          [6, 3],
        ]),
      ),
    ],
    ['nothing', new Uint8Array(0)],
    ['no map', Uint8Array.of(0)],
  ])('%s as the answer to a sample is a device error', async (_, answer) => {
    const { ctap } = await scripted(answer);
    const bio = new BioEnrolment(ctap, infoOf(['FIDO_2_1'], 'bioEnroll'));
    await expect(bio.begin(new FingerToken(2, new Uint8Array(32)), 5000, short)).rejects.toMatchObject({ code: 'device-error' });
  });
});
