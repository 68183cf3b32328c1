/** The erasure of a person in a log as the station runs it: on whose word, and what is left of it in the bytes of the files. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeIdentity, recipientOf, x25519Identity, x25519Recipient } from '../../../agent/log/age-keys.ts';
import { openForReading } from '../../../agent/log/database.ts';
import type { LogEntry } from '../../../agent/log/entry.ts';
import { mustBeGrounded } from '../../../agent/log/erasure-grounds.ts';
import { erasePerson } from '../../../agent/log/erasing.ts';
import { appendPersonal } from '../../../agent/log/personal.ts';
import { verifyInclusion } from '../../../agent/log/proof.ts';
import { readKeyRows, readSealedRows } from '../../../agent/log/read-sealed.ts';
import { nodeReader, readRows } from '../../../agent/log/schema.ts';
import { grantStaff, giveTiers, makeSealing, readSealing, revokeStaff } from '../../../agent/log/staff-grants.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { unlockTiers } from '../../../agent/log/tier-keys.ts';
import { appendLeaves, emptyFrontier, inclusionProof, rootOf } from '../../../agent/log/tree.ts';
import { searchAndUnseal, unseal } from '../../../agent/log/unsealing.ts';
import { findGrants } from '../../../agent/log/vault.ts';
import { verify } from '../../../agent/log/verify.ts';
import { subjectOf } from '../../support/log/sealed-log.ts';
import { makeMember, type Member } from '../../support/log/staff.ts';
import { agree, askErasure, refuse, statedIn } from '../../support/log/stated.ts';
import { makeStationLog, numbered, signing, type StationLog } from '../../support/log/station-log.ts';

const [anna, boris] = [subjectOf('a'), subjectOf('b')];
const asker = makeMember('s-1', 'supervisor');
const agreer = makeMember('s-2', 'supervisor', 'P-384');
const request = (store: LogStore, subject: string) => askErasure(store, asker, subject);
const confirm = (store: LogStore, entry: LogEntry, who: Member = agreer) => agree(store, who, entry);

describe('on whose word a person is erased', () => {
  let log: StationLog;
  let store: LogStore;
  beforeAll(async () => {
    log = await makeStationLog();
    store = await log.open();
  });
  afterAll(async () => {
    await store.close();
    await log.remove();
  });
  const refusal = async (asked: number, agreed: number, subject = anna) => {
    try {
      mustBeGrounded(await store.entries(), { subject, request: asked, confirm: agreed });
      return 'granted';
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  };

  it('two persons with two certificates, of whom one asked and the other agreed to that', async () => {
    const asked = await request(store, anna);
    const agreed = await confirm(store, asked);
    expect(await refusal(asked.seq, agreed.seq)).toBe('granted');
    expect(await refusal(asked.seq, agreed.seq, boris)).toContain('of somebody else');
    expect(await refusal(agreed.seq, asked.seq)).toContain('is no request');
    expect(await refusal(asked.seq, asked.seq)).toContain('is no confirmation');
    const other = await request(store, anna);
    expect(await refusal(other.seq, agreed.seq)).toContain('does not confirm');
    const wrong = await confirm(store, { ...other, leaf: asked.leaf });
    expect(await refusal(other.seq, wrong.seq)).toContain('does not confirm');
    for (const same of [
      { ...agreer, certificate: asker.certificate },
      { ...asker, id: 's-2', certificate: agreer.certificate },
      { ...agreer, id: 's-1' },
    ])
      expect(await refusal(other.seq, (await confirm(store, other, same)).seq)).toContain('by one person');
    const { signature } = asked.event as { readonly signature: string };
    const forged = { ...statedIn(store, agreer, 'confirm', { entry: other.seq, entry_leaf: other.leaf }), signature };
    const { seq } = await store.append(forged);
    expect(await refusal(other.seq, seq)).toContain(`the signature in entry ${seq} does not hold`);
  });

  it('once, not against a refusal, and not while a signature of theirs has no end', async () => {
    const pair = async () => {
      const asked = await request(store, anna);
      return [asked, await confirm(store, asked)] as const;
    };
    const [used, agreed] = await pair();
    await store.append({
      op: 'erase',
      actor: { id: 'station', role: 'station' },
      subject: anna,
      request: used.seq,
      confirm: agreed.seq,
      kids: [],
    });
    expect(await refusal(used.seq, agreed.seq)).toContain('carried out already');
    const [rejected, too] = await pair();
    await refuse(store, makeMember('s-3', 'auditor'), rejected);
    expect(await refusal(rejected.seq, too.seq)).toContain('was rejected');
    const [asked, second] = await pair();
    const [consent, intent] = signing('op-7', 'a', store.size + 1).map((event) => ({
      ...event,
      actor: { id: anna, role: 'holder' as const },
    }));
    if (consent === undefined || intent === undefined) throw new Error('no visit');
    const [, begun] = await store.appendAll([consent, intent]);
    expect(await refusal(asked.seq, second.seq)).toContain(`begun in entry ${begun?.seq ?? ''}`);
    await store.append({
      op: 'sign.failed',
      operation: 'op-7',
      actor: { id: anna, role: 'holder' },
      intent: begun?.seq ?? 0,
      problem: 'cancelled',
    });
    expect(await refusal(asked.seq, second.seq)).toBe('granted');
  });
});

describe('a person who was erased', () => {
  let log: StationLog;
  let store: LogStore;
  const identity = makeIdentity();
  const auditor = { id: 's-9', role: 'auditor', recipient: x25519Recipient(recipientOf(identity)) } as const;
  beforeAll(async () => {
    log = await makeStationLog();
    store = await log.open();
    await giveTiers(store.tables, await makeSealing([auditor]));
  });
  afterAll(async () => {
    await store.close().catch(() => undefined);
    await log.remove();
  });

  const rawFiles = async () => {
    const names = await readdir(log.directory);
    return Buffer.concat(await Promise.all(names.map((name) => readFile(join(log.directory, name)))));
  };
  const look = async <T>(run: (database: Awaited<ReturnType<typeof openForReading>>) => Promise<T>) => {
    const database = await openForReading(log.file);
    return run(database).finally(() => database.close());
  };
  const check = () =>
    look(async (database) =>
      verify(readRows(database, log.file), undefined, {
        sealed: readSealedRows(database, log.file),
        keys: await readKeyRows(database, log.file),
      }),
    );
  const reader = async () => {
    const { tiers } = await readSealing(store);
    const grants = await store.tables.use((inside) => findGrants(inside, auditor.id));
    return {
      log: store,
      person: auditor,
      tiers: await unlockTiers({ staff: auditor.id, role: 'auditor', identity: x25519Identity(identity) }, grants, tiers),
    };
  };

  it('is found by nobody any more: no key, no ciphertext, no word in any file; and every proof holds as before', async () => {
    const { tiers } = await readSealing(store);
    const add = async (subject: string, name: string) => {
      const fields = { operations: { holder: name }, supervision: { subject: [`CN=${name}`] } };
      return (await appendPersonal(store, tiers, [numbered(1)], { subject, fields }))[0]?.seq ?? 0;
    };
    const [first, second, other] = [await add(anna, 'Anna Quillfeather'), await add(anna, 'Anna Quillfeather'), await add(boris, 'Boris')];
    const who = await reader();
    expect((await searchAndUnseal(who, 'quillfeather', 10)).found.map(({ entry }) => entry.seq)).toEqual([second, first]);
    const [key] = await look((database) => database.all('SELECT wrapped FROM vault WHERE subject = ?', [anna]));
    const [sealed] = await look((database) => database.all('SELECT ciphertext, salt FROM sealed WHERE seq = ?', [first]));
    const [term] = await look((database) => database.all('SELECT term FROM blind_index WHERE subject = ? ORDER BY id DESC', [anna]));
    const traces = {
      wrapped: key?.['wrapped'],
      ciphertext: sealed?.['ciphertext'],
      salt: sealed?.['salt'],
      term: term?.['term'],
    } as Record<string, Buffer>;
    const found = async () => {
      const raw = await rawFiles();
      return Object.keys(traces).filter((name) => raw.includes(traces[name] ?? ''));
    };
    expect(await found(), 'before').toEqual(['wrapped', 'ciphertext', 'salt', 'term']);
    const before = await store.entries();

    const asked = await request(store, anna);
    const agreed = await confirm(store, asked);
    const done = await erasePerson(store, { subject: anna, request: asked.seq, confirm: agreed.seq });
    expect(done).toMatchObject({ keys: 4, entries: [first, second], isOut: true });
    expect(await found(), 'after').toEqual([]);
    expect((await stat(`${log.file}-wal`)).size).toBe(0);
    expect((await rawFiles()).includes('Quillfeather')).toBe(false);

    expect((await store.entries()).slice(0, before.length)).toEqual(before);
    expect(await check()).toMatchObject({ verdict: 'intact' });
    const leaves = (await store.entries()).map(({ leaf }) => Buffer.from(leaf, 'hex'));
    const root = rootOf(appendLeaves(emptyFrontier, leaves).frontier);
    const proof = await look((database) => inclusionProof(first, leaves.length, nodeReader(database)));
    expect(verifyInclusion(leaves[first] ?? Buffer.alloc(0), first, leaves.length, proof, root)).toBe(true);

    expect((await searchAndUnseal(who, 'quillfeather', 10)).found).toEqual([]);
    const [gone, kept] = await unseal(
      who,
      (await store.entries()).filter(({ seq }) => seq === first || seq === other),
    );
    expect(gone?.readings).toEqual([
      { tier: 'operations', refused: 'erased' },
      { tier: 'supervision', refused: 'erased' },
    ]);
    expect(kept?.readings[0]).toEqual({ tier: 'operations', fields: { holder: 'Boris' } });
    expect(store.last().event).toMatchObject({
      op: 'unseal',
      how: 'shown',
      actor: { id: 's-9', role: 'auditor' },
      entries: [first, other],
    });
    await expect(erasePerson(store, { subject: anna, request: asked.seq, confirm: agreed.seq })).rejects.toThrow('carried out already');
  });

  it('whose traces a reader held up in the write-ahead log goes from there as soon as nobody reads', async () => {
    const asked = await request(store, boris);
    const agreed = await confirm(store, asked);
    const [key] = await look((database) => database.all('SELECT wrapped FROM vault WHERE subject = ?', [boris]));
    const wrapped = key?.['wrapped'] as Buffer;
    await store.tables.scrub();
    await store.tables.use((inside) => inside.all('PRAGMA busy_timeout=50'));
    const busy = await openForReading(log.file);
    await busy.exec('BEGIN');
    await busy.all('SELECT count(*) FROM vault');
    const done = await erasePerson(store, { subject: boris, request: asked.seq, confirm: agreed.seq });
    expect([done.isOut, (await rawFiles()).includes(wrapped)]).toEqual([false, true]);
    await busy.exec('COMMIT');
    await busy.close();
    expect(await store.tables.scrub()).toBe(true);
    expect((await rawFiles()).includes(wrapped)).toBe(false);
    expect(await check()).toMatchObject({ verdict: 'intact' });
  });

  it('staff: each key given or taken is an entry, only who has a key gives it, and the last one is never taken', async () => {
    const { tiers: open } = await reader();
    const now = async () => ({ tables: store.tables, facts: await readSealing(store) });
    const clerk = { id: 's-3', role: 'clerk', recipient: x25519Recipient(recipientOf(makeIdentity())) } as const;
    await grantStaff(await now(), { ...auditor, open }, clerk);
    await expect(grantStaff(await now(), { ...auditor, open }, clerk)).rejects.toThrow('has keys already');
    await expect(grantStaff(await now(), { ...clerk, open }, { ...clerk, id: 's-4' })).rejects.toThrow('is a clerk');
    const [grant] = await look((database) => findGrants(database, 's-3'));
    expect((await rawFiles()).includes(Buffer.from(grant?.wrapped ?? 'x'))).toBe(true);
    expect(await revokeStaff(await now(), { ...auditor, open }, 's-3')).toBe(true);
    expect((await rawFiles()).includes(Buffer.from(grant?.wrapped ?? ''))).toBe(false);
    await expect(revokeStaff(await now(), { ...auditor, open }, 's-9')).rejects.toThrow('nobody else has the key');
    expect((await readSealing(store)).staff.map(({ id }) => id)).toEqual(['s-9']);
    expect(await check()).toMatchObject({ verdict: 'intact' });
  });
});
