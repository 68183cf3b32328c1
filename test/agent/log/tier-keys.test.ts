import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient, Stanza } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  identityText,
  makeIdentity,
  parseRecipient,
  passphraseIdentity,
  passphraseRecipient,
  recipientOf,
  unwrapWith,
  wrapFor,
  x25519Identity,
  x25519Recipient,
} from '../../../agent/log/age-keys.ts';
import { DataKeys } from '../../../agent/log/data-keys.ts';
import type { Role } from '../../../agent/log/catalogue.ts';
import { open as openSealed } from '../../../agent/log/sealing.ts';
import { makeTiers, OpenTiers, type TierGrant, unlockTiers, wrapToTier } from '../../../agent/log/tier-keys.ts';

const secret = Buffer.from('0123456789abcdef0123456789abcdef');
const subject = 'ab'.repeat(16);
/** Work factor for tests: quick. */
const quick = 10;

describe('the keys of age', () => {
  it('are written as the package writes them', async () => {
    const identity = makeIdentity();
    expect(identityText(identity)).toMatch(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
    expect(recipientOf(identity)).toBe(await identityToRecipient(identityText(identity)));
    expect(() => recipientOf(identity.subarray(1))).toThrow(RangeError);
  });

  it('open what the package itself wraps, and the other way round', async () => {
    const identity = makeIdentity();
    const theirs = new Encrypter();
    theirs.addRecipient(recipientOf(identity));
    expect(await unwrapWith(x25519Identity(identity), await theirs.encrypt(secret))).toEqual(new Uint8Array(secret));
    const text = await generateX25519Identity();
    const decrypter = new Decrypter();
    decrypter.addIdentity(text);
    expect(await decrypter.decrypt(await wrapFor([x25519Recipient(await identityToRecipient(text))], secret))).toEqual(
      new Uint8Array(secret),
    );
  });

  it('open under a passphrase what the package wraps, and the other way round', async () => {
    const passphrase = Buffer.from('otter bench orange');
    const theirs = new Encrypter();
    theirs.setPassphrase('otter bench orange');
    theirs.setScryptWorkFactor(quick);
    expect(await unwrapWith(passphraseIdentity(passphrase), await theirs.encrypt(secret))).toEqual(new Uint8Array(secret));
    const decrypter = new Decrypter();
    decrypter.addPassphrase('otter bench orange');
    expect(await decrypter.decrypt(await wrapFor([passphraseRecipient(passphrase, quick)], secret))).toEqual(new Uint8Array(secret));
  });

  it('refuse another key, another passphrase, a changed byte, a work factor that would stop the station, a point of low order', async () => {
    const identity = makeIdentity();
    const wrapped = await wrapFor([x25519Recipient(recipientOf(identity))], secret);
    await expect(unwrapWith(x25519Identity(makeIdentity()), wrapped)).rejects.toMatchObject({ name: 'AgeRefusal' });
    for (let at = 0; at < wrapped.byteLength; at += 7) {
      const changed = Uint8Array.from(wrapped);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(unwrapWith(x25519Identity(identity), changed), `byte ${at}`).rejects.toMatchObject({ name: 'AgeRefusal' });
    }
    const sealed = await wrapFor([passphraseRecipient(Buffer.from('a'), quick)], secret);
    await expect(unwrapWith(passphraseIdentity(Buffer.from('b')), sealed)).rejects.toMatchObject({ name: 'AgeRefusal' });
    const costly = Buffer.from(Buffer.from(sealed).toString('latin1').replace(' 10\n', ' 30\n'), 'latin1');
    const refused: unknown = await unwrapWith(passphraseIdentity(Buffer.from('a')), costly).catch((error: unknown) => error);
    expect(refused).toMatchObject({ cause: { message: 'a scrypt stanza that is not taken' } });
    const low = x25519Identity(identity);
    // Base64 that ends in bits which say nothing: another form of the same bytes.
    expect(() => low.unwrapFileKey([new Stanza(['X25519', `${'B'.repeat(42)}B`], new Uint8Array(32))])).toThrow('that age does not write');
    expect(() => low.unwrapFileKey([new Stanza(['X25519', 'A'.repeat(43)], new Uint8Array(32))])).toThrow();
  });

  it('refuse a file that has a passphrase and somebody else', async () => {
    const passphrase = Buffer.from('a');
    const both = await wrapFor([passphraseRecipient(passphrase, quick), x25519Recipient(recipientOf(makeIdentity()))], secret);
    await expect(unwrapWith(passphraseIdentity(passphrase), both)).rejects.toMatchObject({ name: 'AgeRefusal' });
  });

  it.each(['age1', 'AGE1WGZ', 'ssh-ed25519 AAAA', identityText(Buffer.alloc(32, 1)), recipientOf(Buffer.alloc(32, 1)).toUpperCase()])(
    'do not take %s for a recipient',
    (text) => {
      expect(() => parseRecipient(text)).toThrow('not an age recipient');
    },
  );
});

describe('the foreign age tool', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-age-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);

  it('opens a wrapped data key with the identity of its tier, and wraps one that the station opens', async () => {
    const identity = makeIdentity();
    const tier = { tier: 'operations', recipient: recipientOf(identity) } as const;
    writeFileSync(at('identity'), `${identityText(identity)}\n`, { mode: 0o600 });
    writeFileSync(at('wrapped'), await wrapToTier(tier, secret));
    expect(execFileSync('age', ['-d', '-i', at('identity'), at('wrapped')])).toEqual(secret);
    expect(execFileSync('age-keygen', ['-y', at('identity')], { encoding: 'utf8' }).trim()).toBe(tier.recipient);
    writeFileSync(at('plain'), secret);
    execFileSync('age', ['-r', tier.recipient, '-o', at('theirs'), at('plain')]);
    const open = new OpenTiers(new Map([['operations', identity]]));
    expect(await open.unwrapKey('operations', readFileSync(at('theirs')))).toEqual(new Uint8Array(secret));
    open.wipe();
  });
});

