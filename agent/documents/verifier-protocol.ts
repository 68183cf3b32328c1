/** What a verifying process is told: one line with the task, then the certificates and revocation lists to judge by, as the DER that they came in. */
import type { RevocationPolicy } from './crl.ts';
import { issuerKey } from './crl.ts';
import { readRevocationList } from './crl-reader.ts';
import type { SignedFileKind } from './signed-file.ts';
import { type Trust, makeTrust } from './trust.ts';
import type { VerifyOptions } from './verify.ts';

/** Where the process finds the file, and the content beside a .p7s. */
export const descriptors = { file: 3, content: 4 } as const;

/** As JSON, with a line feed behind it. */
interface Head {
  readonly kind: SignedFileKind;
  /** Name of the content, when there is one. */
  readonly content?: string;
  /** Moments, RFC 3339. */
  readonly now: string;
  readonly at?: string;
  /** Lengths of what follows; absent when nobody is trusted. */
  readonly trust?: { readonly certificates: readonly number[]; readonly lists: readonly number[]; readonly policy?: RevocationPolicy };
}

export interface Task {
  readonly kind: SignedFileKind;
  readonly content?: string;
  readonly options: VerifyOptions;
}

/** The pieces that tell a task. Lists that a document carries are no part of the trust that it is judged by. */
export function tellTask({ kind, content, options }: Task): readonly Uint8Array[] {
  const { trust, at, now = new Date() } = options;
  const certificates = trust === undefined ? [] : [...trust.roots, ...trust.intermediates].map(({ der }) => der);
  const lists = [...(trust?.revocation?.lists.values() ?? [])].map(({ der }) => der);
  const policy = trust?.revocation?.policy;
  const lengths = { certificates: certificates.map(({ length }) => length), lists: lists.map(({ length }) => length) };
  const head: Head = {
    kind,
    ...(content === undefined ? {} : { content }),
    now: now.toISOString(),
    ...(at === undefined ? {} : { at: at.toISOString() }),
    ...(trust === undefined ? {} : { trust: { ...lengths, ...(policy === undefined ? {} : { policy }) } }),
  };
  return [Buffer.from(`${JSON.stringify(head)}\n`), ...certificates, ...lists];
}

/** Reads a task; undefined when it was not told to its end. The signatures of the lists were checked by whoever told it. */
export function readTask(told: Uint8Array): Task | undefined {
  const end = told.indexOf(10);
  if (end === -1) return undefined;
  const { kind, content, now, at, trust } = JSON.parse(Buffer.from(told.subarray(0, end)).toString('utf8')) as Head;
  const rest = told.subarray(end + 1);
  const lengths = trust === undefined ? [] : [...trust.certificates, ...trust.lists];
  if (lengths.reduce((sum, length) => sum + length, 0) !== rest.length) return undefined;
  return {
    kind,
    ...(content === undefined ? {} : { content }),
    options: {
      now: new Date(now),
      ...(at === undefined ? {} : { at: new Date(at) }),
      ...(trust === undefined ? {} : { trust: trustFrom(cut(rest, lengths), trust.certificates.length, trust.policy) }),
    },
  };
}

function cut(bytes: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
  let start = 0;
  return lengths.map((length) => bytes.subarray(start, (start += length)));
}

function trustFrom(ders: readonly Uint8Array[], certificates: number, policy: RevocationPolicy | undefined): Trust {
  const trust = makeTrust(ders.slice(0, certificates));
  if (policy === undefined) return trust;
  const lists = ders.slice(certificates).map(readRevocationList);
  return { ...trust, revocation: { lists: new Map(lists.map((list) => [issuerKey(list.issuerElement), list])), policy } };
}
