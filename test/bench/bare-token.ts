/**
 * The yardstick: the same signature with bare pkcs11js in this very process. It makes the calls that one signature needs and no others: no process
 * of its own, no deadline, no check of what comes out.
 */
import { createHash } from 'node:crypto';
import { PKCS11, type Handle } from 'pkcs11js';
import { attribute, keyType, mechanism, objectClass, osLockingOk, serialSession, userType } from '../../drivers/pkcs11/cryptoki.ts';

const digestInfo = Buffer.from('3031300d060960864801650304020105000420', 'hex');

export class BareToken {
  readonly #binding = new PKCS11();
  readonly #slot: Handle;
  readonly #pin: string;

  /** Takes the first slot with a token. `environment` must have been set in this process already. */
  constructor(library: string, pin: string) {
    this.#binding.load(library);
    this.#binding.C_Initialize({ flags: osLockingOk });
    const [slot] = this.#binding.C_GetSlotList(true);
    if (slot === undefined) throw new Error('there is no token');
    this.#slot = slot;
    this.#pin = pin;
  }

  /** Session, login, key by CKA_ID, SignInit, Sign, logout. ECDSA gives raw r||s. */
  sign(ckaId: string, type: 'rsa' | 'ec', message: Uint8Array): Buffer {
    const binding = this.#binding;
    const session = binding.C_OpenSession(this.#slot, serialSession);
    binding.C_Login(session, userType.user, this.#pin);
    binding.C_FindObjectsInit(session, [
      { type: attribute.class, value: objectClass.privateKey },
      { type: attribute.id, value: Buffer.from(ckaId, 'hex') },
      { type: attribute.keyType, value: type === 'rsa' ? keyType.rsa : keyType.ec },
    ]);
    const [key] = binding.C_FindObjects(session, 1);
    binding.C_FindObjectsFinal(session);
    if (key === undefined) throw new Error('there is no such key');
    const digest = createHash('sha256').update(message).digest();
    binding.C_SignInit(session, { mechanism: type === 'rsa' ? mechanism.rsaPkcs : mechanism.ecdsa }, key);
    const signature = binding.C_Sign(session, type === 'rsa' ? Buffer.concat([digestInfo, digest]) : digest, Buffer.alloc(1024));
    binding.C_Logout(session);
    binding.C_CloseSession(session);
    return signature;
  }

  close(): void {
    this.#binding.C_Finalize();
  }
}
