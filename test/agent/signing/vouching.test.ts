/** Whether a vouch counts at the counter: what the station takes is what the second implementation accepts, also when somebody sets the clock. */
import { createHash } from 'node:crypto';
import { afterAll, beforeEach, expect, it } from 'vitest';
import type { LogEntry } from '../../../agent/log/entry.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { vouchOps, Vouches } from '../../../agent/people/vouches.ts';
import type { HolderKey } from '../../../agent/signing/model.ts';
import { Vouching } from '../../../agent/signing/vouching.ts';
import { Holders } from '../../support/holders.ts';
import { makeMember } from '../../support/log/staff.ts';
import { statedIn } from '../../support/log/stated.ts';
import { makeStationLog, numbered, type StationLog } from '../../support/log/station-log.ts';
import { firstKey } from '../../support/signing/visit-facts.ts';

const holders = new Holders();
afterAll(() => holders.end());
const clerk = makeMember('clerk-7', 'clerk');

/** A holder with a real certificate. */
function holderKey(): HolderKey {
  const { certificate } = holders.holder('P-256');
  return { ...firstKey, certificate, certificateSha256: createHash('sha256').update(certificate).digest('hex') };
}

/** A clock that is set by hand. */
class HandClock {
  set = Date.parse('2026-01-01T12:00:00.000Z');
  #mono = 0;
  pass(ms: number): void {
    this.set += ms;
    this.#mono += ms;
  }
  wall = (): number => this.set;
  monotonic = (): number => this.#mono;
  get now(): Date {
    return new Date(this.set);
  }
}

let clock: HandClock;
let log: StationLog;
let store: LogStore;
const key = holderKey();

beforeEach(async () => {
  clock = new HandClock();
  log = await makeStationLog({ clock });
  store = await log.open({ clock });
  return async () => {
    await store.close();
    await log.remove();
  };
});

const vouch = (minutes = 30, subject = key.enrolled.subject): Promise<LogEntry> =>
  store.append(
    statedIn(store, clerk, 'vouch', {
      subject,
      holder_certificate_sha256: key.certificateSha256,
      identified: 'known-in-person',
      reason: 'finger-disabled',
      until: new Date(clock.set + minutes * 60_000).toISOString(),
    }),
  );

/** What a start of the agent reads. */
async function started(): Promise<Vouching> {
  const vouches = new Vouches();
  for (const entry of await store.entries({ op: vouchOps })) vouches.take(entry);
  return new Vouching(store, vouches);
}

it('is offered for its card alone, and counts for the consent that follows', async () => {
  const { seq } = await vouch();
  clock.pass(1000);
  const vouching = await started();
  const offered = vouching.offer(key, clock.now).vouch;
  expect(offered).toMatchObject({ seq, by: { id: 'clerk-7' } });
  expect(vouching.offer({ ...key, certificateSha256: '9'.repeat(64) }, clock.now)).not.toHaveProperty('vouch');
  const consent = await store.append(numbered(1));
  if (offered === undefined) throw new Error('no vouch');
  expect(await vouching.counts(offered, consent, key)).toBe(true);
  // Enrolled anew since: another pseudonym.
  const anew = { ...key, enrolled: { ...key.enrolled, subject: 'cd'.repeat(16) } };
  expect(vouching.offer(anew, clock.now)).not.toHaveProperty('vouch');
  expect(await vouching.counts(offered, consent, anew)).toBe(false);
});

it('lapses: what was entered after its time is no consent that it counts for', async () => {
  await vouch(30);
  const vouching = await started();
  clock.pass(30 * 60_000);
  const offered = vouching.offer(key, clock.now).vouch;
  const inTime = await store.append(numbered(1));
  clock.pass(1);
  const late = await store.append(numbered(2));
  if (offered === undefined) throw new Error('no vouch');
  expect(await vouching.counts(offered, inTime, key)).toBe(true);
  expect(await vouching.counts(offered, late, key)).toBe(false);
  expect(vouching.offer(key, clock.now)).not.toHaveProperty('vouch');
});

it('counts no more when the clock was set before the consent, also while the agent runs', async () => {
  await vouch();
  const vouching = await started();
  clock.pass(1000);
  const offered = vouching.offer(key, clock.now).vouch;
  const before = await store.append(numbered(1));
  clock.set -= 500;
  const after = await store.append(numbered(2));
  if (offered === undefined) throw new Error('no vouch');
  expect((await store.entries({ op: 'clock-changed' })).length).toBe(1);
  expect(await vouching.counts(offered, before, key)).toBe(true);
  expect(await vouching.counts(offered, after, key)).toBe(false);
  expect((await started()).offer(key, clock.now)).not.toHaveProperty('vouch');
});
