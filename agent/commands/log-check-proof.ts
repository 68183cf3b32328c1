/** `countersign log check-proof`: whether a proof holds, by the second implementation and with the key of the log alone. */
import { readFile } from 'node:fs/promises';
import { readLog } from '../log/readable.ts';
import { findRows } from '../log/schema.ts';
import { map, must, readCanonical, Wrong } from '../log/verify/canonical.ts';
import { followReceipt, type KnownLog, leafOf, openReceipt, readVerifierKey, type Receipt } from '../log/verify/checkpoint.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';

const help = `countersign log check-proof FILE --key VKEY [--entry FILE | --leaf HASH | --data DIR] [--json]

Checks a proof that an entry is in an operation log (C2SP tlog-proof; log prove and the station make them): that it is written as the
standard says, that the log signed its checkpoint, and that the hashes lead from the entry to the root. No station is needed.

  FILE          the proof, as a file or as it was read from the QR code of a receipt
  --key VKEY    the key of the log, as it was brought from elsewhere (countersign log key shows it)
  --entry FILE  the exact bytes of the entry
  --leaf HASH   the hash of the entry alone, 64 hex digits: what the entry says is then not shown
  --data DIR    takes the entry from the log of this station
                without these three, the entry or its hash is taken from the proof, where the receipts of a station have it
  --json        the result as one JSON object
  --help

Exit codes: 0 the proof holds, 1 it does not, 2 something cannot be read or nobody says which entry it is of.`;

/** What was shown; `time`, `op` and `operation` only where the bytes of the entry are there. */
interface Shown {
  readonly origin: string;
  readonly entry: number;
  readonly leaf: string;
  readonly time?: string;
  readonly op?: string;
  readonly operation?: string;
  readonly size: number;
  readonly root: string;
}

/** Exit code 0, 1 when the proof does not hold, 2 when the call is wrong or something cannot be read. */
export const logCheckProof = command(
  {
    name: 'log check-proof',
    help,
    options: {
      key: { type: 'string' },
      entry: { type: 'string' },
      leaf: { type: 'string' },
      data: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    takesWords: true,
  },
  async ({ values: { key, entry, leaf, data, json }, words: [file, more] }, io) => {
    if (file === undefined || more !== undefined) throw new WrongUsage('Name one proof, for example: receipt.tlog-proof.');
    if (key === undefined) throw new WrongUsage('A proof is checked with the key of its log: --key.');
    if ([entry, leaf, data].filter((one) => one !== undefined).length > 1)
      throw new WrongUsage('--entry, --leaf and --data each say which entry it is; give one of them.');
    if (leaf !== undefined && !/^[0-9a-f]{64}$/.test(leaf)) throw new WrongUsage('--leaf takes a hash of 64 hex digits.');
    const log = readKey(key);
    const proof = await readInput(file);
    const body = entry === undefined ? undefined : await readInput(entry);
    return refuseUnreadable(io, async () => {
      try {
        const receipt = openReceipt(proof, log);
        const given = leaf === undefined ? (body ?? (data === undefined ? receipt.extra : await bodyFrom(data, receipt))) : unhex(leaf);
        if (given === undefined)
          throw new WrongUsage('The proof does not carry its entry; say which entry it is of: --entry, --leaf or --data.');
        const shown = show(receipt, log, given);
        if (json) io.out(JSON.stringify({ verdict: 'holds', ...shown }));
        else for (const line of inWords(shown)) io.out(line);
        return 0;
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        if (json) io.out(JSON.stringify({ verdict: 'does-not-hold', reason: error.message }));
        else for (const line of ['DOES NOT HOLD', `Nothing is shown: ${error.message}.`]) io.out(line);
        return 1;
      }
    });
  },
);

function readKey(text: string): KnownLog {
  try {
    return readVerifierKey(text);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    throw new WrongUsage(`--key takes a key as countersign log key shows it, name+id+base64, and this is none: ${error.message}.`);
  }
}

async function readInput(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new StartRefused(code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read (${code}).`, 2, cause);
  });
}

async function bodyFrom(data: string, { index }: Receipt): Promise<Uint8Array> {
  return readLog(data, async ({ database }) => {
    const [row] = await findRows(database, { from: index, to: index, limit: 1, newestFirst: false });
    if (row === undefined) throw new StartRefused(`The log in ${data} has no entry ${index}.`, 2);
    return row.body;
  });
}

/** Follows the proof from a body, or from a leaf of 32 bytes: no body is that short. Throws Wrong. */
function show(receipt: Receipt, { origin }: KnownLog, given: Uint8Array): Shown {
  const isLeaf = given.byteLength === 32;
  const leaf = isLeaf ? given : leafOf(given);
  followReceipt(receipt, leaf);
  const { index: entry, size } = receipt;
  const facts = { origin, entry, leaf: hex(leaf), size, root: hex(receipt.root) };
  if (isLeaf) return facts;
  const body = readCanonical(given, entry);
  must(body.get('seq') === entry && body.get('origin') === origin, 'the entry says another place or log than it is proven in');
  const [time, op, operation] = [map(body.get('at'), entry).get('time'), body.get('op'), body.get('operation')];
  must(typeof time === 'string' && typeof op === 'string', 'the entry does not have the fields that every entry has');
  return { ...facts, time, op, ...(typeof operation === 'string' ? { operation } : {}) };
}

function inWords({ origin, entry, leaf, time, op, operation, size, root }: Shown): readonly string[] {
  const says =
    time === undefined
      ? `Its hash is ${leaf}. What the entry says is not shown: its bytes were not given.`
      : `It is of the kind ${op ?? ''}, made ${time} by the clock of the station${operation === undefined ? '' : ` (operation ${operation})`}. Its hash is ${leaf}.`;
  return [
    'HOLDS',
    `Entry ${entry} is in the log of ${origin}.`,
    says,
    `The log signed that it had ${size} entries, with the root ${root}.`,
    'Not shown: that the clock was right, that the entry tells the truth, and that the log shows the same to everybody.',
  ];
}

function unhex(text: string): Uint8Array {
  return Buffer.from(text, 'hex');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
