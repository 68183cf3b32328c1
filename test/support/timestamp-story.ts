/** What tests of timestamps in PDFs share: issuers, a holder, an authority, and the commands as a person calls them. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from '../../agent/commands/arguments.ts';
import { timestampApply } from '../../agent/commands/timestamp-apply.ts';
import { timestampRequest } from '../../agent/commands/timestamp-request.ts';
import { preparePades } from '../../agent/documents/pades.ts';
import { makeTrust } from '../../agent/documents/trust.ts';
import { type VerificationReport, verifyPdf } from '../../agent/documents/verify.ts';
import { type ListRequest, revocationList, serialOf } from './revocation-lists.ts';
import { type Issued, KeyRing, authority, endEntity, signWith } from './signing-keys.ts';
import { TimestampAuthority, timestampsOnly } from './timestamp-authority.ts';

export const days = (count: number): Date => new Date(Date.now() + count * 86_400_000);

/** How a command ended, a refusal too. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Calls a command; a refusal comes back with its exit code, as the program gives it. */
export async function call(command: Command, ...words: readonly string[]): Promise<Ended> {
  const said = { out: '', err: '' };
  const io = { out: (text: string) => void (said.out += text), err: (text: string) => void (said.err += text) };
  try {
    return { code: await command([...words], io), ...said };
  } catch (error) {
    if (!(error instanceof Error && 'exitCode' in error)) throw error;
    return { code: Number(error.exitCode), out: said.out, err: error.message };
  }
}

/** Ada's certificate runs for a year, that of `short` (P-384) for two days, the authority's for 300 days, the issuers' for years. */
export class TimestampStory {
  readonly ring = new KeyRing();
  readonly root = this.ring.issue('/CN=Test Root', 'P-256', [...authority, 'subjectKeyIdentifier=hash'], undefined, 4000);
  readonly link = this.ring.issue('/CN=Test Issuer', 'P-256', [...authority, 'subjectKeyIdentifier=hash'], this.root, 4000);
  readonly ada = this.ring.issue('/CN=Ada Lovelace', 'P-256', endEntity, this.link);
  readonly short = this.ring.issue('/CN=Short Lived', 'P-384', endEntity, this.link, 2);
  readonly timeRoot = this.ring.issue('/CN=Time Root', 'P-256', [...authority, 'subjectKeyIdentifier=hash'], undefined, 4000);
  readonly tsa = this.ring.issue('/CN=Time Authority', 'P-256', timestampsOnly, this.timeRoot, 300);
  readonly openssl = new TimestampAuthority(this.ring, 'tsa', this.tsa, [this.timeRoot]);
  readonly trust = this.ring.path('trust');
  readonly crl = this.ring.path('crl');
  readonly file = this.ring.path('c.pdf');
  readonly query = this.ring.path('c.tsq');
  readonly answer = this.ring.path('c.tsr');
  readonly out = this.ring.path('c-timestamped.pdf');
  readonly prepared = this.ring.path('c-prepared.pdf');
  readonly issuers = makeTrust([this.root, this.link, this.timeRoot].map(({ certificate }) => certificate));

  constructor() {
    mkdirSync(this.trust);
    for (const [index, { certificate }] of [this.root, this.link, this.timeRoot].entries())
      writeFileSync(`${this.trust}/${index}.der`, certificate);
  }

  /** Takes away everything that a test made. */
  clear(): void {
    const { crl, file, query, answer, out, prepared } = this;
    for (const path of [crl, file, query, answer, out, prepared]) rmSync(path, { recursive: true, force: true });
    mkdirSync(crl);
  }

  sign(document: Uint8Array, signer = this.ada, more: { readonly certify?: boolean } = {}): Uint8Array {
    const hash = signer === this.short ? 'sha384' : 'sha256';
    const signedAt = new Date(Date.now() + 5000);
    const parts = { operation: '0191-0002', station: 'branch-12', scheme: 'ecdsa', signedAt, hash, ...more } as const;
    const chain = [signer.certificate, this.link.certificate];
    const prepared = preparePades(document, { certificate: signer.certificate, chain, ...parts });
    return prepared.finish(signWith(signer.key, 'ecdsa', hash, prepared.message));
  }

  /** A revocation list of this issuer goes into the folder, from now for a day. */
  put(issuer: Issued, request: ListRequest = {}): void {
    const { der } = revocationList(this.ring, issuer, { number: 12, from: new Date(), until: days(1), ...request });
    writeFileSync(`${this.crl}/${serialOf(issuer)}.crl`, der);
  }

  /** Asked for, answered by openssl and applied; gives what came out. */
  async stamped(document: Uint8Array, ...more: readonly string[]): Promise<Uint8Array> {
    writeFileSync(this.file, document);
    await succeeds(call(timestampRequest, this.file));
    writeFileSync(this.answer, this.openssl.answer(readFileSync(this.query)));
    await succeeds(call(timestampApply, this.file, this.answer, ...more));
    return new Uint8Array(readFileSync(this.out));
  }

  /** What `verify` says at this moment to somebody who trusts all issuers and has no lists. */
  report(document: Uint8Array, now = new Date()): VerificationReport {
    return verifyPdf(document, { trust: this.issuers, now });
  }
}

async function succeeds(ended: Promise<Ended>): Promise<void> {
  const { code, err } = await ended;
  if (code !== 0) throw new Error(`exit code ${code}: ${err}`);
}
