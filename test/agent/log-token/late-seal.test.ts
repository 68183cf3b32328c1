/** What a running station does while the token with its log key does not sign: staff are told, a visit comes to its end, and none begins after it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { retryMs } from '../../../agent/log/seal.ts';
import type { PinSource } from '../../../agent/log-token/pins.ts';
import { type Station, startStation } from '../../../agent/main.ts';
import { graceMs } from '../../../agent/signing/late-seal.ts';
import { makeStation, newConfig } from '../../../agent/station.ts';
import { credential, type LogToken, makeLogToken, tokenLabel, typing } from '../../support/log-token.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const hourMs = 3_600_000;
const patience = { timeout: 30_000 };
const name = 'branch-12.example.org';

let token: LogToken;
let folder: string;
let clock: SimulatedClock;
let station: Station;
const told: string[] = [];
const faults: unknown[] = [];
beforeAll(async () => {
  token = await makeLogToken();
  folder = await mkdtemp(join(tmpdir(), 'late-seal-'));
  const config = newConfig({ name, rpId: 'example.org', port: 0, modules: [token.module], demo: false });
  await makeStation(folder, config, { module: token.module, token: tokenLabel, pins: typing(token.hsm.pin) });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await token.remove();
});
afterEach(() => station.close());

async function start(pins: PinSource): Promise<void> {
  told.length = faults.length = 0;
  await token.shim.order({});
  clock = new SimulatedClock(Date.now());
  station = await startStation({
    data: folder,
    secrets: { passphrase: () => Promise.reject(new Error('there is no file')), pins },
    onFault: (error) => faults.push(error),
    onSeal: (sentence) => told.push(sentence),
    sealClock: clock,
  });
}
const screen = (): string => station.visit.message().state.screen;
const isTold = (text: string): Promise<void> => expect.poll(() => told.at(-1), patience).toContain(text);

it('a visit that is going on comes to its end, and then the station is out of service', async () => {
  await start(typing(token.hsm.pin));
  expect(station.visit.act({ type: 'begin' })).toBe(true);
  expect(screen()).toBe('insert-card');
  await token.shim.order({ C_Sign: 'crash' });
  clock.pass(hourMs);
  await isTold(
    'its PIN was typed and is not kept, so start the station again and type it. The station stops as soon as no visit is going on.',
  );
  const { seq } = await station.recorder.record({ op: 'token-out', operation: 'op-1', actor: { id: 'h-1', role: 'holder' } });
  expect(seq).toBeGreaterThan(2);
  expect({ screen: screen(), faults }).toEqual({ screen: 'insert-card', faults: [] });
  expect(station.visit.act({ type: 'cancel' })).toBe(true);
  await expect.poll(() => faults, patience).toMatchObject([{ name: 'NotSigned' }]);
  expect(station.visit.message().state).toMatchObject({ screen: 'trouble', problem: 'fault' });
});

it('a token that comes back in time stops nothing', async () => {
  await start(credential(token.hsm.pin));
  await token.away();
  clock.pass(hourMs);
  await isTold('is not there (module hsm). This is tried again every minute.');
  await token.back();
  clock.pass(retryMs);
  await isTold('The log is sealed again.');
  clock.pass(graceMs);
  expect({ told: told.length, faults, screen: screen() }).toEqual({ told: 2, faults: [], screen: 'start' });
});

it('one that stays away stops an idle station after its grace', async () => {
  await start(credential(token.hsm.pin));
  await token.away();
  clock.pass(hourMs);
  await isTold('This is tried again every minute.');
  clock.pass(graceMs - 1);
  expect(faults).toEqual([]);
  clock.pass(1);
  await expect.poll(() => faults, patience).toMatchObject([{ name: 'NotSigned' }]);
  await token.back();
});

it('a station whose key is a file needs no module for it (control)', async () => {
  const data = await mkdtemp(join(tmpdir(), 'late-seal-file-'));
  const modules = [{ name: 'hsm', path: '/nowhere/libnothing.so' }];
  await makeStation(data, newConfig({ name, rpId: 'example.org', port: 0, modules, demo: false }), 'unwrapped');
  clock = new SimulatedClock(Date.now());
  faults.length = 0;
  const secrets = { passphrase: () => Promise.reject(new Error('it is not wrapped')), pins: typing('000000') };
  station = await startStation({ data, secrets, onFault: (error) => faults.push(error), sealClock: clock });
  const before = station.visit.message().station.logSize;
  clock.pass(hourMs);
  await expect.poll(() => clock.due, patience).toEqual([hourMs]);
  expect(faults).toEqual([]);
  expect(await readFile(join(data, 'station.json'), 'utf8')).not.toContain('logKey');
  station.visit.stationChanged();
  expect(station.visit.message().station.logSize).toBe(before + 1);
  await station.close();
  await rm(data, { recursive: true, force: true });
});
