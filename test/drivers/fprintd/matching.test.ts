/** fprintd and libfprint as Debian ships them, with ridges drawn for the test: whether a finger matches is decided by their own matcher. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MatchingReader, ScanFeedback } from '../../../drivers/fingerprint.ts';
import type { FprintSource } from '../../../drivers/fprintd/source.ts';
import { finger, touch } from '../../support/fprintd/print.ts';
import { PrivateBus } from '../../support/fprintd/private-bus.ts';
import { enrol, openReader, tryFinger } from '../../support/fprintd/reader-at.ts';
import { retry } from '../../support/fprintd/sensor.ts';

const anna = 'a0000000000000000000000000000001';
const boris = 'b0000000000000000000000000000002';
const right = finger(7, 'whorl');
const left = finger(8, 'loop');
const askew = { dx: 0.4, dy: -0.5, degrees: 7, noise: 0.25, seed: 99 };

let bus: PrivateBus;
let source: FprintSource;
let reader: MatchingReader;

beforeAll(async () => {
  bus = await PrivateBus.start();
  ({ source, reader } = await openReader(bus));
});
afterAll(async () => {
  await source.close();
  await bus.stop();
});

describe('a reader that fprintd knows', () => {
  it('is listed with its name, and with whose word its matches are', () => {
    expect(source.readers()).toMatchObject([{ name: 'Virtual image device for debugging', assurance: 'station-asserted' }]);
    expect(reader.info).toEqual(source.readers()[0]);
  });

  it('knows no finger of a person who was never enrolled, and compares with none', async () => {
    expect(await reader.fingers(anna)).toEqual([]);
    const asked = tryFinger(reader, { user: anna, finger: 'right-index-finger' }, () => Promise.resolve());
    await expect(asked).rejects.toMatchObject({ code: 'no-usable-key' });
  });

  it('enrols two fingers scan by scan, and tells which scans do not count and why', async () => {
    const stages: unknown[] = [];
    const said: ScanFeedback[] = [];
    const failures = [retry.general, retry.tooShort, retry.offCentre, retry.removeFinger];
    let scans = 0;
    await reader.enrol(
      { user: anna, finger: 'right-index-finger' },
      {
        onStage: (passed, of) => stages.push([passed, of]),
        onFeedback: (feedback) => said.push(feedback),
        onPrompt: () => {
          scans += 1;
          const failure = scans % 2 === 0 ? failures.shift() : undefined;
          void (failure === undefined ? bus.sensor.lay(touch(right, { degrees: scans % 3, seed: scans })) : bus.sensor.fail(failure));
        },
      },
    );
    expect(stages).toEqual([1, 2, 3, 4, 5, 6].map((passed) => [passed, 6]));
    expect(said.map(({ kind }) => kind)).toEqual(['scan-again', 'swipe-too-short', 'not-centred', 'lift-finger']);
    await enrol(bus, reader, { user: anna, finger: 'left-index-finger' }, left);
    expect([...(await reader.fingers(anna))].sort()).toEqual(['left-index-finger', 'right-index-finger']);
    expect(await reader.fingers(boris)).toEqual([]);
  });
});

describe('a finger that was enrolled', () => {
  it('matches when it lies askew, and the answer says which finger at which reader', async () => {
    const before = Date.now();
    const match = await tryFinger(reader, { user: anna, finger: 'right-index-finger' }, () => bus.sensor.lay(touch(right, askew)));
    expect(match).toMatchObject({
      assurance: 'station-asserted',
      device: 'Virtual image device for debugging',
      finger: 'right-index-finger',
    });
    expect(match.at.getTime()).toBeGreaterThanOrEqual(before);
    expect(match.at.getTime()).toBeLessThanOrEqual(Date.now());
    expect(Object.keys(match).sort()).toEqual(['assurance', 'at', 'device', 'finger']);
  });

  it.each([
    ['another finger of the same pattern', finger(9, 'whorl')],
    ['a finger of another pattern', finger(10, 'arch')],
    ['the other enrolled finger of the same person', left],
  ])('is not matched by %s', async (_, other) => {
    const asked = tryFinger(reader, { user: anna, finger: 'right-index-finger' }, () => bus.sensor.lay(touch(other, askew)));
    await expect(asked).rejects.toMatchObject({ code: 'not-matched', origin: { kind: 'fprintd', value: 'verify-no-match' } });
  });

  it('does not match for another person', async () => {
    await enrol(bus, reader, { user: boris, finger: 'right-index-finger' }, finger(11, 'arch'));
    const asked = tryFinger(reader, { user: boris, finger: 'right-index-finger' }, () => bus.sensor.lay(touch(right)));
    await expect(asked).rejects.toMatchObject({ code: 'not-matched' });
    const own = await tryFinger(reader, { user: boris, finger: 'right-index-finger' }, () =>
      bus.sensor.lay(touch(finger(11, 'arch'), askew)),
    );
    expect(own.finger).toBe('right-index-finger');
  });

  it('is asked for again after each scan that does not count', async () => {
    const said: ScanFeedback[] = [];
    const failures = [retry.general, retry.tooShort, retry.offCentre, retry.removeFinger];
    const next = (): Promise<void> => {
      const failure = failures.shift();
      return failure === undefined ? bus.sensor.lay(touch(right)) : bus.sensor.fail(failure);
    };
    await tryFinger(reader, { user: anna, finger: 'right-index-finger' }, next, { onFeedback: (feedback) => said.push(feedback) });
    expect(said.map(({ kind }) => kind)).toEqual(['scan-again', 'swipe-too-short', 'not-centred', 'lift-finger']);
  });

  it('is deleted, and the others stay', async () => {
    await reader.remove({ user: anna, finger: 'left-index-finger' });
    await reader.remove({ user: anna, finger: 'left-index-finger' });
    expect(await reader.fingers(anna)).toEqual(['right-index-finger']);
    expect(await reader.fingers(boris)).toEqual(['right-index-finger']);
    const asked = tryFinger(reader, { user: anna, finger: 'left-index-finger' }, () => Promise.resolve());
    await expect(asked).rejects.toMatchObject({ code: 'no-usable-key' });
  });
});

describe('nobody is searched for', () => {
  it.each([
    ['any finger', { user: anna, finger: 'any' }],
    ['the user who runs the station', { user: '', finger: 'right-index-finger' }],
    ['a name that is a path', { user: '../../../tmp', finger: 'right-index-finger' }],
  ])('%s is refused before fprintd hears of it', async (_, whose) => {
    await expect(reader.verify(whose as Parameters<MatchingReader['verify']>[0])).rejects.toThrow(RangeError);
  });
});
