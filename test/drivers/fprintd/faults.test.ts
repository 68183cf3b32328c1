/** What goes wrong between a finger and its match: each ends in a named error in time, and none of them in a match. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeviceError } from '../../../drivers/errors.ts';
import type { MatchingReader } from '../../../drivers/fingerprint.ts';
import { type BusSignal, SystemBus } from '../../../drivers/fprintd/bus.ts';
import { FprintSource } from '../../../drivers/fprintd/source.ts';
import { finger, touch } from '../../support/fprintd/print.ts';
import { PrivateBus } from '../../support/fprintd/private-bus.ts';
import { enrol, firstReader, openReader, tryFinger } from '../../support/fprintd/reader-at.ts';

const whose = { user: 'a0000000000000000000000000000001', finger: 'right-index-finger' } as const;
const right = finger(7);
const other = finger(9);

let bus: PrivateBus;
let source: FprintSource;
let reader: MatchingReader;
/** What the source said it has trouble with. */
let troubles: DeviceError[];

beforeEach(async () => {
  bus = await PrivateBus.start();
  troubles = [];
  ({ source, reader } = await openReader(bus, {
    answerMs: 1000,
    startMs: 1000,
    touchMs: 5000,
    onTrouble: (error) => troubles.push(error),
  }));
});
afterEach(async () => {
  await source.close();
  await bus.stop();
});

/** Begins a try, does `act` once the sensor waits, and tells how it ended and how long after `act`. */
async function during(act: () => unknown, signal?: AbortSignal): Promise<{ readonly error: DeviceError; readonly ms: number }> {
  let began = 0;
  const onPrompt = (): void => {
    began = Date.now();
    void act();
  };
  const error = await reader.verify(whose, { onPrompt, ...(signal === undefined ? {} : { signal }) }).then(
    () => expect.unreachable('it matched'),
    (reason: unknown) => reason as DeviceError,
  );
  return { error, ms: Date.now() - began };
}

async function readersBecome(count: number): Promise<void> {
  const end = Date.now() + 5000;
  while (source.readers().length !== count) {
    if (Date.now() > end) throw new Error(`there are ${source.readers().length} readers`);
    await sleep(20);
  }
}

describe('while a finger is awaited', () => {
  beforeEach(() => enrol(bus, reader, whose, right));

  it('the reader is unplugged: reader-lost within a second, and it is listed no more', async () => {
    const { error, ms } = await during(() => bus.sensor.unplug());
    expect(error.code).toBe('reader-lost');
    expect(ms).toBeLessThan(1000);
    await readersBecome(0);
    await expect(source.open(reader.info.id)).rejects.toMatchObject({ code: 'reader-lost' });
  });

  it('the person cancels: cancelled at once, and the reader takes the next finger', async () => {
    const cancel = new AbortController();
    const { error, ms } = await during(() => cancel.abort(), cancel.signal);
    expect(error.code).toBe('cancelled');
    expect(ms).toBeLessThan(1000);
    expect((await tryFinger(reader, whose, () => bus.sensor.lay(touch(right)))).finger).toBe(whose.finger);
  });

  it('fprintd is killed: reader-lost within a second, and after its restart the finger is still enrolled', async () => {
    const { error, ms } = await during(() => bus.killFprintd());
    expect(error.code).toBe('reader-lost');
    expect(ms).toBeLessThan(1000);
    await expect(reader.fingers(whose.user)).rejects.toMatchObject({ code: 'reader-lost' });
    await readersBecome(0);
    await bus.startFprintd();
    const again = await source.open(await firstReader(source));
    expect((await tryFinger(again, whose, () => bus.sensor.lay(touch(right)))).finger).toBe(whose.finger);
  });

  it('the bus ends: reader-lost within a second', async () => {
    const { error, ms } = await during(() => bus.killBus());
    expect(error.code).toBe('reader-lost');
    expect(ms).toBeLessThan(1000);
    await readersBecome(0);
  });

  it('fprintd hangs: cancelling ends in time all the same, and the reader is let go', async () => {
    const cancel = new AbortController();
    const { error, ms } = await during(() => {
      bus.freezeFprintd();
      cancel.abort();
    }, cancel.signal);
    expect(error.code).toBe('cancelled');
    expect(ms).toBeLessThan(2500);
    bus.thawFprintd();
    // fprintd hears now that the one who had claimed the reader is gone.
    const again = await source.open(reader.info.id);
    const end = Date.now() + 5000;
    while ((await again.remove({ ...whose, finger: 'left-thumb' }).catch((reason: unknown) => (reason as DeviceError).code)) === 'busy') {
      if (Date.now() > end) throw new Error('the reader is not let go');
      await sleep(20);
    }
    expect((await tryFinger(again, whose, () => bus.sensor.lay(touch(right)))).finger).toBe(whose.finger);
  });

  it('the sensor breaks down: an error with what fprintd called it', async () => {
    const { error } = await during(() => bus.sensor.breakDown(0));
    expect(error).toMatchObject({ code: 'device-error', recover: 'ask-staff', origin: { kind: 'fprintd', value: 'verify-unknown-error' } });
  });

  it('nobody comes: touch-timeout', async () => {
    const { reader: patient, source: mine } = await openReader(bus, { touchMs: 300 });
    await expect(patient.verify(whose)).rejects.toMatchObject({ code: 'touch-timeout' });
    await mine.close();
  });

  it('another program wants the reader: busy, and so are two calls of our own', async () => {
    const second = await source.open(reader.info.id);
    const { error } = await during(async () => {
      await expect(second.verify(whose)).rejects.toMatchObject({ code: 'busy' });
      await expect(reader.fingers(whose.user)).resolves.toEqual([whose.finger]);
      await expect(reader.verify(whose)).rejects.toMatchObject({ code: 'busy' });
      await bus.sensor.lay(touch(other));
    });
    expect(error.code).toBe('not-matched');
  });

  it('another process says "matched" in the name of fprintd: nobody believes it', async () => {
    // A connection of ours beside the reader's shows that the forgery arrives where it is sent.
    const witness = await SystemBus.connect(bus.address, { deadlineMs: 5000 });
    const seen: BusSignal[] = [];
    witness.onSignal((signal) => seen.push(signal));
    const { error } = await during(async () => {
      for (let number = 0; number <= 20; number += 1) {
        await forge(`:1.${number}`, 'VerifyFingerSelected', [`string:${whose.finger}`]);
        await forge(`:1.${number}`, 'VerifyStatus', ['string:verify-match', 'boolean:true']);
      }
      await bus.sensor.lay(touch(other));
    });
    expect(error.code).toBe('not-matched');
    expect(seen.filter(({ member }) => member === 'VerifyStatus')).toMatchObject([{ body: ['verify-match', true] }]);
    witness.close();
  });

  async function forge(destination: string, member: string, args: readonly string[]): Promise<void> {
    const name = `net.reactivated.Fprint.Device.${member}`;
    const sent = spawn('dbus-send', [
      `--bus=${bus.address}`,
      '--type=signal',
      `--dest=${destination}`,
      '/net/reactivated/Fprint/Device/0',
      name,
      ...args,
    ]);
    await once(sent, 'close');
  }
});

