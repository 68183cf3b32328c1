/** Names inside a container: what may stand there, so that the same name means the same file in every program and on every disk. */
import { refuseZip } from './zip-refused.ts';

/** Octets; what common file systems hold of one name, and of a path. */
const longestPart = 255;
const longestPath = 1024;

/** True for a path without a way out of the folder it is unpacked into: no "..", no root, no drive, no "\", nothing that cannot be seen. */
export function isSafeName(name: string): boolean {
  const parts = name.split('/');
  return (
    Buffer.byteLength(name) <= longestPath &&
    !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\\]/u.test(name) &&
    !/^[A-Za-z]:/.test(name) &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= longestPart)
  );
}

/** What two names have in common that a disk may take for the same: composed or not, small letters or capitals. */
export function foldedName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** The name as it stands in a header: UTF-8 where the flag says so, ASCII otherwise (APPNOTE 6.3.10 annex D). Throws ZipRefused. */
export function decodeName(bytes: Uint8Array, isUtf8: boolean): string {
  if (!isUtf8 && bytes.some((octet) => octet >= 0x80)) refuseZip('unsafe-name', 'a name whose letters nobody declared');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuseZip('unsafe-name', 'a name that is not UTF-8');
  }
}

/** Throws ZipRefused unless every name is safe, none stands twice, and no file is the folder of another. Folders end in "/". */
export function checkNames(names: readonly string[]): void {
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const name of names) {
    const isFolder = name.endsWith('/');
    const path = isFolder ? name.slice(0, -1) : name;
    if (!isSafeName(path)) refuseZip('unsafe-name', 'a name that leads elsewhere or cannot be shown');
    const folded = foldedName(path);
    if (isFolder ? files.has(folded) : files.has(folded) || folders.has(folded)) refuseZip('unsafe-name', 'a name that stands twice');
    const parents = folded.split('/').map((_, index, parts) => parts.slice(0, index).join('/'));
    for (const parent of parents.slice(1)) {
      if (files.has(parent)) refuseZip('unsafe-name', 'a file that is a folder too');
      folders.add(parent);
    }
    (isFolder ? folders : files).add(folded);
  }
}

/** The name of a file as it may stand in a container: what may not stand there becomes "_". */
export function nameInContainer(fileName: string): string {
  const safe = fileName.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\\/]|^[A-Za-z]:/gu, '_');
  return isSafeName(safe) && !/^(?:mimetype|META-INF)$/i.test(safe) ? safe : `_${safe}`.slice(0, 60);
}