describe('the tiers of a log', () => {
  const staffKeys = { anna: makeIdentity(), boris: makeIdentity(), chen: makeIdentity() };
  const roles = { anna: 'clerk', boris: 'supervisor', chen: 'auditor' } as const;
  type Staff = keyof typeof roles;
  const made = makeTiers();
  const grants: TierGrant[] = [];
  beforeAll(async () => {
    for (const staff of Object.keys(roles) as Staff[])
      for (const { tier } of made.recipients)
        await made.open
          .grant(tier, { staff, role: roles[staff] }, x25519Recipient(recipientOf(staffKeys[staff])))
          .then((grant) => grants.push(grant))
          .catch((error: unknown) => {
            expect(error).toMatchObject({ name: 'TierLocked' });
          });
  });
  const unlock = (staff: Staff, role: Role = roles[staff], given: readonly TierGrant[] = grants) =>
    unlockTiers({ staff, role, identity: x25519Identity(staffKeys[staff]) }, given, made.recipients);

  it('open to each person as far as their role goes, and no further', async () => {
    expect((await unlock('anna')).tiers).toEqual(['operations']);
    expect((await unlock('boris')).tiers).toEqual(['operations', 'supervision']);
    expect((await unlock('chen')).tiers).toEqual(['operations', 'supervision', 'audit']);
    // An auditor who became a clerk still has the old grants.
    expect((await unlock('chen', 'clerk')).tiers).toEqual(['operations']);
    expect((await unlock('chen', 'administrator')).tiers).toEqual([]);
  });

  it('are granted to nobody whose role does not reach them', async () => {
    const recipient = x25519Recipient(recipientOf(staffKeys.anna));
    await expect(made.open.grant('audit', { staff: 'anna', role: 'clerk' }, recipient)).rejects.toMatchObject({ name: 'TierLocked' });
    await expect(made.open.grant('operations', { staff: 'ed', role: 'administrator' }, recipient)).rejects.toMatchObject({
      tier: 'operations',
    });
    expect(grants.map(({ staff, tier }) => `${staff} ${tier}`)).toHaveLength(6);
  });

  it('let the station write for all and read for none', async () => {
    const keys = await DataKeys.make(subject, made.recipients);
    const { sealed, rows, vault } = keys.seal({ origin: 'b.example/e1', seq: 3 }, { operations: { holder: 'A' }, audit: { note: 'B' } });
    keys.wipe();
    expect(() => keys.seal({ origin: 'b.example/e1', seq: 4 }, { operations: { holder: 'A' } })).toThrow('no data key');
    expect(sealed.map(({ tier }) => tier)).toEqual(['operations', 'audit']);
    const anna = await unlock('anna');
    const chen = await unlock('chen');
    const [field, row, kept] = [sealed[1], rows[1], vault[1]];
    if (field === undefined || row === undefined || kept === undefined) throw new Error('nothing was sealed for the auditors');
    await expect(anna.unwrapKey('audit', kept.wrapped)).rejects.toMatchObject({ name: 'TierLocked', tier: 'audit' });
    await expect(anna.unwrapKey('operations', kept.wrapped)).rejects.toMatchObject({ name: 'AgeRefusal' });
    const key = await chen.unwrapKey('audit', kept.wrapped);
    expect(openSealed('b.example/e1', 3, field, row, key).value).toEqual({ note: 'B' });
  });

  it('do not open to a person with the grants of another, nor with a grant that somebody made up', async () => {
    const stolen = grants.filter(({ staff }) => staff === 'chen').map((grant) => ({ ...grant, staff: 'anna' }));
    await expect(unlock('anna', 'clerk', stolen)).rejects.toMatchObject({ name: 'AgeRefusal' });
    expect(
      (
        await unlock(
          'anna',
          'clerk',
          stolen.map((grant) => ({ ...grant, staff: 'chen' })),
        )
      ).tiers,
    ).toEqual([]);
    const wrapped = await wrapFor([x25519Recipient(recipientOf(staffKeys.anna))], makeIdentity());
    await expect(unlock('anna', 'clerk', [{ tier: 'operations', staff: 'anna', wrapped }])).rejects.toThrow('not the key of the tier');
    const higher = grants
      .filter(({ tier, staff }) => tier === 'audit' && staff === 'chen')
      .map((grant) => ({ ...grant, tier: 'operations' as const }));
    await expect(unlock('chen', 'auditor', higher)).rejects.toThrow('not the key of the tier');
  });

  it('open nothing after they were wiped, and the bytes are zeros', async () => {
    const identity = makeIdentity();
    const tier = { tier: 'operations', recipient: recipientOf(identity) } as const;
    const wrapped = await wrapToTier(tier, secret);
    const open = new OpenTiers(new Map([['operations', identity]]));
    expect(await open.unwrapKey('operations', wrapped)).toEqual(new Uint8Array(secret));
    open.wipe();
    expect(Buffer.from(identity)).toEqual(Buffer.alloc(32));
    await expect(open.unwrapKey('operations', wrapped)).rejects.toMatchObject({ name: 'TierLocked' });
    expect(open.tiers).toEqual([]);
  });

  it('open with a passphrase too', async () => {
    const passphrase = Buffer.from('otter bench orange');
    const grant = await made.open.grant('supervision', { staff: 'dora', role: 'supervisor' }, passphraseRecipient(passphrase, quick));
    const dora = (words: Uint8Array) =>
      unlockTiers({ staff: 'dora', role: 'supervisor', identity: passphraseIdentity(words) }, [grant], made.recipients);
    expect((await dora(passphrase)).tiers).toEqual(['supervision']);
    await expect(dora(Buffer.from('otter bench'))).rejects.toMatchObject({ name: 'AgeRefusal' });
  });
});
