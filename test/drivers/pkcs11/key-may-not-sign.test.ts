/** A private key that its token does not let sign (CKA_SIGN false), although its certificate would allow it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import { createSoftHsm, softhsmModule, type SoftHsm } from '../../support/softhsm.ts';
import { onlyToken } from '../../support/token-waiting.ts';

let hsm: SoftHsm;
let source: Pkcs11Source;
const sha256 = { barred: '', other: '' };

/** What an administrator's tool would do; pkcs11-tool can only set it when a key is made, and SoftHSM sets it back. */
const barFromSigning = `
  import { Buffer } from 'node:buffer';
  import binding from 'pkcs11js';
  const module = new binding.PKCS11();
  module.load(process.env.MODULE);
  module.C_Initialize();
  const [slot] = module.C_GetSlotList(true);
  const session = module.C_OpenSession(slot, binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION);
  module.C_Login(session, binding.CKU_USER, process.env.TEST_PIN);
  module.C_FindObjectsInit(session, [{ type: binding.CKA_CLASS, value: binding.CKO_PRIVATE_KEY }, { type: binding.CKA_ID, value: Buffer.of(1) }]);
  const [key] = module.C_FindObjects(session, 2);
  module.C_FindObjectsFinal(session);
  module.C_SetAttributeValue(session, key, [{ type: binding.CKA_SIGN, value: false }]);
  const [{ value }] = module.C_GetAttributeValue(session, key, [{ type: binding.CKA_SIGN }]);
  if (value[0] !== 0) throw new Error('the key may still sign');
  module.C_Finalize();
`;

/** A private key that is seen without login, as some tokens show theirs. CKA_EC_PARAMS is the name of P-256. */
const showKey = `
  import { Buffer } from 'node:buffer';
  import { randomBytes } from 'node:crypto';
  import binding from 'pkcs11js';
  const module = new binding.PKCS11();
  module.load(process.env.MODULE);
  module.C_Initialize();
  const [slot] = module.C_GetSlotList(true);
  const session = module.C_OpenSession(slot, binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION);
  module.C_Login(session, binding.CKU_USER, process.env.TEST_PIN);
  module.C_CreateObject(session, [
    { type: binding.CKA_CLASS, value: binding.CKO_PRIVATE_KEY },
    { type: binding.CKA_KEY_TYPE, value: binding.CKK_EC },
    { type: binding.CKA_TOKEN, value: true },
    { type: binding.CKA_PRIVATE, value: false },
    { type: binding.CKA_SIGN, value: process.env.SIGNS === 'yes' },
    { type: binding.CKA_ID, value: Buffer.of(7) },
    { type: binding.CKA_EC_PARAMS, value: Buffer.from('06082a8648ce3d030107', 'hex') },
    { type: binding.CKA_VALUE, value: randomBytes(32) },
  ]);
  module.C_Finalize();
`;

beforeAll(async () => {
  hsm = await createSoftHsm();
  sha256.barred = (await hsm.addKey({ id: '01', type: 'EC:prime256v1', commonName: 'Ada barred' })).sha256;
  sha256.other = (await hsm.addKey({ id: '02', type: 'EC:prime256v1', commonName: 'Ada other' })).sha256;
  const env = { ...process.env, ...hsm.env, MODULE: softhsmModule, TEST_PIN: hsm.pin };
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', barFromSigning], { env, cwd: import.meta.dirname });
  source = createTokenSource({ modules: [{ name: 'softhsm', path: softhsmModule, env: hsm.env }], pollMs: 100 });
});
afterAll(async () => {
  await source.close();
  await hsm.remove();
});

test('it is not used, and no other key is taken in its place', async () => {
  const { id: tokenId } = await onlyToken(source);
  const sign = (certificateSha256: string): Promise<Uint8Array> =>
    source.sign(
      { tokenId, certificateSha256, scheme: 'ecdsa', hash: 'sha256', message: Buffer.from('what the holder agreed to') },
      new Secret(Buffer.from(hsm.pin)),
    );
  await expect(sign(sha256.barred)).rejects.toMatchObject({ code: 'no-usable-key' });
  await expect(sign(sha256.other)).resolves.toHaveLength(64);
});

test.each([
  ['yes', 1],
  ['no', 0],
] as const)('where the token shows it without login, nobody is asked for a PIN in vain (it may sign: %s)', async (signs, offered) => {
  const showing = await createSoftHsm({ label: 'Ada shown' });
  const env = { ...process.env, ...showing.env, MODULE: softhsmModule, TEST_PIN: showing.pin, SIGNS: signs };
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', showKey], { env, cwd: import.meta.dirname });
  const { certificate } = await showing.addKey({ id: '02', type: 'EC:prime256v1', commonName: 'Ada', certificate: false });
  await showing.addCertificate('07', certificate);
  const shown = createTokenSource({ modules: [{ name: 'softhsm', path: softhsmModule, env: showing.env }], pollMs: 100 });
  try {
    expect((await shown.read((await onlyToken(shown)).id)).keys).toHaveLength(offered);
  } finally {
    await shown.close();
    await showing.remove();
  }
});
