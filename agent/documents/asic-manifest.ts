/**
 * The manifest of an ASiC-E container with CAdES (ETSI EN 319 162-1 annex A.4): which signature it belongs to, and the digest of every file that it
 * covers. The signature is over the bytes of the manifest, so it is written in one form and read without touching them.
 */
import type { Hash } from './algorithms.ts';
import { isSafeName } from './zip-names.ts';
import { type XmlElement, XmlRefused, readXml } from './xml-reader.ts';

/** A file that a manifest covers; `name` is its path in the container. */
export interface ManifestFile {
  readonly name: string;
  readonly mimeType?: string | undefined;
  /** Undefined when it is one that is not accepted (SHA-1 ...). */
  readonly hash: Hash | undefined;
  readonly digest: Uint8Array;
}

export interface AsicManifest {
  /** Path of the signature in the container. */
  readonly signature: string;
  readonly files: readonly ManifestFile[];
}

/** The manifest is not one that is read. */
export class ManifestRefused extends Error {
  override readonly name = 'ManifestRefused';
}

const asicNamespace = 'http://uri.etsi.org/02918/v1.2.1#';
const signatureNamespace = 'http://www.w3.org/2000/09/xmldsig#';
/** Identifiers of digests in XML (XML Encryption 1.1 section 5.8, RFC 6931 section 2.1). */
const digestUris: Readonly<Record<Hash, string>> = {
  sha256: 'http://www.w3.org/2001/04/xmlenc#sha256',
  sha384: 'http://www.w3.org/2001/04/xmldsig-more#sha384',
  sha512: 'http://www.w3.org/2001/04/xmlenc#sha512',
};
const hashOfUri: ReadonlyMap<string, Hash> = new Map(
  (['sha256', 'sha384', 'sha512'] as const).map((hash) => [digestUris[hash], hash] as const),
);

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A path as a relative reference (RFC 3986 section 4.2): every octet that is not unreserved is written as %XX, the "/" between folders stays. */
function toUri(name: string): string {
  const encode = (part: string): string =>
    encodeURIComponent(part).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return name.split('/').map(encode).join('/');
}

/** The path that a relative reference names, from the root of the container (annex A.4.1). Throws ManifestRefused for anything else. */
function fromUri(uri: string | undefined): string {
  if (uri === undefined) throw new ManifestRefused('a reference without a name');
  let name: string;
  try {
    name = decodeURIComponent(uri);
  } catch (cause) {
    throw new ManifestRefused('a reference that is not one', { cause });
  }
  if (/[?#]|^[a-z][a-z0-9+.-]*:/i.test(uri) || !isSafeName(name)) throw new ManifestRefused('a reference that leads out of the container');
  return name;
}

/** The manifest as bytes. Throws RangeError for a name that no container may hold. */
export function writeManifest(signature: string, files: readonly (ManifestFile & { readonly hash: Hash })[]): Uint8Array {
  const lines = files.map(({ name, mimeType, hash, digest }) => {
    if (!isSafeName(name)) throw new RangeError('not a name for a file in a container');
    const type = mimeType === undefined ? '' : ` MimeType="${escapeAttribute(mimeType)}"`;
    return [
      `<asic:DataObjectReference URI="${escapeAttribute(toUri(name))}"${type}>`,
      `<ds:DigestMethod Algorithm="${digestUris[hash]}"/>`,
      `<ds:DigestValue>${Buffer.from(digest).toString('base64')}</ds:DigestValue>`,
      '</asic:DataObjectReference>',
    ].join('');
  });
  const text = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<asic:ASiCManifest xmlns:asic="${asicNamespace}" xmlns:ds="${signatureNamespace}">`,
    `<asic:SigReference URI="${escapeAttribute(toUri(signature))}" MimeType="application/pkcs7-signature"/>`,
    ...lines,
    '</asic:ASiCManifest>',
    '',
  ];
  return Buffer.from(text.join('\n'), 'utf8');
}

function isElement(element: XmlElement | undefined, namespace: string, name: string): element is XmlElement {
  return element?.namespace === namespace && element.name === name;
}

function readFile(element: XmlElement): ManifestFile {
  const [method, value, ...more] = element.children;
  const extensionsOnly = more.every((other) => isElement(other, asicNamespace, 'DataObjectReferenceExtensions'));
  if (!isElement(method, signatureNamespace, 'DigestMethod') || !isElement(value, signatureNamespace, 'DigestValue') || !extensionsOnly) {
    throw new ManifestRefused('a file without a digest');
  }
  refuseCritical(more);
  const base64 = value.text.replace(/[ \t\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64))
    throw new ManifestRefused('a digest that is not base64');
  return {
    name: fromUri(element.attributes.get('URI')),
    mimeType: element.attributes.get('MimeType'),
    hash: hashOfUri.get(method.attributes.get('Algorithm') ?? ''),
    digest: new Uint8Array(Buffer.from(base64, 'base64')),
  };
}

/** Whoever does not understand a critical extension must not go on (annex A.4.2); none is understood here. */
function refuseCritical(holders: readonly XmlElement[]): void {
  const critical = holders
    .flatMap(({ children }) => children)
    .some(({ attributes }) => !/^(?:false|0)$/.test(attributes.get('Critical') ?? 'false'));
  if (critical) throw new ManifestRefused('an extension that is not understood');
}

/** Reads a manifest. Throws ManifestRefused; a file that stands twice is refused too. */
export function readManifest(bytes: Uint8Array): AsicManifest {
  let root: XmlElement;
  try {
    root = readXml(bytes);
  } catch (problem) {
    if (problem instanceof XmlRefused) throw new ManifestRefused('not XML', { cause: problem });
    throw problem;
  }
  const [reference, ...others] = root.children;
  if (!isElement(root, asicNamespace, 'ASiCManifest') || !isElement(reference, asicNamespace, 'SigReference')) {
    throw new ManifestRefused('not a manifest');
  }
  const extensions = others.filter((other) => isElement(other, asicNamespace, 'ASiCManifestExtensions'));
  const files = others.filter((other) => isElement(other, asicNamespace, 'DataObjectReference')).map(readFile);
  refuseCritical(extensions);
  if (files.length === 0 || files.length + extensions.length !== others.length) throw new ManifestRefused('not a manifest');
  if (new Set(files.map(({ name }) => name)).size !== files.length) throw new ManifestRefused('a file stands twice');
  return { signature: fromUri(reference.attributes.get('URI')), files };
}
