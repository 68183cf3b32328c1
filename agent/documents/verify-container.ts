/**
 * Verifies an associated signature container with CAdES signatures (ETSI EN 319 162-1, in the words of EN 319 102-1): each signature, each file that it
 * names, and whether there is anything in the container that nobody signed.
 */
import { type AsicManifest, ManifestRefused, readManifest } from './asic-manifest.ts';
import { type Hash, digestOf } from './algorithms.ts';
import { type AsicKind, isContainersOwn, isManifestName, isSignatureName, kindOf, longestOwn } from './asic-layout.ts';
import type { ByteSource } from './byte-source.ts';
import { type ContentReport, type ContentSignature, reportOf, signatureFrom, unjudged, unreadableContent } from './content-report.ts';
import { judgeCades } from './judge-cades.ts';
import type { CmsJudgement } from './judge-cms.ts';
import { printable } from './printable.ts';
import { type VerifyOptions, mostSignatures } from './verify.ts';
import type { ZipLine } from './zip-directory.ts';
import { ZipReader, type ZipLimits } from './zip-reader.ts';
import { type ZipProblem, ZipRefused } from './zip-refused.ts';

const problems: Readonly<Record<ZipProblem, string>> = {
  'not-a-zip': 'This is no container that can be read: it is cut off, or something stands behind its end.',
  damaged: 'The container is damaged or was put together wrongly, so programs could read it differently.',
  encrypted: 'The container is encrypted.',
  'unsafe-name': 'There is a file in the container whose name is unsafe or stands there twice.',
  'names-differ': 'There is a file in the container that has two different names.',
  'too-large': 'The container unpacks to more than is read here.',
  'unknown-form': 'The container is of a form that is not read here.',
};

/** A signature and what it says it covers: its manifest, or the one file of an ASiC-S container. */
interface Claim {
  readonly entry: ZipLine;
  readonly manifest?: ZipLine | undefined;
}

/** Judges what is in a container that could be opened. */
class ContainerJudge {
  readonly #reader: ZipReader;
  readonly #options: VerifyOptions;
  readonly #digests = new Map<string, Uint8Array | undefined>();
  /** Files that a signature covers which holds. */
  readonly covered = new Set<string>();

  constructor(reader: ZipReader, options: VerifyOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  /** Content that is damaged is content that differs: undefined. Every signature may name the same large file: it is read once. */
  #digest(entry: ZipLine, hash: Hash): Uint8Array | undefined {
    const key = `${hash} ${entry.name}`;
    if (!this.#digests.has(key)) this.#digests.set(key, this.#makeDigest(entry, hash));
    return this.#digests.get(key);
  }

  #makeDigest(entry: ZipLine, hash: Hash): Uint8Array | undefined {
    try {
      return this.#reader.digest(entry, [hash]).of(hash);
    } catch (problem) {
      if (problem instanceof ZipRefused) return undefined;
      throw problem;
    }
  }

