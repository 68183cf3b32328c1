/** Seals by a real token, while it is taken away, while its module crashes, hangs or lies, and when nobody is there to type its PIN. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openForReading } from '../../../agent/log/database.ts';
import { toHex } from '../../../agent/log/entry.ts';
import { keyMade } from '../../../agent/log/log-key.ts';
import type { NotSigned } from '../../../agent/log/note-key.ts';
import { readCheckpoints, readNodeRows } from '../../../agent/log/read-tree.ts';
import { readRows } from '../../../agent/log/schema.ts';
import { retryMs, startSealing } from '../../../agent/log/seal.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { verify } from '../../../agent/log/verify.ts';
import { type MadeTokenKey, makeTokenKey } from '../../../agent/log-token/make.ts';
import type { PinSource } from '../../../agent/log-token/pins.ts';
import { openTokenSigner, type TokenSigner } from '../../../agent/log-token/signer.ts';
import { makeStationLog, numbered, origin, type StationLog } from '../../support/log/station-log.ts';
import { credential, type LogToken, makeLogToken, tokenLabel, typing } from '../../support/log-token.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const hourMs = 3_600_000;
const patience = { timeout: 30_000 };

let token: LogToken;
let made: MadeTokenKey;
let log: StationLog;
let store: LogStore;
let signer: TokenSigner;
let clock: SimulatedClock;
let stop: () => Promise<void>;
const missed: (NotSigned | undefined)[] = [];
const faults: unknown[] = [];

beforeAll(async () => {
  token = await makeLogToken();
  made = await makeTokenKey({ module: token.module, token: tokenLabel, pins: typing(token.hsm.pin) }, origin);
  await made.close();
});
afterAll(() => token.remove());
beforeEach(async () => {
  await token.shim.order({});
  log = await makeStationLog();
  store = await log.open();
  await store.append(keyMade(made.key));
  missed.length = faults.length = 0;
  clock = new SimulatedClock(Date.parse('2026-03-01T08:00:00.000Z'));
});
afterEach(async () => {
  await stop();
  await signer.close();
  expect(await judge()).toBe('intact');
  await store.close();
  await log.remove();
  expect(faults).toEqual([]);
});

/** The public key that the log says. */
const said = (): string => toHex(made.key.signer.verifier.publicKey);

/** Starts sealing; the first seal is due in an hour. */
async function begin(pins: PinSource, sign = 15_000): Promise<void> {
  const { settings } = made;
  signer = await openTokenSigner({ origin, module: token.module, settings, pins, deadlines: { sign } }, said());
  stop = startSealing(
    store,
    signer,
    hourMs,
    new Date(clock.now).toISOString(),
    (error) => faults.push(error),
    clock,
    (one) => missed.push(one),
  );
}

async function judge(): Promise<string> {
  const database = await openForReading(log.file);
  try {
    const beside = { nodes: readNodeRows(database, log.file), checkpoints: readCheckpoints(database, log.file) };
    return (await verify(readRows(database, log.file), undefined, beside)).verdict;
  } finally {
    await database.close();
  }
}

const seals = async (): Promise<number> => (await store.entries({ op: 'seal' })).length;
/** Lets time pass to the next seal and waits until it was made or missed. */
async function sealDue(ms = hourMs): Promise<NotSigned | undefined> {
  const { length } = missed;
  clock.pass(ms);
  await expect.poll(() => missed.length, patience).toBe(length + 1);
  return missed.at(-1);
}

