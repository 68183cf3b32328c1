/** A clock that is believed: timestamps by openssl, over the parts of a file. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Issued, KeyRing } from '../signing-keys.ts';
import { TimestampAuthority } from '../timestamp-authority.ts';

/** Gives tokens over what is covered, by openssl. */
export function stamper(ring: KeyRing, authority: Issued, root: Issued): (covered: readonly Uint8Array[]) => Uint8Array {
  const clock = new TimestampAuthority(ring, 'clock', authority, [root]);
  const [data, query, reply, token] = ['data', 'query', 'reply', 'token'].map((name) => ring.path(`clock.${name}`)) as [
    string,
    string,
    string,
    string,
  ];
  const openssl = (...words: readonly string[]): unknown =>
    execFileSync('openssl', ['ts', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  return (covered) => {
    writeFileSync(data, Buffer.concat(covered));
    openssl('-query', '-data', data, '-sha256', '-cert', '-out', query);
    writeFileSync(reply, clock.answer(readFileSync(query)));
    openssl('-reply', '-in', reply, '-token_out', '-out', token);
    return new Uint8Array(readFileSync(token));
  };
}