  #read(entry: ZipLine): Uint8Array | undefined {
    try {
      return this.#reader.read(entry, longestOwn);
    } catch (problem) {
      if (problem instanceof ZipRefused) return undefined;
      throw problem;
    }
  }

  /** The signature of an ASiC-S container, over its one file. */
  single(entry: ZipLine, file: ZipLine): ContentSignature {
    const p7s = this.#read(entry);
    if (p7s === undefined) return unjudged(entry.name, 'TOTAL-FAILED', 'FORMAT_FAILURE', 'The signature is damaged.');
    const judged = judgeCades(p7s, (hash) => this.#digest(file, hash) ?? new Uint8Array(), this.#options);
    if (judged.intact) this.covered.add(file.name);
    return signatureFrom(entry.name, judged, [file.name]);
  }

  /** A signature over a manifest, and over the files whose digests stand there. */
  manifested({ entry, manifest }: Claim): ContentSignature {
    if (manifest === undefined) {
      return unjudged(entry.name, 'TOTAL-FAILED', 'FORMAT_FAILURE', 'There is no manifest that says what this signature covers.');
    }
    const [p7s, bytes] = [this.#read(entry), this.#read(manifest)];
    const listed = bytes === undefined ? undefined : tryManifest(bytes);
    if (p7s === undefined || bytes === undefined || listed === undefined) {
      return unjudged(
        entry.name,
        'TOTAL-FAILED',
        'FORMAT_FAILURE',
        'The signature, or the manifest that says what it covers, is malformed.',
      );
    }
    const judged = judgeCades(p7s, (hash) => digestOf(hash, bytes), this.#options);
    if (judged.subIndication === 'HASH_FAILURE') {
      return signatureFrom(entry.name, { ...judged, sentences: ['The manifest, which says what was signed, was changed.'] }, []);
    }
    if (!judged.intact) return signatureFrom(entry.name, judged, []);
    const wrong: string[] = [];
    const weak: string[] = [];
    const right: string[] = [];
    for (const file of listed.files) {
      const there = this.#reader.entry(file.name);
      if (there === undefined) wrong.push(`${printable(file.name)} was signed and is missing.`);
      else if (file.hash === undefined) weak.push(file.name);
      else if (Buffer.from(this.#digest(there, file.hash) ?? []).equals(file.digest)) right.push(file.name);
      else wrong.push(`${printable(file.name)} was changed after it was signed.`);
    }
    for (const name of [manifest.name, ...right]) this.covered.add(name);
    return { ...signatureFrom(entry.name, withFiles(judged, wrong, weak), right), covers: right.map((name) => printable(name)) };
  }
}

/** The judgement of the signature, with what came of the files it names. */
function withFiles(judged: CmsJudgement, wrong: readonly string[], weak: readonly string[]): CmsJudgement {
  if (wrong.length > 0) {
    const more = wrong.length > 20 ? [`${wrong.length - 20} more files are missing or were changed.`] : [];
    const sentences = [...wrong.slice(0, 20), ...more];
    return { ...judged, verdict: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE', intact: false, sentences };
  }
  if (weak.length === 0 || judged.verdict !== 'TOTAL-PASSED') return judged;
  const sentence = 'Files were signed in a way that is no longer, or not yet, accepted.';
  return { ...judged, verdict: 'INDETERMINATE', subIndication: 'CRYPTO_CONSTRAINTS_FAILURE', sentences: [sentence] };
}

function tryManifest(bytes: Uint8Array): AsicManifest | undefined {
  try {
    return readManifest(bytes);
  } catch (problem) {
    if (problem instanceof ManifestRefused) return undefined;
    throw problem;
  }
}

/** Every signature with the manifest that names it; two manifests for one signature leave it without any. */
function claimsIn(reader: ZipReader): readonly Claim[] {
  const naming = new Map<string, ZipLine[]>();
  for (const manifest of reader.entries.filter(({ name }) => isManifestName(name))) {
    let named: string | undefined;
    try {
      named = tryManifest(reader.read(manifest, longestOwn))?.signature;
    } catch (problem) {
      if (!(problem instanceof ZipRefused)) throw problem;
    }
    if (named !== undefined) naming.set(named, [...(naming.get(named) ?? []), manifest]);
  }
  const signatures = reader.entries.filter(({ name }) => isSignatureName(name));
  return signatures.map((entry) => {
    const [manifest, ...others] = naming.get(entry.name) ?? [];
    return { entry, manifest: others.length === 0 ? manifest : undefined };
  });
}

function isXadesName(name: string): boolean {
  return /^META-INF\/[^/]*signatures[^/]*\.xml$/i.test(name);
}

function judgeContainer(reader: ZipReader, kind: AsicKind | undefined, options: VerifyOptions): ContentReport {
  const judge = new ContainerJudge(reader, options);
  const claims = claimsIn(reader);
  const foreign = reader.entries.filter(({ name }) => isXadesName(name));
  const files = reader.entries.filter(({ name }) => !isContainersOwn(name));
  if (claims.length + foreign.length > mostSignatures) return unreadableContent(problems['too-large']);
  const judgeOne = (claim: Claim): ContentSignature => {
    const [file, ...others] = files;
    switch (kind) {
      case 'asic-e':
        return judge.manifested(claim);
      case 'asic-s':
        if (file === undefined || others.length > 0 || claims.length > 1) {
          return unjudged(
            claim.entry.name,
            'TOTAL-FAILED',
            'FORMAT_FAILURE',
            'A container of this kind holds one file and one signature; here are more, or none.',
          );
        }
        return judge.single(claim.entry, file);
      case undefined:
        return unjudged(
          claim.entry.name,
          'TOTAL-FAILED',
          'FORMAT_FAILURE',
          'The container does not say properly what kind of container it is.',
        );
    }
  };
  const signatures = [
    ...claims.map(judgeOne),
    ...foreign.map(({ name }) =>
      unjudged(name, 'INDETERMINATE', 'SIG_CONSTRAINTS_FAILURE', 'This is a kind of signature that cannot be checked here.'),
    ),
  ];
  const own = new Set(['mimetype', ...claims.map(({ entry }) => entry.name), ...foreign.map(({ name }) => name)]);
  const uncovered = reader.entries.filter(({ name }) => !own.has(name) && !judge.covered.has(name)).map(({ name }) => name);
  if (signatures.length === 0 && kind === undefined) return unreadableContent('This ZIP file is no signed container.');
  return reportOf(kind ?? 'unknown', signatures, uncovered);
}

/** Verifies a container. Never throws on bad input; the file system's errors come through. */
export function verifyContainer(source: ByteSource, options: VerifyOptions = {}, limits?: ZipLimits): ContentReport {
  try {
    const reader = new ZipReader(source, limits);
    return judgeContainer(reader, kindOf(reader), options);
  } catch (problem) {
    if (problem instanceof ZipRefused) return unreadableContent(problems[problem.problem]);
    throw problem;
  }
}
