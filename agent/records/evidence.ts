/**
 * The evidence package of one operation: a folder that an outside expert checks with `sh`, `sha256sum` and `openssl`. This room reads the log and the
 * documents of a station and makes new files of them; it never changes a record, and nothing in it decides anything at the counter.
 */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ReadableLog } from '../log/readable.ts';
import { formatTlogProof } from '../log/tlog-proof.ts';
import { serialise } from '../log/record.ts';
import { statementBytes } from '../log/statement.ts';
import { type DocumentPlaces, findDocuments, type FoundDocument } from './evidence-documents.ts';
import { proveOperation, type ProvenOperation, type ProvenRow } from './evidence-entries.ts';
import { evidenceReadme } from './evidence-readme.ts';

/** One file of the package; `name` has "/" between folders and nothing that a shell would read as its own. */
export interface EvidenceFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface EvidenceRequest {
  readonly operation: string;
  /** Relying party id of the station's fingerprint credentials. */
  readonly rpId: string;
  readonly places: DocumentPlaces;
}

export interface EvidencePackage {
  /** In the order in which they are to be written: the list of all others last. */
  readonly files: readonly EvidenceFile[];
  readonly entries: number;
  readonly documents: readonly FoundDocument[];
}

/** Makes the package. Throws NoEvidence. */
export async function makeEvidence(log: ReadableLog, request: EvidenceRequest): Promise<EvidencePackage> {
  const proven = await proveOperation(log, request.operation);
  const documents = await findDocuments(
    proven.rows.map(({ entry }) => entry),
    request.places,
  );
  const text = (name: string, content: string): EvidenceFile => ({ name, bytes: Buffer.from(content, 'utf8') });
  const files = [
    text('README.md', evidenceReadme(proven, documents)),
    text('verify.sh', await verifyScript()),
    text('operation', `${request.operation}\n`),
    text('rp-id', `${request.rpId}\n`),
    { name: 'checkpoint', bytes: proven.checkpoint.note },
    text('keys/log.pem', pemOf(Buffer.concat([ed25519Prefix, proven.logKey]))),
    ...proven.rows.flatMap((row) => entryFiles(row, proven)),
    ...proven.rows.flatMap(consentAndFinger),
    ...proven.rows.flatMap((row) => vouchFiles(row, proven.checkpoint.origin)),
    ...documents.flatMap(documentFiles),
  ];
  const sums = files.map(({ name, bytes }) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`);
  return { files: [...files, text('SHA256SUMS', sums.join(''))], entries: proven.rows.length, documents };
}

/** What an Ed25519 public key in DER begins with (RFC 8410 section 4). */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');

function pemOf(spki: Uint8Array): string {
  return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    .export({ format: 'pem', type: 'spki' })
    .toString();
}

/** The parts of the script, in their order: each is one step of the check. */
const scriptParts = ['1-ground', '2-log', '3-consent', '3-vouch', '4-document', '5-container', '6-verdict'] as const;

/** The script that checks a package; it is the same in every package of one version of the software. */
export async function verifyScript(): Promise<string> {
  const parts = scriptParts.map((name) => readFile(new URL(`./verify-script/${name}.sh`, import.meta.url), 'utf8'));
  return (await Promise.all(parts)).join('\n');
}

/** The number of an entry as it stands in names, so that they sort. */
export function numbered(seq: number): string {
  return String(seq).padStart(9, '0');
}

function entryFiles({ entry, body, path }: ProvenRow, { checkpoint }: ProvenOperation): readonly EvidenceFile[] {
  const name = `entries/${numbered(entry.seq)}`;
  const lines = [`index ${entry.seq}`, `size ${checkpoint.size}`, `leaf ${entry.leaf}`, ...path.map((hash) => `node ${hex(hash)}`)];
  return [
    { name: `${name}.json`, bytes: body },
    { name: `${name}.proof`, bytes: Buffer.from(`${lines.join('\n')}\n`) },
    { name: `${name}.tlog-proof`, bytes: formatTlogProof({ index: entry.seq, hashes: path, checkpoint: checkpoint.note }) },
  ];
}

/** What the fingerprint reader was asked and what it answered, taken out of their entries for whoever checks them by hand. */
function consentAndFinger({ entry: { seq, event } }: ProvenRow): readonly EvidenceFile[] {
  const place = numbered(seq);
  if (event.op === 'consent')
    return [{ name: `consent/${place}.signed`, bytes: Buffer.from(`countersign/v1/consent\n${serialise(event.statement)}`) }];
  if (event.op === 'enrol' && event.assurance === 'signed-by-reader')
    return [{ name: `keys/finger-${place}.pem`, bytes: Buffer.from(pemOf(Buffer.from(event.public_key, 'hex'))) }];
  // A reader that does not sign left nothing that could be checked.
  if (event.op !== 'finger-matched' || event.assurance !== 'signed-by-reader') return [];
  const parts = [
    ['authenticator-data', event.authenticator_data],
    ['client-data-hash', event.client_data_hash],
    ['signature', event.signature],
  ] as const;
  return parts.map(([name, value]) => ({ name: `assertion/${place}.${name}`, bytes: Buffer.from(value, 'hex') }));
}

/** What a member of staff signed instead of the reader, and with which key. */
function vouchFiles({ entry: { seq, event } }: ProvenRow, origin: string): readonly EvidenceFile[] {
  if (event.op !== 'vouch') return [];
  const place = numbered(seq);
  return [
    { name: `vouch/${place}.signed`, bytes: statementBytes(origin, event) },
    { name: `vouch/${place}.signature`, bytes: Buffer.from(event.signature, 'hex') },
    { name: `keys/vouch-${place}.pem`, bytes: Buffer.from(pemOf(Buffer.from(event.public_key, 'hex'))) },
  ];
}

function documentFiles({ done, format, signed, original, certificate }: FoundDocument): readonly EvidenceFile[] {
  const name = (folder: string, ending: string) => `${folder}${numbered(done)}${ending}`;
  return [
    ...(signed === undefined ? [] : [{ name: name('documents/', `.signed.${format}`), bytes: signed }]),
    ...(original === undefined ? [] : [{ name: name('documents/', '.original'), bytes: original }]),
    ...(certificate === undefined
      ? []
      : [{ name: name('keys/signer-', '.pem'), bytes: Buffer.from(new X509Certificate(certificate).toString()) }]),
  ];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
