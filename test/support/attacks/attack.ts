/** What an attack file is: a sound signed document, and what an attacker makes of it. */
import { preparePades } from '../../../agent/documents/pades.ts';
import { handMade, onePage } from '../sample-pdf.ts';
import { type Issued, type KeyRing, authority, endEntity, signWith } from '../signing-keys.ts';
import { timestampsOnly } from '../timestamp-authority.ts';
import { type ContractKind, contract, contractKinds } from './contract.ts';
import { stamper } from './stamper.ts';

/** Ada signs; Mallory has a certificate by the same trusted issuer, so that no attack fails merely because nobody trusts the attacker. */
export interface Cast {
  readonly root: Issued;
  readonly ada: Issued;
  readonly mallory: Issued;
  /** Gives a timestamp over what is covered, by an authority that is trusted too. */
  readonly stamp: (covered: readonly Uint8Array[]) => Uint8Array;
}

/** The sound documents by name: each is TOTAL-PASSED. `once` and `twice` were signed as the station signs, the others by hand. */
export type SoundName = 'once' | 'twice' | ContractKind;
export const soundNames: readonly SoundName[] = ['once', 'twice', ...contractKinds];

export interface Attack {
  readonly name: string;
  readonly sound: SoundName;
  /** Outcome of the whole document and, where signatures are judged, the sub-indication of the first that does not pass, or why it cannot be read. */
  readonly outcome: string;
  /** Nothing was changed that must not be: what was added is signed by nobody, or the kind of the signature is not known. */
  readonly namesNoChange?: true;
  readonly make: (sound: Uint8Array, cast: Cast, others: (name: SoundName) => Uint8Array) => Uint8Array;
}

/** Attacks of one class. */
export interface AttackClass {
  readonly name: string;
  readonly attacks: readonly Attack[];
}

export const failed = 'TOTAL-FAILED FORMAT_FAILURE';
export const changed = 'INDETERMINATE SIG_CONSTRAINTS_FAILURE';
export const unreadable = 'UNREADABLE damaged';

export function castOf(ring: KeyRing): Cast {
  const root = ring.issue('/CN=Test Root', 'P-256', authority);
  const clock = ring.issue('/CN=Test Clock', 'P-256', timestampsOnly, root);
  return {
    root,
    ada: ring.issue('/CN=Ada Lovelace', 'P-256', endEntity, root),
    mallory: ring.issue('/CN=Mallory', 'P-256', endEntity, root),
    stamp: stamper(ring, clock, root),
  };
}

/** Signs as the station does. */
export function signAgain(document: Uint8Array, signer: Issued): Uint8Array {
  const prepared = preparePades(document, {
    certificate: signer.certificate,
    chain: [],
    hash: 'sha256',
    scheme: 'ecdsa',
    signedAt: new Date(Date.now() + 300_000),
    operation: '0191-0002',
    station: 'branch-12',
  });
  return prepared.finish(signWith(signer.key, 'ecdsa', 'sha256', prepared.message));
}

/** The sound documents, each made once. */
export function soundDocuments({ ada, mallory }: Cast): (name: SoundName) => Uint8Array {
  const made = new Map<SoundName, Uint8Array>();
  const make = (name: SoundName): Uint8Array => {
    if (name === 'once') return signAgain(handMade({ objects: onePage() }), ada);
    if (name === 'twice') return signAgain(get('once'), mallory);
    return contract(name, ada);
  };
  const get = (name: SoundName): Uint8Array => {
    const known = made.get(name) ?? make(name);
    made.set(name, known);
    return known;
  };
  return get;
}

/** The file with the first piece of text that fits replaced by another one of the same length, padded with spaces. */
export function edited(bytes: Uint8Array, from: RegExp, to: (found: string) => string): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const found = from.exec(text)?.[0];
  if (found === undefined) throw new Error('nothing to edit');
  const put = to(found).padEnd(found.length);
  if (put.length > found.length) throw new Error('too long to edit in place');
  return Uint8Array.from(
    Buffer.from(
      text.replace(found, () => put),
      'latin1',
    ),
  );
}

/** Text, one character per byte, behind a file. */
export function behind(bytes: Uint8Array, text: string): Uint8Array {
  return Uint8Array.from(Buffer.concat([bytes, Buffer.from(text, 'latin1')]));
}

/** The body of an object of a file, by its number: the newest that is written out. */
export function bodyOf(bytes: Uint8Array, num: number): string {
  const text = Buffer.from(bytes).toString('latin1');
  const at = text.lastIndexOf(`\n${num} 0 obj\n`);
  const body = text.slice(at + `\n${num} 0 obj\n`.length, text.indexOf('\nendobj', at));
  if (at === -1) throw new Error(`no object ${num}`);
  return body;
}
