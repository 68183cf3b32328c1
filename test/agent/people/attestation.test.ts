/** Whom a new credential may come from: a maker whose root is pinned, a model that is allowed, and nobody who only says so. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acceptedReaders } from '../../../agent/accepted-readers.ts';
import { type Attested, type AttestationPolicy, fingerprintOf, judgeAttestation, judgeModel } from '../../../agent/people/attestation.ts';
import { encodeCbor } from '../../../drivers/fido/cbor.ts';
import { createReaderSource } from '../../../drivers/fido/source.ts';
import { demoAaguid, demoRootCertificate } from '../../../drivers/virtual/bio-key-identity.ts';
import { VirtualBioKey } from '../../../drivers/virtual/bio-key.ts';
import { issue, modelExtension, newCredential } from '../../support/reader-maker.ts';

const model = 'd8522d9f575b486688a9ba99fa02f35b';
/** A little later, because the certificates below begin now. */
const now = new Date(Date.now() + 60_000);
const ca = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
const noCa = 'basicConstraints=critical,CA:FALSE';

const root = issue({ subject: '/CN=Root of a maker', extensions: ca });
const between = issue({ subject: '/CN=Between', issuer: root, extensions: ca });
const leaf = issue({ issuer: root, extensions: [noCa, modelExtension(model)] });
const policy: AttestationPolicy = { roots: [root.certificate], models: new Map([[model, 'Reader 1']]), demo: false };

const good = newCredential({ aaguid: model, signer: leaf.key, chain: [leaf.certificate] });
const judge = (made: Attested, changes: Partial<AttestationPolicy> = {}, at = now) => judgeAttestation(made, { ...policy, ...changes }, at);
const refused = (why: string) => ({ ok: false, why });

describe('a model', () => {
  it('is judged by what the reader says of itself, before there is a credential', () => {
    expect(judgeModel(model, policy)).toEqual({ ok: true, model: 'Reader 1' });
    expect(judgeModel('00'.repeat(16), policy)).toEqual(refused('model-not-allowed'));
    expect(judgeModel(demoAaguid, { ...policy, demo: true })).toMatchObject({ ok: true });
    const listed = new Map([[demoAaguid, 'as if it were real']]);
    expect(judgeModel(demoAaguid, { models: listed, demo: false })).toEqual(refused('virtual'));
  });
});

describe('a reader that its maker vouches for', () => {
  it('is accepted under a pinned root, with a certificate between or the root in the list', () => {
    expect(judge(good)).toEqual({ ok: true, model: 'Reader 1' });
    const far = issue({ issuer: between, extensions: [noCa, modelExtension(model)] });
    for (const chain of [
      [far.certificate, between.certificate],
      [far.certificate, between.certificate, root.certificate],
    ])
      expect(judge(newCredential({ aaguid: model, signer: far.key, chain }))).toEqual({ ok: true, model: 'Reader 1' });
  });

  it('is refused without its root, under a model that is not allowed, and after its certificate has ended', () => {
    expect(judge(good, { roots: [] })).toEqual(refused('unknown-maker'));
    expect(judge(good, { roots: [issue({ subject: '/CN=Root of a maker', extensions: ca }).certificate] })).toEqual(
      refused('unknown-maker'),
    );
    expect(judge(good, { models: new Map() })).toEqual(refused('model-not-allowed'));
    expect(judge(good, {}, new Date('2060-01-01'))).toEqual(refused('not-valid-now'));
    expect(judge(good, {}, new Date('2001-01-01'))).toEqual(refused('not-valid-now'));
  });
});

