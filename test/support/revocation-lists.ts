/** Revocation lists as an issuer makes them: by `openssl ca -gencrl`, from the same kind of database that its registry keeps. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Issued, KeyRing } from './signing-keys.ts';

export interface ListRequest {
  /** Serial number in hex, date, and reason in openssl's words (keyCompromise, certificateHold ...). */
  readonly revoked?: readonly { readonly serial: string; readonly at?: Date; readonly reason?: string }[];
  /** cRLNumber; without one the list is of version 1, which has none. */
  readonly number?: number | undefined;
  readonly from?: Date;
  readonly until?: Date;
  /** Further extensions, one per line of openssl's configuration. */
  readonly extensions?: readonly string[];
  readonly digest?: string;
}

const hourMs = 3_600_000;
let count = 0;

/** Serial number as openssl wants it, upper-case hex. */
export function serialOf({ certificatePath }: Issued): string {
  const out = execFileSync('openssl', ['x509', '-in', certificatePath, '-noout', '-serial'], { encoding: 'utf8' });
  return out.trim().replace('serial=', '');
}

/** Makes a list; it was made an hour ago and runs for a day unless something else is said. Gives DER and the path of the PEM. */
export function revocationList(ring: KeyRing, issuer: Issued, request: ListRequest = {}): { der: Uint8Array; path: string } {
  count += 1;
  const file = (end: string): string => ring.path(`list-${count}.${end}`);
  const stamp = (date: Date): string => `${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`;
  const { revoked = [], number, extensions = [], digest = 'sha256' } = request;
  const from = request.from ?? new Date(Date.now() - hourMs);
  const until = request.until ?? new Date(from.getTime() + 24 * hourMs);
  const lines = revoked.map(({ serial, at, reason }) => {
    const why = reason === undefined ? '' : `,${reason}`;
    return ['R', '491231235959Z', `${stamp(at ?? from)}${why}`, serial.toUpperCase(), 'unknown', '/CN=somebody'].join('\t');
  });
  writeFileSync(file('index'), lines.map((line) => `${line}\n`).join(''));
  writeFileSync(
    file('number'),
    `${(number ?? 1)
      .toString(16)
      .padStart(2, '0')
      .replace(/^(.(..)*)$/, '0$1')}\n`,
  );
  const isFirstVersion = number === undefined && extensions.length === 0;
  const config = [
    '[ca]\ndefault_ca=it\n[it]',
    `database=${file('index')}`,
    ...(number === undefined ? [] : [`crlnumber=${file('number')}`]),
    ...(isFirstVersion ? [] : ['crl_extensions=extensions']),
    `default_md=${digest}\nunique_subject=no\n[extensions]`,
    ...(isFirstVersion ? [] : ['authorityKeyIdentifier=keyid:always']),
    ...extensions,
  ];
  writeFileSync(file('cnf'), `${config.join('\n')}\n`);
  const times = ['-crl_lastupdate', stamp(from), '-crl_nextupdate', stamp(until)];
  const signer = ['-cert', issuer.certificatePath, '-keyfile', issuer.keyPath];
  execFileSync('openssl', ['ca', '-gencrl', '-config', file('cnf'), ...signer, ...times, '-out', file('pem')], { stdio: 'pipe' });
  execFileSync('openssl', ['crl', '-in', file('pem'), '-outform', 'DER', '-out', file('der')], { stdio: 'pipe' });
  return { der: new Uint8Array(readFileSync(file('der'))), path: file('pem') };
}
