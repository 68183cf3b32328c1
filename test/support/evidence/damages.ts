/** What somebody may do to an evidence package, each with the words of the check that is there for it. The list of sums is made to fit afterwards. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { cpSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import type { Changed } from './package.ts';

export interface Damage {
  readonly what: string;
  /** Parts of lines that begin with FAILED. */
  readonly refused: readonly string[];
  /** `other` is the package of another operation of the same log. */
  readonly damage: (one: Changed, other: Changed) => void;
}

const flip = (text: string, place: number) => `${text.slice(0, place)}${text[place] === '0' ? '1' : '0'}${text.slice(place + 1)}`;
const sha256 = (...parts: readonly (string | Buffer)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
const proofOf = (one: Changed, op: string) => `${one.entry(op)}.proof`;
const valueIn = (body: string, name: string) => new RegExp(`"${name}":"([0-9a-f]*)"`).exec(body)?.[1] ?? '';
const pdf = /\.signed\.pdf$/;

/** Puts a file of the other package in the place of ours. */
function exchange(one: Changed, other: Changed, pattern: RegExp): void {
  one.write(one.find(pattern), () => other.read(other.find(pattern)).toString('latin1'));
}

/** Changes the document, and says its new digest in `sign.done`, so that only the document's own signature can tell. */
function changeDocument(one: Changed, change: (text: string) => string): void {
  const before = sha256(one.read(one.find(pdf)));
  one.write(one.find(pdf), change);
  one.rewrite('sign.done', (body) => body.replace(before, sha256(one.read(one.find(pdf)))));
}

/** Another random number in the statement, and what follows from it. Gives the digest before and after. */
function reconsent(one: Changed): readonly [string, string] {
  let digests: readonly [string, string] = ['', ''];
  one.rewrite('consent', (body) => {
    const changed = body.replace(/"nonce":"./, (found) => `${found.slice(0, -1)}${found.endsWith('0') ? '1' : '0'}`);
    const statement = /"statement":(\{.*\})\},"op"/.exec(changed)?.[1] ?? '';
    digests = [valueIn(body, 'consent_sha256'), sha256('countersign/v1/consent\n', statement)];
    return changed.replace(...digests);
  });
  return digests;
}

/** Clears a flag of the authenticator data: behind the 32 bytes of the relying party's hash. */
function clearFlag(one: Changed, flag: number): void {
  one.rewrite('finger-matched', (body) => {
    const data = valueIn(body, 'authenticator_data');
    const flags = (parseInt(data.slice(64, 66), 16) & ~flag).toString(16).padStart(2, '0');
    return body.replace(data, `${data.slice(0, 64)}${flags}${data.slice(66)}`);
  });
}

function copyEntry(from: Changed, op: string, to: Changed): void {
  const entry = from.entry(op);
  for (const ending of ['json', 'proof']) cpSync(from.at(`${entry}.${ending}`), to.at(`entries/999999999.${ending}`));
}

/** Place of the last hex digit of the newest signature, before the zeros that fill its place. */
function lastDigit(text: string): number {
  const from = text.lastIndexOf('/Contents <');
  return from + text.slice(from).search(/[1-9a-f]0*>/);
}

function otherKey(): string {
  return generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString();
}

const document: readonly Damage[] = [
  {
    what: 'another document in the place of the signed one',
    refused: ['no document here has the digest that the entry says'],
    damage: (one, other) => exchange(one, other, pdf),
  },
  {
    what: 'another document beside the signed one',
    refused: ['documents/other.pdf is not a document of this operation'],
    damage: (one) => writeFileSync(one.at('documents/other.pdf'), '%PDF-1.7'),
  },
  {
    what: 'a byte of the document',
    refused: ['no document here has the digest that the entry says'],
    damage: (one) => one.write(one.find(pdf), (text) => flip(text, 2000)),
  },
  {
    what: 'a byte of the document that its signature covers, and its digest',
    refused: ['the signature in the document is not good', 'it does not begin with the document that the holder agreed to'],
    damage: (one) => changeDocument(one, (text) => flip(text, 2000)),
  },
  {
    what: 'a byte of the signature in the document, and its digest',
    refused: ['the signature in the document is not good'],
    damage: (one) => changeDocument(one, (text) => flip(text, lastDigit(text))),
  },
  {
    what: 'something behind the document, and its digest',
    refused: ['no signature in the document covers all of it'],
    damage: (one) => changeDocument(one, (text) => `${text}%more\n`),
  },
  {
    what: 'something in the place of the signature, behind it, and its digest',
    refused: ['something stands behind the signature in its place'],
    damage: (one) => changeDocument(one, (text) => text.replace(/00>(?=[^>]*>[^]*$)/, '01>')),
  },
  {
    what: 'another certificate beside the document',
    refused: ['is not the one that a document of this operation was signed with'],
    damage: (one, other) => exchange(one, other, /^keys.signer/),
  },
  {
    what: 'the certificate that sign.done names',
    refused: ['it does not end a signature that was begun with the same document and certificate'],
    damage: (one) =>
      one.rewrite('sign.done', (body) => body.replace(/"certificate_sha256":"./, '"certificate_sha256":"x').replace('"x', '"0')),
  },
];

const finger: readonly Damage[] = [
  {
    what: 'the assertion of another operation',
    refused: ['.signature is not what the entry says'],
    damage: (one, other) => exchange(one, other, /^assertion.*\.signature$/),
  },
  {
    what: 'the assertion of another operation, in the entry',
    refused: ["the reader's signature is not over these data and this consent"],
    damage: (one, other) => {
      const theirs = valueIn(other.read(`${other.entry('finger-matched')}.json`).toString(), 'signature');
      one.rewrite('finger-matched', (body) => body.replace(valueIn(body, 'signature'), theirs));
    },
  },
  { what: 'the consent', refused: ['there is no consent before it that it is for'], damage: (one) => void reconsent(one) },
  {
    what: 'the consent without its digest',
    refused: ['its digest is not that of the statement that stands in it'],
    damage: (one) => one.rewrite('consent', (body) => body.replace(/"nonce":"../, '"nonce":"zz').replace('zz', 'ab')),
  },
  {
    what: 'the consent, and every entry that names it',
    refused: ["the reader's signature is not over these data and this consent"],
    damage: (one) => {
      const digests = reconsent(one);
      one.rewrite('sign.intent', (body) => body.replace(...digests));
      one.rewrite('finger-matched', (body) => body.replaceAll(...digests));
    },
  },
  {
    what: 'whose word it is that the finger matched',
    refused: ['whose word it is that the finger matched is not as it was enrolled'],
    damage: (one) => one.rewrite('finger-matched', (body) => body.replace('signed-by-reader', 'station-asserted')),
  },
  { what: 'the flag UV', refused: ['the reader does not say that it verified the person'], damage: (one) => clearFlag(one, 4) },
  { what: 'the flag UP', refused: ['the reader does not say that a person was there'], damage: (one) => clearFlag(one, 1) },
  {
    what: 'the key of the finger',
    refused: ['the key in keys/ is not the one that was enrolled'],
    damage: (one, other) => exchange(one, other, /^keys.finger/),
  },
  {
    what: 'the name that the credential is bound to',
    refused: ['the credential is for somebody else than rp-id says'],
    damage: (one) => one.write('rp-id', () => 'example.net\n'),
  },
];

const log: readonly Damage[] = [
  {
    what: 'an entry',
    refused: ['(token-in): it was changed: its bytes do not have the hash'],
    damage: (one) => one.write(`${one.entry('token-in')}.json`, (body) => body.replace('"module":"', '"module":"x')),
  },
  {
    what: 'an entry, and its hash',
    refused: ['(token-in): its proof does not lead to the root'],
    damage: (one) => one.rewrite('token-in', (body) => body.replace('"module":"', '"module":"x')),
  },
  {
    what: 'an entry, in a form that entries do not have',
    refused: ['it is not written as entries are'],
    damage: (one) => one.rewrite('token-in', (body) => body.replace('{"actor"', '{ "actor"')),
  },
  {
    what: 'a hash of a proof',
    refused: ['(sign.done): its proof does not lead to the root'],
    damage: (one) => one.write(proofOf(one, 'sign.done'), (proof) => flip(proof, proof.length - 5)),
  },
  {
    what: 'a proof that is too short',
    refused: ['(sign.done): its proof does not lead to the root'],
    damage: (one) => one.write(proofOf(one, 'sign.done'), (proof) => proof.replace(/node .*\n$/, '')),
  },
  {
    what: 'the number in a proof',
    refused: ['(sign.done): its proof is of another number'],
    damage: (one) => one.write(proofOf(one, 'sign.done'), (proof) => proof.replace(/^index .*/, 'index 1')),
  },
  {
    what: 'the root',
    refused: ['checkpoint: its signature is not by the key of the log'],
    damage: (one) => one.write('checkpoint', (note) => note.replace(/(?<=^.*\n.*\n)./, (first) => (first === 'A' ? 'B' : 'A'))),
  },
  {
    what: 'the signature of the checkpoint',
    refused: ['checkpoint: its signature is not by the key of the log'],
    damage: (one) => one.write('checkpoint', (note) => note.replace(/.(?=.{9}\n$)/, (letter) => (letter === 'A' ? 'B' : 'A'))),
  },
  {
    what: 'the key of the log',
    refused: ['log key: it is not the one that you brought from elsewhere', 'log key: the log does not say that this is its key'],
    damage: (one) => one.write('keys/log.pem', otherKey),
  },
  {
    what: 'an entry that is missing',
    refused: ['(sign.intent): how it ended is not here'],
    damage: (one) => {
      const entry = one.entry('sign.done');
      for (const ending of ['json', 'proof', 'tlog-proof']) unlinkSync(one.at(`${entry}.${ending}`));
    },
  },
  {
    what: 'a proof that is missing',
    refused: ['(sign.done): its proof is missing'],
    damage: (one) => unlinkSync(one.at(proofOf(one, 'sign.done'))),
  },
  {
    what: 'an entry of another operation',
    refused: ['(sign.done): it is of another operation, and is not needed to judge this one'],
    damage: (one, other) => copyEntry(other, 'sign.done', one),
  },
  {
    what: 'an entry that is here twice',
    refused: ['(consent): it is here twice'],
    damage: (one) => copyEntry(one, 'consent', one),
  },
  {
    what: 'the operation',
    refused: ['it is of another operation, and is not needed to judge this one'],
    damage: (one, other) => exchange(one, other, /^operation$/),
  },
  {
    what: 'a link in the place of a file',
    refused: ['something in the folder is neither a file nor a folder'],
    damage: (one) => {
      unlinkSync(one.at('rp-id'));
      symlinkSync('operation', one.at('rp-id'));
    },
  },
];

export const damages: readonly Damage[] = [...log, ...finger, ...document];