describe('an enrolment', () => {
  it('that is cancelled half-way leaves nothing', async () => {
    const cancel = new AbortController();
    const enrolling = enrol(bus, reader, whose, right, { signal: cancel.signal, onStage: (passed) => passed === 3 && cancel.abort() });
    await expect(enrolling).rejects.toMatchObject({ code: 'cancelled' });
    expect(await reader.fingers(whose.user)).toEqual([]);
  });

  it('during which the reader is unplugged leaves nothing', async () => {
    const enrolling = reader.enrol(whose, { onPrompt: () => void bus.sensor.unplug() });
    await expect(enrolling).rejects.toMatchObject({ code: 'reader-lost' });
    expect(await reader.fingers(whose.user).catch(() => [])).toEqual([]);
  });
});

describe('before anything is asked', () => {
  it('fprintd hangs: an error within the time that was given', async () => {
    bus.freezeFprintd();
    const began = Date.now();
    await expect(reader.verify(whose)).rejects.toMatchObject({ code: 'device-error', recover: 'ask-staff' });
    expect(Date.now() - began).toBeLessThan(2000);
  });

  it('the call is cancelled already: fprintd hears nothing of it', async () => {
    await expect(reader.verify(whose, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('the reader was closed: reader-lost', async () => {
    await reader.close();
    await expect(reader.verify(whose)).rejects.toMatchObject({ code: 'reader-lost' });
  });

  it('fprintd ends and comes again: its reader leaves the list and comes back, and the trouble is told once', async () => {
    await bus.killFprintd();
    await readersBecome(0);
    await sleep(500);
    expect(troubles).toMatchObject([{ code: 'reader-lost', message: 'fprintd: fprintd does not run and cannot be started' }]);
    await bus.startFprintd();
    await readersBecome(1);
  });
});

describe('a computer without', () => {
  async function troubleAt(address: string): Promise<DeviceError> {
    let other: FprintSource | undefined;
    const told = await new Promise<DeviceError>((resolve) => {
      other = new FprintSource({ address, lookMs: 50, onTrouble: resolve });
    });
    expect(other?.readers()).toEqual([]);
    await other?.close();
    return told;
  }

  it('a system bus: no reader, and why', async () => {
    expect(await troubleAt('unix:path=/nonexistent/bus')).toMatchObject({
      code: 'reader-lost',
      message: 'the system bus: there is no system bus: ENOENT',
    });
  });

  it('fprintd: no reader, and why', async () => {
    const bare = await PrivateBus.start({ fprintd: false, polkit: false });
    expect(await troubleAt(bare.address)).toMatchObject({ message: 'fprintd: fprintd does not run and cannot be started' });
    await bare.stop();
  });

  it('polkitd: the reader is listed, and nothing may be done with it', async () => {
    const bare = await PrivateBus.start({ polkit: false });
    const { reader: refused, source: mine } = await openReader(bare);
    await expect(refused.verify(whose)).rejects.toMatchObject({
      code: 'device-error',
      recover: 'ask-staff',
      origin: { kind: 'dbus', value: 'net.reactivated.Fprint.Error.PermissionDenied' },
    });
    await mine.close();
    await bare.stop();
  });
});
