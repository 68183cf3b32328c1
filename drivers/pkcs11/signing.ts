/**
 * One signature inside the host: open, log in, find the key, SignInit, context login where the key demands it, Sign. Between SignInit and
 * Sign no other call is made, and a PIN is never tried twice by itself.
 */
import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import { attribute, flag, keyType, userType } from './cryptoki.ts';
import { isMechanismRefusal } from './ckr.ts';
import { attempt, logIn, needPin, pinFor, type PadProgress } from './login.ts';
import { fits, mechanismLadder, type Rung } from './mechanisms.ts';
import { call, CallError, type Handle, type VendorModule } from './module.ts';
import type { HostReply, SignJob, StoredCertificate } from './protocol.ts';
import { certificates, closeQuietly, findToken, openSession } from './reading.ts';

/** Longest signature that is accepted: RSA with 8192 bits. */
const signatureBytes = 1024;
/** CK_PARAMS_RSA_PSS of the binding. */
const pssParams = 5;

/** Told, and awaited, immediately before the call that it is about. */
export interface Progress extends PadProgress {
  readonly started: () => Promise<void>;
}

/** A signature, and what is left to do on the token once the answer is on its way. */
export interface Signed {
  readonly reply: HostReply;
  readonly cleanUp: () => void;
}

/** Makes the signature. `started` is told before every C_Sign. The PIN bytes of the job are zeroed. Throws CallError after having cleaned up. */
export async function sign(module: VendorModule, job: SignJob, progress: Progress): Promise<Signed> {
  const { slot, facts } = findToken(module, job.tokenId);
  const pin = pinFor(facts, job);
  const session = openSession(module, slot);
  const cleanUp = (): void => {
    if (pin !== undefined) attempt(() => module.binding.C_Logout(session));
    closeQuietly(module, session);
  };
  try {
    // Certificates are public: what does not fit is refused before a PIN is sent anywhere.
    const stored = findCertificate(module, session, job.certificateSha256);
    const publicKey = new X509Certificate(stored.value).publicKey;
    if (!fits(job.scheme, publicKey)) {
      throw new CallError('choosing a mechanism', 'the key cannot sign in this way', { code: 'mechanism-unsupported' });
    }
    const login = pin !== undefined && (facts.flags & flag.loginRequired) !== 0;
    if (login) await logIn(module, { session, slot, user: userType.user, time: 1 }, pin, progress);
    const key = findKey(module, session, stored, publicKey);
    const contextPin = module.attribute(session, key, attribute.alwaysAuthenticate)?.[0] === 1 ? (pin ?? needPin()) : undefined;
    const ladder = mechanismLadder(job.scheme, job.hash, job.message, publicKey);
    const contextLogin = { session, slot, user: userType.contextSpecific, time: login ? 2 : 1 } as const;
    const logInAgain = contextPin === undefined ? undefined : () => logIn(module, contextLogin, contextPin, progress);
    const signature = await climb(module, session, key, ladder, logInAgain, progress.started);
    return { reply: { type: 'signed', id: job.id, signature, certificate: stored.value }, cleanUp };
  } catch (error) {
    attempt(cleanUp);
    throw error;
  }
}

/** The certificate with exactly these bytes, read again in this session. */
function findCertificate(module: VendorModule, session: Handle, sha256: string): StoredCertificate {
  const found = certificates(module, session).find(({ value }) => createHash('sha256').update(value).digest('hex') === sha256);
  if (found === undefined)
    throw new CallError('finding the certificate', 'the chosen certificate is not on this token', { code: 'token-changed' });
  return found;
}

/** The private key of a certificate: same CKA_ID and key type, and the same public key wherever the token shows it. */
function findKey(module: VendorModule, session: Handle, certificate: StoredCertificate, publicKey: KeyObject): Handle {
  const wantedType = publicKey.asymmetricKeyType === 'ec' ? keyType.ec : keyType.rsa;
  const candidates = module.objects(session, 'privateKey').filter((key) => {
    const id = module.attribute(session, key, attribute.id);
    if (certificate.ckaId.length > 0 && id?.equals(certificate.ckaId) !== true) return false;
    const type = module.attribute(session, key, attribute.keyType);
    if (type !== undefined && type[0] !== wantedType) return false;
    if (module.attribute(session, key, attribute.sign)?.[0] === 0) return false;
    return publicPartMatches(module, session, key, publicKey) ?? certificate.ckaId.length > 0;
  });
  const [key, second] = candidates;
  if (key === undefined)
    throw new CallError('finding the key', 'the token has no private key for this certificate', { code: 'no-usable-key' });
  if (second !== undefined)
    throw new CallError('finding the key', 'more than one private key fits this certificate', { code: 'no-usable-key' });
  return key;
}

/** Whether a private key shows the public key of the certificate; nothing when it shows none. */
function publicPartMatches(module: VendorModule, session: Handle, key: Handle, publicKey: KeyObject): boolean | undefined {
  const jwk = publicKey.asymmetricKeyType === 'rsa-pss' ? {} : publicKey.export({ format: 'jwk' });
  if (jwk.n !== undefined) {
    const modulus = module.attribute(session, key, attribute.modulus);
    return modulus === undefined || modulus.length === 0
      ? undefined
      : withoutZeros(modulus).equals(withoutZeros(Buffer.from(jwk.n, 'base64url')));
  }
  if (jwk.x !== undefined && jwk.y !== undefined) {
    const point = module.attribute(session, key, attribute.ecPoint);
    const wanted = Buffer.concat([Buffer.of(4), Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')]);
    // Bare, or inside an OCTET STRING: tokens do both.
    return point === undefined || point.length === 0 ? undefined : point.subarray(-wanted.length).equals(wanted);
  }
  return undefined;
}

function withoutZeros(number: Buffer): Buffer {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? number.subarray(number.length) : number.subarray(first);
}

/** Tries the mechanisms in order. Only a refusal of the mechanism leads to the next one, and never after a PIN was spent on this one. */
async function climb(
  module: VendorModule,
  session: Handle,
  key: Handle,
  ladder: readonly Rung[],
  logInAgain: (() => Promise<void>) | undefined,
  started: () => Promise<void>,
): Promise<Uint8Array> {
  let refusal = new CallError('choosing a mechanism', 'there is no mechanism for this scheme', { code: 'mechanism-unsupported' });
  for (const rung of ladder) {
    try {
      call('C_SignInit', () => module.binding.C_SignInit(session, mechanismOf(rung), key));
    } catch (error) {
      if (!(error instanceof CallError) || !isMechanismRefusal(error.ckr)) throw error;
      refusal = error;
      continue;
    }
    await logInAgain?.();
    await started();
    try {
      return call('C_Sign', () => module.binding.C_Sign(session, Buffer.from(rung.input), Buffer.alloc(signatureBytes)));
    } catch (error) {
      if (logInAgain !== undefined || !(error instanceof CallError) || !isMechanismRefusal(error.ckr)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

function mechanismOf(rung: Rung): { mechanism: number; parameter?: { type: number; hashAlg: number; mgf: number; saltLen: number } } {
  return rung.pss === undefined
    ? { mechanism: rung.mechanism }
    : { mechanism: rung.mechanism, parameter: { type: pssParams, ...rung.pss } };
}
