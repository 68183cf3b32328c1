/** The processes that hold a vendor's module, as the operating system knows them. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Host {
  readonly pid: number;
  /** The letter of proc(5): T is stopped, Z is dead and not yet buried. */
  readonly state: string;
}

/** Every host whose parent is this process. */
export function hosts(): readonly Host[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): Host[] => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
        const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const isHost = readFileSync(`/proc/${name}/cmdline`, 'latin1').includes('/pkcs11/host.');
        return Number(parent) === process.pid && isHost ? [{ pid: Number(name), state }] : [];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
}
