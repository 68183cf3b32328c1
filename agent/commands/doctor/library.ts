/** Looks at a shared library as a file, before anybody loads it: is it there, is it a library, is it made for this processor. */
import { open } from 'node:fs/promises';

/** Class (1: 32 bits, 2: 64 bits) and machine of the ELF header that a library must have here (System V ABI, e_machine). */
const machines: Partial<Readonly<Record<NodeJS.Architecture, { readonly bits: 1 | 2; readonly machine: number }>>> = {
  x64: { bits: 2, machine: 62 },
  arm64: { bits: 2, machine: 183 },
  ia32: { bits: 1, machine: 3 },
  arm: { bits: 1, machine: 40 },
};

const names: ReadonlyMap<number, string> = new Map([
  [3, 'x86, 32 bits'],
  [40, 'ARM, 32 bits'],
  [62, 'x86-64'],
  [183, 'ARM, 64 bits'],
]);

/** Why the library at `path` cannot be loaded by this program, as a clause; undefined when nothing speaks against it. */
export async function unloadable(path: string, arch: NodeJS.Architecture = process.arch): Promise<string | undefined> {
  const header = Buffer.alloc(20);
  try {
    const file = await open(path, 'r');
    try {
      if ((await file.read(header, 0, header.length, 0)).bytesRead < header.length) return 'is no library: it is too short';
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT') return 'is not there';
    if (code === 'EISDIR') return 'is a folder';
    return code === 'EACCES' ? 'may not be read by this user' : `cannot be read (${code})`;
  }
  if (header.toString('latin1', 0, 4) !== '\x7fELF') return 'is no library: it has no ELF header';
  const wanted = machines[arch];
  const bits = header.readUInt8(4);
  // EI_DATA: 1 is little-endian. e_machine stands in that order.
  const machine = header.readUInt8(5) === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18);
  if (wanted === undefined || (bits === wanted.bits && machine === wanted.machine)) return undefined;
  return `is made for another processor (${names.get(machine) ?? `machine ${machine}, ${bits === 1 ? 32 : 64} bits`}), this program runs on ${arch}`;
}
