import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { DeviceError } from '../../../drivers/errors.ts';
import type { ReaderInfo, ReaderSource } from '../../../drivers/fingerprint.ts';
import { createHidrawTransport } from '../../../drivers/fido/hidraw.ts';
import { hidCommand } from '../../../drivers/fido/framing.ts';
import { createReaderSource, type ReaderSourceOptions } from '../../../drivers/fido/source.ts';
import type { HidTransport } from '../../../drivers/fido/transport.ts';
import { VirtualBioKey } from '../../../drivers/virtual/bio-key.ts';
import { demoAaguid } from '../../../drivers/virtual/bio-key-identity.ts';
import { ScriptedHid } from './scripted-hid.ts';

const sources: ReaderSource[] = [];
afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.close()));
});

function look(transport: HidTransport, options: ReaderSourceOptions = {}) {
  const source = createReaderSource(transport, options);
  sources.push(source);
  const seen: (readonly ReaderInfo[])[] = [];
  source.watch((readers) => seen.push(readers));
  const next = async (count: number): Promise<readonly ReaderInfo[]> => {
    while (seen.length < count) await sleep(2);
    return seen[count - 1] ?? [];
  };
  return { source, seen, next };
}

describe('fingerprint readers that come and go', () => {
  test('a reader is found, lost when it is unplugged, and found again without a restart', async () => {
    const key = VirtualBioKey.create({ fingers: ['right index'] });
    const { source, next } = look(key.transport);
    expect(source.readers()).toEqual([]);
    const [info] = await next(1);
    expect(info).toMatchObject({ name: 'Countersign virtual bio key', assurance: 'signed-by-reader', aaguid: demoAaguid });
    key.unplug();
    expect(await next(2)).toEqual([]);
    await expect(source.open(info?.id ?? '')).rejects.toMatchObject({ code: 'reader-lost' });
    key.plug();
    expect(await next(3)).toEqual([info]);
    const reader = await source.open(info?.id ?? '');
    expect(await reader.triesLeft()).toBe(3);
  });

  test('closing the source closes the readers that it opened', async () => {
    const key = VirtualBioKey.create({ fingers: ['right index'] });
    const { source, next } = look(key.transport);
    const [info] = await next(1);
    const reader = await source.open(info?.id ?? '');
    await source.close();
    await expect(reader.triesLeft()).rejects.toMatchObject({ code: 'reader-lost' });
    await expect(source.open(info?.id ?? '')).rejects.toMatchObject({ code: 'reader-lost' });
  });

  test('a security key without a sensor is not offered as a reader, and is no trouble', async () => {
    const hid = new ScriptedHid();
    const troubles: unknown[] = [];
    const info = `00a30181684649444f5f325f300350${'00'.repeat(16)}04a169636c69656e7450696ef5`;
    hid.onMessage = () => hid.send(hidCommand.cbor, Buffer.from(info, 'hex'));
    const { source } = look(hid.transport, { onTrouble: (error) => troubles.push(error) });
    while (hid.count(hidCommand.cbor) === 0) await sleep(2);
    await sleep(30);
    expect(source.readers()).toEqual([]);
    expect(troubles).toEqual([]);
  });

  test('a key that does not answer is reported once and asked again until it does', async () => {
    const key = VirtualBioKey.create({ fingers: ['right index'] });
    let refusals = 3;
    const open: HidTransport['open'] = (path, listener) => {
      refusals -= 1;
      return refusals >= 0 ? Promise.reject(new DeviceError('device-error', 'no permission')) : key.transport.open(path, listener);
    };
    const troubles: unknown[] = [];
    const { next } = look(
      { ...key.transport, open },
      { probeAgainMs: 10, onTrouble: (error, name) => troubles.push([String(error), name]) },
    );
    expect(await next(1)).toHaveLength(1);
    expect(refusals).toBeLessThan(0);
    expect(troubles).toEqual([['DeviceError: no permission', 'Countersign virtual bio key']]);
  });

  test('a machine whose HID library is missing still starts, and says what is missing', async () => {
    const missing = new DeviceError('device-error', 'libudev is missing');
    const troubles: unknown[] = [];
    const transport: HidTransport = {
      list: () => Promise.reject(missing),
      open: () => Promise.reject(missing),
      watch: () => () => undefined,
    };
    const { source } = look(transport, { onTrouble: (error) => troubles.push(error) });
    while (troubles.length === 0) await sleep(2);
    expect(source.readers()).toEqual([]);
    expect(troubles).toEqual([missing]);
  });
});

describe('hidraw on this machine', () => {
  test('the keys that are plugged in are listed without a fault', async () => {
    for (const info of await createHidrawTransport().list()) {
      expect(info).toEqual(expect.objectContaining({ path: expect.stringMatching(/./) as string, vendorId: expect.any(Number) as number }));
    }
  });

  test('a path that is no device is a reader that is lost', async () => {
    const listener = { onReport: () => undefined, onGone: () => undefined };
    await expect(createHidrawTransport().open('/dev/hidraw-none', listener)).rejects.toMatchObject({ code: 'reader-lost' });
  });
});
