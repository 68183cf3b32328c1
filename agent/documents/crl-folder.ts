/**
 * The folder of revocation lists. Anybody may have put anything there: what is no list, or not one of an issuer that is trusted here, is named and
 * left alone, and never stops the station.
 */
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type RevocationPolicy, isStale, issuerKey, replaces } from './crl.ts';
import { ListRefused } from './crl-entries.ts';
import { mustBeIssued } from './crl-issuer.ts';
import { type RevocationList, mostBytes, readRevocationList } from './crl-reader.ts';
import { DerRefused } from './der-reader.ts';
import { printable } from './printable.ts';
import type { Trust } from './trust.ts';

/** A file that is not used, with a sentence for a person. */
export interface UnusedFile {
  readonly name: string;
  readonly sentence: string;
}

/** Clocks of stations and issuers differ by minutes. */
const skewMs = 5 * 60_000;
const mostFiles = 256;

/** The DER of a list, from DER or from one PEM block. Throws DerRefused. */
function derOf(contents: Buffer): Uint8Array {
  if (contents[0] === 0x30) return new Uint8Array(contents);
  const text = contents.toString('latin1');
  const [, base64, ...more] = text.split(/-----(?:BEGIN|END) X509 CRL-----/);
  if (base64 === undefined || more.length !== 1 || !/^[A-Za-z0-9+/=\s]+$/.test(base64)) throw new DerRefused('not a revocation list');
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

/** Reads one file and checks its list, but not its time. Throws DerRefused or ListRefused. */
async function readList(path: string, size: number, trust: Trust): Promise<RevocationList> {
  // PEM takes four characters for three bytes, and line ends.
  if (size > mostBytes * 1.4) throw new ListRefused(`has more than ${mostBytes / 1_000_000} MB`);
  const list = readRevocationList(derOf(await readFile(path)));
  mustBeIssued(list, trust);
  return list;
}

function sentenceOf(error: unknown): string {
  if (error instanceof ListRefused) return `This revocation list is not used: it ${error.message}.`;
  if (error instanceof DerRefused) return 'This file is not a revocation list.';
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) throw error;
  return `This file cannot be read (${code}).`;
}

/** Names of the files, sorted; undefined when the folder cannot be read. A station that was made before there were lists has no folder. */
async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? [] : undefined;
  }
}

type Known = { readonly stamp: string } & ({ readonly list: RevocationList } | { readonly sentence: string });

/** Watches by looking: `look` is cheap as long as nothing changed. */
export class RevocationFolder {
  readonly #folder: string;
  readonly #trust: Trust;
  readonly #policy: RevocationPolicy;
  #files = new Map<string, Known>();
  /** By issuer. A list that was used once stays until a newer one comes, also when its file is taken away: revoking is not undone by deleting. */
  readonly #lists = new Map<string, RevocationList>();
  #unused: readonly UnusedFile[] = [];
  #looking: Promise<void> = Promise.resolve();

  constructor(folder: string, trust: Trust, policy: RevocationPolicy) {
    this.#folder = folder;
    this.#trust = trust;
    this.#policy = policy;
  }

  /** Looks into the folder at the moment `now`. A folder that is not there is an empty one. */
  look(now: Date): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look(now));
    return this.#looking;
  }

  /** The issuers that count, with what they revoked as the folder says at the moment `now`. */
  async trust(now: Date): Promise<Trust> {
    await this.look(now);
    return { ...this.#trust, revocation: { lists: new Map(this.#lists), policy: this.#policy } };
  }

  /** Files that are not used, as of the last look. */
  unused(): readonly UnusedFile[] {
    return this.#unused;
  }

  /** The lists in use, each with whether it is stale. */
  inUse(now: Date): readonly { readonly list: RevocationList; readonly stale: boolean }[] {
    return [...this.#lists.values()].map((list) => ({ list, stale: isStale(list, this.#policy, now) }));
  }

  /** The same for the line of trust on the first screen; nothing where there is no list. */
  view(now: Date): { readonly revocationLists?: { readonly oldest: string; readonly stale: boolean } } {
    const lists = this.inUse(now);
    if (lists.length === 0) return {};
    const oldest = new Date(Math.min(...lists.map(({ list }) => list.thisUpdate.getTime())));
    return { revocationLists: { oldest: oldest.toISOString(), stale: lists.some(({ stale }) => stale) } };
  }

  async #look(now: Date): Promise<void> {
    const names = await namesIn(this.#folder);
    if (names === undefined) {
      this.#unused = [{ name: '.', sentence: 'The folder cannot be read.' }];
      return;
    }
    const files = new Map<string, Known>();
    for (const name of names.slice(0, mostFiles)) {
      const known = await this.#open(name);
      if (known !== undefined) files.set(name, known);
    }
    this.#files = files;
    const unused = names.slice(mostFiles).map((name) => ({ name, sentence: `Only ${mostFiles} files are read here.` }));
    for (const [name, known] of files) {
      const sentence = 'sentence' in known ? known.sentence : this.#use(known.list, now);
      if (sentence !== undefined) unused.push({ name: printable(name, 120), sentence });
    }
    this.#unused = unused;
  }

  async #open(name: string): Promise<Known | undefined> {
    const path = join(this.#folder, name);
    let stamp = '';
    try {
      const found = await stat(path);
      if (found.isDirectory()) return undefined;
      if (!found.isFile()) return { stamp, sentence: 'This is not a file.' };
      stamp = [found.ino, found.size, found.mtimeMs, found.ctimeMs].join(' ');
      const known = this.#files.get(name);
      if (known?.stamp === stamp) return known;
      return { stamp, list: await readList(path, found.size, this.#trust) };
    } catch (error) {
      return { stamp, sentence: sentenceOf(error) };
    }
  }

  /** Takes the list into use when it is newer than the one in use; gives the reason when it is not used. */
  #use(list: RevocationList, now: Date): string | undefined {
    if (list.thisUpdate.getTime() > now.getTime() + skewMs) {
      return `This revocation list is not used: it was made in the future (${list.thisUpdate.toISOString()}); is the clock right?`;
    }
    const key = issuerKey(list.issuerElement);
    const before = this.#lists.get(key);
    if (before?.sha256 === list.sha256) return undefined;
    if (before !== undefined && !replaces(list, before)) {
      return `This revocation list is not used: there is a newer one of ${list.issuerName}.`;
    }
    this.#lists.set(key, list);
    return undefined;
  }
}
