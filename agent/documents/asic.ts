/**
 * Associated signature containers with CAdES (ETSI EN 319 162-1): ASiC-S, one file and its signature; ASiC-E, any files under one signature over a
 * manifest with their digests, to which further signatures can be added without touching what is there. Same input, same bytes.
 */
import { SignatureRefused, digestOf } from './algorithms.ts';
import { type AsicKind, asicTypes, isContainersOwn, isManifestName, kindOf, longestOwn } from './asic-layout.ts';
import { ManifestRefused, readManifest, writeManifest } from './asic-manifest.ts';
import { bytesSource } from './byte-source.ts';
import { type CadesRequest, prepareCades } from './cades.ts';
import { mimeTypeOf } from './other-kinds.ts';
import type { PreparedSignature } from './prepared.ts';
import { checkNames } from './zip-names.ts';
import { ZipReader } from './zip-reader.ts';
import { ZipRefused, refuseZip } from './zip-refused.ts';
import { type ZipPart, writeZip } from './zip-writer.ts';

/** A file to be signed; `name` is its path in the container, `mimeType` as RFC 2045 writes it. */
export interface ContainerFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly mimeType: string;
}

function typePart(kind: AsicKind): ZipPart {
  return { name: 'mimetype', bytes: Buffer.from(asicTypes[kind], 'latin1') };
}

/** Throws ZipRefused for a name that no container may hold, and for names that a disk may take for the same. */
function checkFiles(files: readonly { readonly name: string }[]): void {
  const names = files.map(({ name }) => name);
  if (names.some(isContainersOwn)) refuseZip('unsafe-name', 'a name that belongs to the container');
  checkNames(names);
}

/** Reads the output back: the entries that were meant, and nothing else. */
function checkOutput(output: Uint8Array, parts: readonly ZipPart[]): void {
  const reader = new ZipReader(bytesSource(output));
  const same =
    reader.entries.length === parts.length &&
    parts.every(({ name, bytes }, index) => {
      const entry = reader.entries[index];
      return entry?.name === name && Buffer.from(reader.read(entry, bytes.length)).equals(bytes);
    });
  if (!same) throw new SignatureRefused('the container does not hold what was signed');
}

function finishAs(prepared: PreparedSignature, assemble: (signature: Uint8Array) => Uint8Array): PreparedSignature {
  return { message: prepared.message, finish: (value) => assemble(prepared.finish(value)) };
}

/** ASiC-S with CAdES (clause 4.3): `finish` gives the container. Throws as `prepareCades`, and ZipRefused for a name that no container may hold. */
export function prepareAsicS(file: ContainerFile, request: CadesRequest): PreparedSignature {
  checkFiles([file]);
  if (file.name.includes('/')) refuseZip('unsafe-name', 'the one file stands in no folder');
  const prepared = prepareCades(digestOf(request.hash, file.bytes), { ...request, mimeType: file.mimeType });
  return finishAs(prepared, (signature) => {
    const parts = [typePart('asic-s'), file, { name: 'META-INF/signature.p7s', bytes: signature }];
    const output = writeZip(parts);
    checkOutput(output, parts);
    return output;
  });
}

/** The manifest and the signature number `number`, and what has to be signed for them. */
function prepareOverManifest(files: readonly ContainerFile[], request: CadesRequest, number: number) {
  const { hash } = request;
  const end = String(number).padStart(3, '0');
  const names = { manifest: `META-INF/ASiCManifest${end}.xml`, signature: `META-INF/signature${end}.p7s` };
  const listed = files.map(({ name, mimeType, bytes }) => ({ name, mimeType, hash, digest: digestOf(hash, bytes) }));
  const manifest = writeManifest(names.signature, listed);
  const prepared = prepareCades(digestOf(hash, manifest), request);
  const parts = (signature: Uint8Array): readonly ZipPart[] => [
    { name: names.manifest, bytes: manifest },
    { name: names.signature, bytes: signature },
  ];
  return { prepared, parts };
}

/**
 * ASiC-E with CAdES (clause 4.4): all files under one signature. `finish` gives the container. Throws as `prepareCades`, RangeError for no files at all,
 * and ZipRefused for names that no container may hold.
 */
export function prepareAsicE(files: readonly ContainerFile[], request: CadesRequest): PreparedSignature {
  checkFiles(files);
  if (files.length === 0) throw new RangeError('nothing to sign');
  const { prepared, parts } = prepareOverManifest(files, request, 1);
  return finishAs(prepared, (signature) => {
    const all = [typePart('asic-e'), ...files, ...parts(signature)];
    const output = writeZip(all);
    checkOutput(output, all);
    return output;
  });
}

/**
 * An ASiC-E container that nobody has signed yet: what a person is asked to sign when there are several files, so that its digest stands for all of them
 * (`prepareAnotherSignature` signs it without changing a byte of it). Throws RangeError for no files, ZipRefused for names that no container may hold.
 */
export function packFiles(files: readonly Omit<ContainerFile, 'mimeType'>[]): Uint8Array {
  checkFiles(files);
  if (files.length === 0) throw new RangeError('nothing to pack');
  return writeZip([typePart('asic-e'), ...files]);
}

/**
 * One more signature over every file of an ASiC-E container that is there: a manifest and a signature are added behind its entries, of which no byte
 * changes. Throws ZipRefused when the container is not read, SignatureRefused when it is no ASiC-E container with files.
 */
export function prepareAnotherSignature(container: Uint8Array, request: CadesRequest): PreparedSignature {
  const reader = new ZipReader(bytesSource(container));
  const { entries } = reader;
  const types = mimeTypesIn(reader);
  const files = entries
    .filter(({ name }) => !isContainersOwn(name))
    .map((entry) => {
      const bytes = reader.read(entry, entry.size);
      return { name: entry.name, bytes, mimeType: types.get(entry.name) ?? mimeTypeOf(bytes) };
    });
  if (kindOf(reader) !== 'asic-e' || files.length === 0) throw new SignatureRefused('not an ASiC-E container with files');
  const taken = new Set(entries.map(({ name }) => name.toLowerCase()));
  const isFree = (number: number): boolean => {
    const end = String(number).padStart(3, '0');
    return !taken.has(`meta-inf/asicmanifest${end}.xml`) && !taken.has(`meta-inf/signature${end}.p7s`);
  };
  let number = 1;
  while (!isFree(number)) number += 1;
  const { prepared, parts } = prepareOverManifest(files, request, number);
  return finishAs(prepared, (signature) => {
    const added = parts(signature);
    const before = entries.map((entry) => ({ name: entry.name, bytes: reader.read(entry, entry.size) }));
    const beginning = reader.beginning();
    const output = writeZip(added, beginning);
    if (!Buffer.from(beginning.entries).equals(output.subarray(0, beginning.entries.length)))
      throw new SignatureRefused('the container was changed');
    checkOutput(output, [...before, ...added]);
    return output;
  });
}

/** What earlier manifests say the files are, so that the new one says the same. */
function mimeTypesIn(reader: ZipReader): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const entry of reader.entries.filter((one) => isManifestName(one.name))) {
    try {
      for (const { name, mimeType } of readManifest(reader.read(entry, longestOwn)).files)
        if (mimeType !== undefined) found.set(name, mimeType);
    } catch (problem) {
      if (!(problem instanceof ManifestRefused || problem instanceof ZipRefused)) throw problem;
    }
  }
  return found;
}
