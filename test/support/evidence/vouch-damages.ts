/** What somebody may do to the package of a signature without a finger, each with the words of the check that is there for it. */
import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import type { Damage } from './damages.ts';

const digestOf = (statement: string): string => createHash('sha256').update(`countersign/v1/consent\n${statement}`).digest('hex');
const flipped = (digit: string): string => (digit === '0' ? '1' : '0');
/** Another digit at the beginning of a member. */
const other = (name: string) => (body: string) =>
  body.replace(new RegExp(`("${name}":")([0-9a-f])`), (_found, before: string, digit: string) => before + flipped(digit));

export const vouchDamages: readonly Damage[] = [
  {
    what: 'whom somebody vouched for',
    refused: ['the signature of whoever vouched is not over what the entry says', 'for another certificate than that of the consent'],
    damage: (one) => one.rewrite('vouch', other('holder_certificate_sha256')),
  },
  {
    what: 'how they knew the holder',
    refused: ['the signature of whoever vouched is not over what the entry says'],
    damage: (one) => one.rewrite('vouch', (body) => body.replace('"identity-document"', '"known-in-person"')),
  },
  {
    what: 'who vouched',
    refused: ['the signature of whoever vouched is not over what the entry says'],
    damage: (one) => one.rewrite('vouch', (body) => body.replace('"id":"clerk-7"', '"id":"clerk-8"')),
  },
  {
    what: 'the role of whoever vouched',
    refused: ['is neither a clerk nor a supervisor'],
    damage: (one) => one.rewrite('vouch', (body) => body.replace('"role":"clerk"', '"role":"auditor"')),
  },
  {
    what: 'until when it counted',
    refused: ['the signature of whoever vouched is not over what the entry says', 'it counted no longer when the holder agreed'],
    damage: (one) => one.rewrite('vouch', (body) => body.replace(/"until":"\d{4}/, '"until":"2001')),
  },
  {
    what: 'the signature of whoever vouched',
    refused: ['the signature of whoever vouched is not over what the entry says'],
    damage: (one) =>
      one.rewrite('vouch', (body) =>
        body.replace(/("signature":"[0-9a-f]{80})(.)/, (_all, before: string, digit: string) => before + flipped(digit)),
      ),
  },
  {
    what: 'the file of what was signed',
    refused: ['.signed is not what the entry says'],
    damage: (one) => one.write(one.find(/^vouch.*\.signed$/), (text) => text.replace('vouch', 'vouhc')),
  },
  {
    what: 'the file of the signature',
    refused: ['.signature is not what the entry says'],
    damage: (one, theirs) =>
      one.write(one.find(/^vouch.*\.signature$/), () => theirs.read(theirs.find(/^assertion.*\.signature$/)).toString('latin1')),
  },
  {
    what: 'the key of whoever vouched, beside the entry',
    refused: ['the key in keys/ is not the one that the entry says'],
    damage: (one, theirs) => one.write(one.find(/^keys.vouch/), () => theirs.read(theirs.find(/^keys.finger/)).toString('latin1')),
  },
  {
    what: 'the entry in which somebody vouched is missing',
    refused: ['the entry in which somebody vouched is not here'],
    damage: (one) => {
      const entry = one.entry('vouch');
      for (const ending of ['json', 'proof', 'tlog-proof']) unlinkSync(one.at(`${entry}.${ending}`));
    },
  },
  {
    what: 'that it was taken is missing',
    refused: ['no finger matched for its consent before it, and no vouch was taken for it', '(vouch): it is of another operation'],
    damage: (one) => {
      const entry = one.entry('vouched');
      for (const ending of ['json', 'proof', 'tlog-proof']) unlinkSync(one.at(`${entry}.${ending}`));
    },
  },
  {
    what: 'another leaf of the entry',
    refused: ['it names another entry'],
    damage: (one) => one.rewrite('vouched', other('vouch_leaf')),
  },
  {
    what: 'the key of the holder is that of whoever vouched',
    refused: ['the holder vouched for themselves', 'is another one than that of the certificate in the document'],
    damage: (one) => {
      const theirs = /"public_key":"([0-9a-f]*)"/.exec(one.read(`${one.entry('vouch')}.json`).toString())?.[1] ?? '';
      one.rewrite('vouched', (body) => body.replace(/"public_key":"[0-9a-f]*"/, `"public_key":"${theirs}"`));
    },
  },
  {
    what: 'another holder',
    refused: ['it is for another holder than was enrolled for this certificate'],
    damage: (one) => one.rewrite('vouched', other('id')),
  },
  {
    what: 'a consent that says nothing of it, and every entry that names that',
    refused: ['does not say that this counts instead of a finger', 'no finger matched for its consent before it'],
    damage: (one) => {
      let digests: readonly [string, string] = ['', ''];
      one.rewrite('consent', (body) => {
        const changed = body.replace(/,"vouch":\{"entry":\d+,"leaf":"[0-9a-f]*"\}/, '');
        const statement = /"statement":(\{.*\})\},"op"/.exec(changed)?.[1] ?? '';
        digests = [/"consent_sha256":"([0-9a-f]*)"/.exec(body)?.[1] ?? '', digestOf(statement)];
        return changed.replace(...digests);
      });
      for (const op of ['sign.intent', 'vouched']) one.rewrite(op, (body) => body.replace(...digests));
    },
  },
];
