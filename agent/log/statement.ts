/**
 * What a member of staff signs with their own token: a late record, a request, their word on those of another person, or that they vouch for a holder. Pure. The bytes begin with a
 * purpose of their own, so that no such signature can pass for one on a document (its signed attributes begin with the byte 0x31) or for another statement.
 */
import { constants, createPublicKey, verify } from 'node:crypto';
import type { EventOf } from './events.ts';
import { serialise } from './record.ts';

export const statementOps = ['supplement', 'request', 'confirm', 'reject', 'vouch'] as const;
export type StatementOp = (typeof statementOps)[number];

/** A statement as it stands in the log. */
export type SignedStatement = { [O in StatementOp]: EventOf<O> }[StatementOp];
/** The same before the token has signed it. */
export type Statement = { [O in StatementOp]: Omit<EventOf<O>, 'signature'> }[StatementOp];

/**
 * The bytes that are signed: `countersign/v1/<op>`, a line feed, and the JCS of v, origin, op, actor, operation (where there is one) and all fields of
 * the entry but the signature. Whoever has the entry can make them again. Throws NotCanonical.
 */
export function statementBytes(origin: string, statement: Statement | SignedStatement): Uint8Array {
  const { op, operation, actor, ...all } = statement;
  const fields = Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'signature'));
  const visit = operation === undefined ? {} : { operation };
  return Buffer.from(`countersign/v1/${op}\n${serialise({ v: 1, origin, op, ...visit, actor, fields })}`, 'utf8');
}

/** True when the signature is one over this statement by the public key in it. */
export function statementHolds(origin: string, statement: SignedStatement): boolean {
  const { public_key: spki, scheme, hash, signature } = statement;
  const key = createPublicKey({ key: Buffer.from(spki, 'hex'), format: 'der', type: 'spki' });
  if ((scheme === 'ecdsa') !== (key.asymmetricKeyType === 'ec')) return false;
  return verify(hash, statementBytes(origin, statement), { key, ...ways[scheme] }, Buffer.from(signature, 'hex'));
}

const ways = {
  'rsa-pkcs1': { padding: constants.RSA_PKCS1_PADDING },
  'rsa-pss': { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  ecdsa: { dsaEncoding: 'der' },
} as const;
