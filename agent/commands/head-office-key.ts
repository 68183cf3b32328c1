/** Where the key of head office comes from: a recipient that was brought, or an identity that is made here, written once, and carried away. */
import { realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { AgeRefusal, identityText, makeIdentity, parseRecipient, recipientOf } from '../log/age-keys.ts';
import { writePrivateFile } from '../log/private-file.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';

export interface HeadOfficeKey {
  /** `age1...`. */
  readonly recipient: string;
  /** What a person must do with the identity, if one was made. */
  readonly sentences: readonly string[];
  /** Takes back what was made, where nothing came of it. */
  undo(): Promise<void>;
}

/** A recipient as it was typed. Throws WrongUsage. */
export function readRecipient(option: string, text: string): string {
  try {
    parseRecipient(text);
    return text;
  } catch (error) {
    if (!(error instanceof AgeRefusal)) throw error;
    throw new WrongUsage(`${option} takes an age recipient, age1 and 58 letters and digits, and not "${text}".`);
  }
}

/** The key that was asked for, made if need be; undefined when none was. Throws WrongUsage, and StartRefused when the file cannot be written. */
export async function takeHeadOfficeKey(
  data: string,
  names: { readonly recipient: string; readonly identity: string },
  given: { readonly recipient: string | undefined; readonly identity: string | undefined },
): Promise<HeadOfficeKey | undefined> {
  if (given.recipient !== undefined && given.identity !== undefined)
    throw new WrongUsage(`${names.recipient} brings a key and ${names.identity} makes one: say one of them.`);
  if (given.recipient !== undefined)
    return { recipient: readRecipient(names.recipient, given.recipient), sentences: [], undo: () => Promise.resolve() };
  return given.identity === undefined ? undefined : make(data, given.identity);
}

async function make(data: string, file: string): Promise<HeadOfficeKey> {
  if (isInside(await whole(file), await whole(data)))
    throw new StartRefused(
      `The identity of head office must not lie in the data folder: whoever has the disk would read every bundle. Name a file elsewhere.`,
    );
  const identity = makeIdentity();
  const recipient = recipientOf(identity);
  const text = Buffer.from(
    `# age identity of head office: opens the bundles of stations (countersign bundle open)\n# recipient: ${recipient}\n${identityText(identity)}\n`,
  );
  try {
    await writePrivate(file, text);
  } finally {
    identity.fill(0);
    text.fill(0);
  }
  const sentences = [
    `The identity of head office is in ${file}. Carry it to head office, keep a copy in a safe, and delete it here: it opens every bundle, and nothing else does.`,
  ];
  return { recipient, sentences, undo: () => rm(file, { force: true }) };
}

async function writePrivate(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writePrivateFile(file, bytes);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why = code === 'EEXIST' ? 'is there already, and nothing is written over it' : `cannot be written (${code})`;
    throw new StartRefused(`${file} ${why}.`, 2, cause);
  }
}

/** The path without links, as far as it is there. */
async function whole(path: string): Promise<string> {
  const absolute = resolve(path);
  const parent = dirname(absolute);
  return realpath(absolute).catch(async () => (parent === absolute ? absolute : join(await whole(parent), basename(absolute))));
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || !way.startsWith('..');
}