describe('a log is sealed by its token', () => {
  it('every hour, under one login', async () => {
    await begin(typing(token.hsm.pin));
    await token.shim.forget();
    for (const hour of [1, 2, 3]) {
      expect(await sealDue()).toBeUndefined();
      expect(await seals()).toBe(hour);
    }
    const calls = await token.shim.calls();
    expect(calls.filter((name) => name === 'C_Sign')).toHaveLength(3);
    expect(calls).not.toContain('C_Login');
  });

  it('again when it is back: meanwhile entries are taken, and it is tried every minute', async () => {
    await begin(credential(token.hsm.pin));
    await token.away();
    expect(await sealDue()).toMatchObject({ again: true, message: expect.stringContaining('is not there') as unknown });
    await store.append(numbered(1));
    expect(clock.due).toEqual([retryMs]);
    expect(await sealDue(retryMs)).toMatchObject({ again: true });
    expect(await seals()).toBe(0);
    await token.back();
    expect(await sealDue(retryMs)).toBeUndefined();
    expect({ seals: await seals(), due: clock.due }).toEqual({ seals: 1, due: [hourMs] });
  });

  it.each(['crash', 'hang'] as const)(
    'though its module does %s once: another process takes its place before the seal is missed',
    async (act) => {
      await begin(credential(token.hsm.pin), act === 'hang' ? 4000 : 15_000);
      await token.shim.forget();
      await token.shim.order({ C_Sign: { nth: 1, act } });
      expect(await sealDue()).toBeUndefined();
      expect(await seals()).toBe(1);
      const calls = await token.shim.calls();
      expect(calls.filter((name) => name === 'C_Sign' || name === 'C_Login')).toEqual(['C_Sign', 'C_Login', 'C_Sign']);
    },
  );

  it('not while its module crashes each time; it is told, and tried again', async () => {
    await begin(credential(token.hsm.pin));
    await token.shim.order({ C_Sign: 'crash' });
    expect(await sealDue()).toMatchObject({ again: true, message: expect.stringContaining('the module hsm, behind which') as unknown });
    expect({ seals: await seals(), due: clock.due }).toEqual({ seals: 0, due: [retryMs] });
    await token.shim.order({});
    expect(await sealDue(retryMs)).toBeUndefined();
  });

  it('no more when a process that knew a typed PIN is gone: nobody is there to type it again', async () => {
    await begin(typing(token.hsm.pin));
    await token.shim.order({ C_Sign: 'crash' });
    expect(await sealDue()).toMatchObject({
      again: false,
      message: expect.stringContaining('its PIN was typed and is not kept') as unknown,
    });
    expect({ seals: await seals(), due: clock.due }).toEqual({ seals: 0, due: [] });
  });

  it('no more when the PIN in the credential is wrong by then, which is tried once', async () => {
    const pins: PinSource = { ...typing(token.hsm.pin), again: () => credential('999999').again() };
    await begin(pins);
    await token.shim.forget();
    await token.shim.order({ C_Sign: { nth: 1, act: 'crash' } });
    expect(await sealDue()).toMatchObject({ again: false, message: expect.stringContaining('says that the PIN is wrong') as unknown });
    expect((await token.shim.calls()).filter((name) => name === 'C_Login')).toHaveLength(1);
    expect(clock.due).toEqual([]);
    // A right PIN clears what the token remembers.
    await signer.close();
    await begin(typing(token.hsm.pin));
  });

  it('never with a signature that its key does not confirm: nothing is stored', async () => {
    await begin(credential(token.hsm.pin));
    await token.shim.order({ C_Sign: 'flip' });
    expect(await sealDue()).toMatchObject({ again: false, message: expect.stringContaining('not by the key of the log') as unknown });
    expect({ seals: await seals(), due: clock.due }).toEqual({ seals: 0, due: [] });
  });

  it('never with another key that was put in its place', async () => {
    await begin(credential(token.hsm.pin));
    const other = await makeTokenKey({ module: token.module, token: tokenLabel, pins: typing(token.hsm.pin) }, origin);
    await other.close();
    const exchanged = { ...made.settings, key: other.settings.key };
    const open = openTokenSigner({ origin, module: token.module, settings: exchanged, pins: credential(token.hsm.pin) }, said());
    await expect(open).rejects.toMatchObject({
      again: false,
      message: expect.stringContaining('not the one that the log says') as unknown,
    });
  });
});