describe('a program that says it is a reader', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  it.each([
    ['without attestation', newCredential({ aaguid: model, signer: privateKey, format: 'none' }), 'not-attested'],
    ['in another format', newCredential({ aaguid: model, signer: privateKey, format: 'fido-u2f' }), 'not-attested-by-maker'],
    ['signed by its own key', newCredential({ aaguid: model, signer: privateKey }), 'not-attested-by-maker'],
    [
      'with the certificate of a real one',
      newCredential({ aaguid: model, signer: privateKey, chain: [leaf.certificate] }),
      'bad-signature',
    ],
    ['for another hash', { ...good, clientDataHash: randomBytes(32) }, 'bad-signature'],
    ['with a statement that is no CBOR', { ...good, attestationStatement: Buffer.from('packed') }, 'malformed'],
    ['with bytes for a certificate', newCredential({ aaguid: model, signer: privateKey, chain: [Buffer.from('x')] }), 'malformed'],
    ['with a statement of nothing', { ...good, attestationStatement: encodeCbor(new Map()) }, 'malformed'],
    ['that names another model than it signed', { ...good, aaguid: 'a0'.repeat(16) }, 'wrong-certificate'],
    [
      'of another algorithm',
      newCredential({ aaguid: model, signer: leaf.key, chain: [leaf.certificate], algorithm: -257 }),
      'wrong-certificate',
    ],
  ])('%s is refused', (_, made, why) => {
    expect(judge(made)).toEqual(refused(why));
    expect(judge(made, { demo: true })).toEqual(refused(why));
  });

  it.each([
    ['another model', [noCa, modelExtension('a1'.repeat(16))], undefined],
    ['no model', [noCa], undefined],
    ['a model that must be understood', [noCa, modelExtension(model).replace('=', '=critical,')], undefined],
    ['a CA', [...ca, modelExtension(model)], undefined],
    ['another use', [noCa, modelExtension(model)], '/C=XX/O=Maker of readers/OU=Web server/CN=Reader 1'],
  ])('with a certificate of its maker for %s is refused', (_, extensions, subject) => {
    const other = issue({ issuer: root, extensions, ...(subject === undefined ? {} : { subject }) });
    expect(judge(newCredential({ aaguid: model, signer: other.key, chain: [other.certificate] }))).toEqual(refused('wrong-certificate'));
  });

  it('with a certificate that another reader issued is refused: a leaf issues nothing', () => {
    const forged = issue({ issuer: leaf, extensions: [noCa, modelExtension(model)] });
    expect(judge(newCredential({ aaguid: model, signer: forged.key, chain: [forged.certificate, leaf.certificate] }))).toEqual(
      refused('unknown-maker'),
    );
  });

  it('with a key on another curve is refused', () => {
    const other = issue({ issuer: root, extensions: [noCa, modelExtension(model)], curve: 'secp384r1' });
    expect(judge(newCredential({ aaguid: model, signer: other.key, chain: [other.certificate] }))).toEqual(refused('wrong-certificate'));
  });
});

describe('the virtual reader', () => {
  async function enrolled(): Promise<Attested> {
    const key = VirtualBioKey.create({ fingers: ['right index'], keepaliveMs: 10 });
    key.autoTouch('right index');
    const source = createReaderSource(key.transport);
    await expect.poll(() => source.readers().length).toBe(1);
    const reader = await source.open(source.readers()[0]?.id ?? '');
    const clientDataHash = createHash('sha256').update('a demo').digest();
    const made = await reader.enrol({ rpId: 'example.org', userId: randomBytes(16), clientDataHash });
    await reader.close();
    await source.close();
    return { ...made, clientDataHash };
  }

  it('is for demos, whatever a real station pins or allows', async () => {
    const made = await enrolled();
    expect(judge(made, { demo: true, roots: [], models: new Map() })).toEqual({ ok: true, model: 'virtual bio key' });
    const everything = { roots: [demoRootCertificate], models: new Map([[demoAaguid, 'mine']]) };
    expect(judge(made, everything)).toEqual(refused('virtual'));
    // Under the name of a real model, which is not what was signed.
    expect(judge({ ...made, aaguid: model }, everything)).toMatchObject({ ok: false });
  });
});

describe('what a station pins', () => {
  const config = (fingerprint: object) => ({ demo: false, fingerprint });

  it('are certificates in its folder, by their hash; others in it count for nothing, and a missing one is named', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'readers-'));
    try {
      const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(root.certificate).toString('base64')}\n-----END CERTIFICATE-----\n`;
      await writeFile(join(folder, 'maker.pem'), pem);
      await writeFile(join(folder, 'other.der'), between.certificate);
      expect((await acceptedReaders(folder, config({}))).roots).toEqual([]);
      const pin = fingerprintOf(root.certificate);
      const accepted = await acceptedReaders(folder, config({ roots: [pin] }));
      expect(accepted.roots.map((one) => Buffer.from(one))).toEqual([Buffer.from(root.certificate)]);
      expect(judgeAttestation(good, accepted, now)).toMatchObject({ ok: true });
      await expect(acceptedReaders(folder, config({ roots: ['00'.repeat(32)] }))).rejects.toThrow(/root certificate 0000.* is not in/);
      await writeFile(join(folder, 'junk.pem'), 'junk');
      await expect(acceptedReaders(folder, config({ roots: [pin] }))).rejects.toThrow(/junk\.pem holds no certificate/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
