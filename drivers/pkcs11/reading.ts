/**
 * What a token shows before anyone types a PIN: its certificates, its mechanisms, and the private keys that are visible. Host side only.
 */
import { tokenId } from './token-id.ts';
import { attribute, ckr, serialSession } from './cryptoki.ts';
import { call, CallError, type FilledSlot, type Handle, type VendorModule } from './module.ts';
import type { OpenToken } from './open-token.ts';
import type { HostReply, StoredCertificate } from './protocol.ts';

/** The slot that holds the wanted token now, asked anew. Throws CallError `no-token` when it is in none, `unsupported-token` when the module does not know the card. */
export function findToken(module: VendorModule, wanted: string): FilledSlot {
  const found = module.refresh(mustBeIn(module, wanted));
  if (found === undefined || !isWanted(module, found, wanted)) return notIn();
  if (!found.facts.recognised)
    throw new CallError('finding the token', 'the module does not know this card', { code: 'unsupported-token' });
  return found;
}

/** The slot that holds the wanted token now, where the token itself is asked nothing. Throws CallError `no-token` when it is in none. */
export function mustBeIn(module: VendorModule, wanted: string): FilledSlot {
  return module.tokens().find((filled) => isWanted(module, filled, wanted)) ?? notIn();
}

function isWanted(module: VendorModule, { facts }: FilledSlot, wanted: string): boolean {
  return tokenId(module.name, facts, facts.insertion) === wanted;
}

function notIn(): never {
  throw new CallError('finding the token', 'the token is in no slot', { code: 'no-token' });
}

/** Opens a read-only session. */
export function openSession(module: VendorModule, slot: Handle): Handle {
  return call('C_OpenSession', () => module.binding.C_OpenSession(slot, serialSession));
}

/** A certificate and where it lies in a session. */
export interface FoundCertificate extends StoredCertificate {
  readonly object: Handle;
}

/** Every certificate object that has a value, as it lies on the token. */
export function certificates(module: VendorModule, session: Handle): readonly FoundCertificate[] {
  const found: FoundCertificate[] = [];
  for (const object of module.objects(session, 'certificate')) {
    const value = module.attribute(session, object, attribute.value);
    if (value === undefined || value.length === 0) continue;
    const ckaId = module.attribute(session, object, attribute.id) ?? Buffer.alloc(0);
    found.push({ object, value, ckaId, label: module.attribute(session, object, attribute.label)?.toString('utf8') ?? '' });
  }
  return found;
}

/** What a token shows without login. Throws CallError. */
export function contentsOf(module: VendorModule, id: number, { place, session, found }: OpenToken): HostReply {
  return {
    type: 'contents',
    id,
    token: place.facts,
    mechanisms: mechanisms(module, place.slot),
    certificates: found.map(({ value, ckaId, label }) => ({ value, ckaId, label })),
    privateKeys: module.objects(session, 'privateKey').flatMap((key) => {
      const ckaId = module.attribute(session, key, attribute.id);
      return ckaId === undefined ? [] : { ckaId, signs: module.attribute(session, key, attribute.sign)?.[0] !== 0 };
    }),
  };
}

/** Closes a session of a token that may be gone already. */
export function closeQuietly(module: VendorModule, session: Handle): void {
  ignoring([ckr.sessionHandleInvalid, ckr.sessionClosed, ckr.tokenNotPresent, ckr.deviceRemoved, ckr.deviceError, ckr.generalError], () =>
    call('C_CloseSession', () => module.binding.C_CloseSession(session)),
  );
}

/** Runs a clean-up call whose failure changes nothing, if it fails with one of `values`. */
export function ignoring(values: readonly number[], act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof CallError) || error.ckr === undefined || !values.includes(error.ckr)) throw error;
  }
}

/** The list is a hint only, so a token that refuses to give one simply gives no hint. */
function mechanisms(module: VendorModule, slot: Handle): readonly number[] {
  try {
    return call('C_GetMechanismList', () => module.binding.C_GetMechanismList(slot));
  } catch (error) {
    if (error instanceof CallError) return [];
    throw error;
  }
}
