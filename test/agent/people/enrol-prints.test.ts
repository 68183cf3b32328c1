/** Enrolment at a reader that does not sign, on fprintd itself: two fingers or more, each of them tried, and nothing left of one that failed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrol } from '../../../agent/commands/enrol.ts';
import { enrolAsserted, fingersIn, mustTakeStationsWord } from '../../../agent/commands/enrol-asserted.ts';
import { WrongUsage } from '../../../agent/commands/arguments.ts';
import type { EventOf } from '../../../agent/log/events.ts';
import type { EnrolledPrints } from '../../../agent/people/enrolment.ts';
import { StartRefused } from '../../../agent/refusals.ts';
import { newConfig } from '../../../agent/station.ts';
import type { FingerName, MatchingReader } from '../../../drivers/fingerprint.ts';
import type { FprintSource } from '../../../drivers/fprintd/source.ts';
import { finger, type Finger, touch } from '../../support/fprintd/print.ts';
import { PrivateBus } from '../../support/fprintd/private-bus.ts';
import { firstReader, openReader } from '../../support/fprintd/reader-at.ts';
import { call, makeKeyedStation } from '../../support/keyed-station.ts';

const right = finger(7);
const left = finger(8, 'loop');
const stranger = finger(9);
const certificateSha256 = 'c'.repeat(64);
const actor = { id: 'terminal', role: 'clerk' } as const;

let bus: PrivateBus;
let source: FprintSource;
beforeAll(async () => {
  bus = await PrivateBus.start();
  ({ source } = await openReader(bus, { touchMs: 5000 }));
});
afterAll(async () => {
  await source.close();
  await bus.stop();
});

/** Enrols with a hand that lays `hand` down whenever the sensor waits; `users` are the pseudonyms that the reader heard. */
async function enrolWith(
  hand: (what: 'enrol' | 'check', which: FingerName) => Finger,
  { before, fails = false, stopAt }: { readonly before?: EnrolledPrints; readonly fails?: boolean; readonly stopAt?: string } = {},
) {
  const reader = await source.open(await firstReader(source));
  const users = new Set<string>();
  const lines: string[] = [];
  const events: EventOf<'enrol'>[] = [];
  let scans = 0;
  const lay = (one: Finger) => (): void => {
    scans += 1;
    void bus.sensor.lay(touch(one, { degrees: scans % 4, seed: scans }));
  };
  const handed: MatchingReader = {
    info: reader.info,
    fingers: reader.fingers.bind(reader),
    remove: reader.remove.bind(reader),
    close: reader.close.bind(reader),
    enrol: (whose, call) => {
      users.add(whose.user);
      return reader.enrol(whose, { ...call, onPrompt: lay(hand('enrol', whose.finger)) });
    },
    verify: (whose, call) => reader.verify(whose, { ...call, onPrompt: lay(hand('check', whose.finger)) }),
  };
  const order = { reader: handed, fingers: ['right-thumb', 'left-thumb'], certificateSha256, actor, before: [before] } as const;
  const append = (event: EventOf<'enrol'>): Promise<void> => {
    if (fails) return Promise.reject(new Error('the disk is full'));
    events.push(event);
    return Promise.resolve();
  };
  const controller = new AbortController();
  const err = (line: string): void => {
    lines.push(line);
    if (line === stopAt) controller.abort();
  };
  const outcome = await enrolAsserted(order, append, { out: () => undefined, err }, controller.signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  const [user = ''] = users;
  const looking = await source.open(await firstReader(source));
  const kept = await looking.fingers(user).finally(() => looking.close());
  return { outcome, user, kept, events, lines };
}

const own = (_: string, which: FingerName): Finger => (which === 'right-thumb' ? right : left);

describe('an enrolment of two fingers', () => {
  it('keeps both under a random pseudonym, tells each scan, and says that the word is the station’s', async () => {
    const { outcome, user, kept, events, lines } = await enrolWith(own);
    expect(outcome).toBeUndefined();
    expect(user).toMatch(/^[0-9a-f]{32}$/);
    expect([...kept].sort()).toEqual(['left-thumb', 'right-thumb']);
    expect(events).toEqual([
      {
        op: 'enrol',
        actor,
        subject: user,
        certificate_sha256: certificateSha256,
        assurance: 'station-asserted',
        reader: 'Virtual image device for debugging',
        fingers: ['right-thumb', 'left-thumb'],
      },
    ]);
    expect(lines.filter((line) => line.includes('of 6 taken'))).toHaveLength(12);
    expect(lines[0]).toContain('does not sign');

    // The same fingers for another card: refused as long as these are kept, and nothing of the attempt stays.
    const refused = await enrolWith(own);
    expect(refused).toMatchObject({ outcome: { code: 'device-error', origin: { value: 'enroll-duplicate' } }, kept: [], events: [] });
    // The next enrolment takes the place of this one, prints and all.
    const before = { assurance: 'station-asserted', certificateSha256, subject: user, fingers: ['right-thumb', 'left-thumb'] } as const;
    const second = await enrolWith(own, { before });
    expect(second.kept).toHaveLength(2);
    const looking = await source.open(await firstReader(source));
    expect(await looking.fingers(user)).toEqual([]);
    await looking.remove({ user: second.user, finger: 'right-thumb' });
    await looking.remove({ user: second.user, finger: 'left-thumb' });
    await looking.close();
  }, 30_000);

  it('in which another finger is laid down for the check leaves nothing', async () => {
    const { outcome, kept, events } = await enrolWith((what, which) =>
      what === 'check' && which === 'left-thumb' ? stranger : own('', which),
    );
    expect(outcome).toMatchObject({ code: 'not-matched' });
    expect({ kept, events }).toEqual({ kept: [], events: [] });
  }, 30_000);

  it('that is called off with Ctrl+C between two scans ends at once and leaves nothing', async () => {
    const { outcome, kept, events, lines } = await enrolWith(own, { stopAt: 'Scan 3 of 6 taken.' });
    expect(outcome).toMatchObject({ code: 'cancelled' });
    expect({ kept, events }).toEqual({ kept: [], events: [] });
    expect(lines.at(-1)).toBe('Scan 3 of 6 taken.');
  }, 30_000);

  it('that cannot be written into the log leaves nothing', async () => {
    const { outcome, kept } = await enrolWith(own, { fails: true });
    expect(outcome).toMatchObject({ message: 'the disk is full' });
    expect(kept).toEqual([]);
  }, 30_000);
});

describe('what the terminal is asked for', () => {
  it('names two different fingers or more', () => {
    expect(fingersIn(['left-thumb', 'right-thumb', 'right-ring-finger'])).toEqual(['left-thumb', 'right-thumb', 'right-ring-finger']);
    for (const wrong of ['left-thumb', 'left-thumb,left-thumb', 'left-thumb,any', '', 'left-thumb,']) {
      expect(() => fingersIn(wrong.split(',')), wrong).toThrow(WrongUsage);
    }
  });

  it('is refused before anything is opened when it does not fit, or the station does not take its own word', async () => {
    for (const args of [
      ['--fingers', 'left-thumb,right-thumb'],
      ['--replaces', 'aa'],
      ['--station-asserted', '--fingers', 'any,left-thumb'],
    ]) {
      expect(await call(enrol, ...args), args.join(' ')).toMatchObject({ code: 2, out: '' });
    }
    const station = await makeKeyedStation();
    const { code, err } = await call(enrol, '--station-asserted', '--data', station.data);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('does not take its own word for a finger') as string });
    await station.remove();
  });

  it('is refused where the station does not take its own word, and in a demo', () => {
    const config = newConfig({ name: 'branch-12.example.org', rpId: 'example.org', port: 0, modules: [], demo: false });
    expect(() => mustTakeStationsWord(config)).toThrow(StartRefused);
    expect(() => mustTakeStationsWord({ ...config, fingerprint: { stationAsserted: 'refuse' } })).toThrow(StartRefused);
    expect(() => mustTakeStationsWord({ ...config, fingerprint: { stationAsserted: 'accept' }, demo: true })).toThrow(StartRefused);
    expect(() => mustTakeStationsWord({ ...config, fingerprint: { stationAsserted: 'accept' } })).not.toThrow();
  });
});
