/**
 * An Ed25519 key that stays in a token of the station's own (CKK_EC_EDWARDS, CKM_EDDSA: PKCS#11 3.0, sections 2.3.10 and 2.3.14): found or made under one
 * login, and used until the host ends. Host side only.
 */
import { attribute, ckr, keyType, mechanism, objectClass, serialSession, userType, writableSession } from './cryptoki.ts';
import { attempt, logIn, pinFor } from './login.ts';
import { call, CallError, type FilledSlot, type Handle, type VendorModule } from './module.ts';
import type { KeyOpenJob } from './protocol.ts';
import { findToken } from './reading.ts';

/** The curve as CKA_EC_PARAMS may name it, first choice first: the OID 1.3.101.112 (RFC 8410), and the PrintableString of PKCS#11 3.0. SoftHSM 2.6.1 takes both. */
const curveNames = [Buffer.from('06032b6570', 'hex'), Buffer.concat([Buffer.from([0x13, 12]), Buffer.from('edwards25519')])] as const;
const signatureBytes = 64;

const never = (): Promise<never> => Promise.reject(new Error('there is no pad here'));

export class StationKey {
  /** 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array;
  readonly #module: VendorModule;
  readonly #session: Handle;
  readonly #private: Handle;
  /** The objects of a key that was made here. */
  readonly #made: readonly Handle[];

  private constructor(module: VendorModule, session: Handle, privateKey: Handle, publicKey: Uint8Array, made: readonly Handle[]) {
    this.#module = module;
    this.#session = session;
    this.#private = privateKey;
    this.publicKey = publicKey;
    this.#made = made;
  }

  /** Logs in, once, and finds the key or makes it. Throws CallError: `no-usable-key` where it is not there, is no Ed25519 key, or would leave the token. */
  static async open(module: VendorModule, job: KeyOpenJob): Promise<StationKey> {
    const place = placeOf(module, job);
    const pin = pinFor(place.facts, job);
    if (pin === undefined || !('typed' in pin))
      throw new CallError('checking the PIN', 'the token takes no PIN from a program', { code: 'unsupported-token' });
    const flags = job.make === undefined ? serialSession : serialSession | writableSession;
    const session = call('C_OpenSession', () => module.binding.C_OpenSession(place.slot, flags));
    try {
      await logIn(module, { session, slot: place.slot, user: userType.user, time: 1 }, pin, { padWaits: never, padDone: never });
    } catch (error) {
      // How many tries are left only the token tells, and only now.
      attempt(() => {
        if (error instanceof CallError) error.flags = module.refresh(place)?.facts.flags;
      });
      throw error;
    }
    return job.make === undefined ? StationKey.#find(module, session, job.key) : StationKey.#make(module, session, job.key, job.make);
  }

  static #find(module: VendorModule, session: Handle, id: string): StationKey {
    const ckaId = Buffer.from(id, 'hex');
    const isKey = (object: Handle): boolean =>
      module.attribute(session, object, attribute.keyType)?.[0] === keyType.ecEdwards &&
      module.attribute(session, object, attribute.id)?.equals(ckaId) === true;
    const [privateKey, ...others] = module.objects(session, 'privateKey', ckaId).filter(isKey);
    if (privateKey === undefined) return unusable('the token has no Ed25519 key of this id');
    if (others.length > 0) return unusable('the token has more than one Ed25519 key of this id');
    mustStay(module, session, privateKey);
    const [publicKey = privateKey] = module.objects(session, 'publicKey', ckaId).filter(isKey);
    return new StationKey(module, session, privateKey, pointOf(module, session, publicKey), []);
  }

  static #make(module: VendorModule, session: Handle, id: string, label: string): StationKey {
    const { publicKey, privateKey } = generate(module, session, Buffer.from(id, 'hex'), label);
    const made = [privateKey, publicKey];
    try {
      mustStay(module, session, privateKey);
      return new StationKey(module, session, privateKey, pointOf(module, session, publicKey), made);
    } catch (error) {
      destroy(module, session, made);
      throw error;
    }
  }

  /** The signature (64 bytes) of the message itself: pure Ed25519. Throws CallError. */
  sign(message: Uint8Array): Uint8Array {
    const { binding } = this.#module;
    call('C_SignInit', () => binding.C_SignInit(this.#session, { mechanism: mechanism.eddsa }, this.#private));
    return call('C_Sign', () => binding.C_Sign(this.#session, Buffer.from(message), Buffer.alloc(signatureBytes)));
  }

  /** Deletes the key, if it was made here. */
  forget(): void {
    destroy(this.#module, this.#session, this.#made);
  }

  close(): void {
    this.#module.binding.C_Logout(this.#session);
    this.#module.binding.C_CloseSession(this.#session);
  }
}

function placeOf(module: VendorModule, { tokenId, pin }: KeyOpenJob): FilledSlot {
  try {
    return findToken(module, tokenId);
  } catch (error) {
    pin?.fill(0);
    throw error;
  }
}

function destroy(module: VendorModule, session: Handle, objects: readonly Handle[]): void {
  for (const object of objects) attempt(() => module.binding.C_DestroyObject(session, object));
}

function generate(
  module: VendorModule,
  session: Handle,
  id: Buffer,
  label: string,
): { readonly publicKey: Handle; readonly privateKey: Handle } {
  const common = [
    { type: attribute.keyType, value: keyType.ecEdwards },
    { type: attribute.token, value: true },
    { type: attribute.id, value: id },
    { type: attribute.label, value: Buffer.from(label) },
  ];
  const secret = [
    { type: attribute.class, value: objectClass.privateKey },
    { type: attribute.private, value: true },
    { type: attribute.sensitive, value: true },
    { type: attribute.extractable, value: false },
    { type: attribute.sign, value: true },
  ];
  let refusal: unknown;
  for (const curve of curveNames) {
    const open = [
      { type: attribute.class, value: objectClass.publicKey },
      { type: attribute.ecParams, value: curve },
      { type: attribute.verify, value: true },
    ];
    try {
      return call('C_GenerateKeyPair', () =>
        module.binding.C_GenerateKeyPair(
          session,
          { mechanism: mechanism.ecEdwardsKeyPairGen },
          [...common, ...open],
          [...common, ...secret],
        ),
      );
    } catch (error) {
      if (!(error instanceof CallError) || error.ckr === ckr.mechanismInvalid) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

/** A key that the token would give out is not one that stays in it, whatever was asked for when it was made. */
function mustStay(module: VendorModule, session: Handle, key: Handle): void {
  const sensitive = module.attribute(session, key, attribute.sensitive)?.[0];
  const extractable = module.attribute(session, key, attribute.extractable)?.[0];
  if (sensitive !== 1 || extractable !== 0) unusable('the token would give this key out (CKA_SENSITIVE, CKA_EXTRACTABLE)');
}

/** CKA_EC_POINT: the 32 bytes in an OCTET STRING (SoftHSM, PKCS#11 2.40), in a BIT STRING (PKCS#11 3.0 before its errata), or as they are. */
function pointOf(module: VendorModule, session: Handle, key: Handle): Uint8Array {
  const point = module.attribute(session, key, attribute.ecPoint)?.toString('hex') ?? '';
  const [, bytes] = /^(?:0420|032100)?([0-9a-f]{64})$/u.exec(point) ?? [];
  return bytes === undefined ? unusable('the token does not say the public key') : Buffer.from(bytes, 'hex');
}

function unusable(message: string): never {
  throw new CallError('finding the key', message, { code: 'no-usable-key' });
}
