import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { signCheckpoint } from '../../../agent/log/checkpoint.ts';
import { leafHash } from '../../../agent/log/record.ts';
import { formatTlogProof, parseTlogProof, verifyTlogProof } from '../../../agent/log/tlog-proof.ts';
import { inclusionProof, rootOf } from '../../../agent/log/tree.ts';
import { readReceipt } from '../../../agent/log/verify/checkpoint.ts';
import { codeOf, nextEpoch, origin, station } from '../../support/log/log-keys.ts';
import { MemoryTree } from '../../support/log/plain-tree.ts';
import { holds } from '../../support/log/second-opinion.ts';

const bodies = Array.from({ length: 21 }, (_, seq) => Buffer.from(`{"seq":${seq}}`));
const body = (seq: number) => bodies[seq] ?? Buffer.alloc(0);
const tree = new MemoryTree(bodies.map(leafHash));
const checkpoint = signCheckpoint({ origin, size: tree.frontier.size, root: rootOf(tree.frontier) }, station, 'none');
const trust = { origin, key: station.verifier };
const log = { origin, publicKey: station.verifier.publicKey };

const receiptOf = async (index: number, size = 21) => {
  const hashes = await inclusionProof(index, size, tree.readNodes);
  return formatTlogProof({ index, hashes, checkpoint: checkpoint.note });
};

/** What both implementations say of a receipt; they must not differ. */
function taken(receipt: Uint8Array, data: Uint8Array): boolean {
  const first = codeOf(() => verifyTlogProof(receipt, data, trust)) === 'taken';
  expect(holds(() => readReceipt(receipt, data, log))).toBe(first);
  return first;
}

let receipt: Uint8Array;
let text: string;
beforeAll(async () => {
  receipt = await receiptOf(16);
  text = Buffer.from(receipt).toString('utf8');
});

describe('a receipt', () => {
  it('proves each entry of a log, and only with its own bytes', async () => {
    for (let index = 0; index < 21; index += 1) {
      const one = await receiptOf(index);
      expect(taken(one, body(index))).toBe(true);
      expect(verifyTlogProof(one, body(index), trust)).toMatchObject({ index, checkpoint: { size: 21 } });
      expect(readReceipt(one, body(index), log)).toMatchObject({ index, size: 21 });
      expect(codeOf(() => verifyTlogProof(one, body((index + 1) % 21), trust))).toBe('not-included');
      expect(taken(one, body((index + 1) % 21))).toBe(false);
    }
  });

  it('is the text of C2SP tlog-proof', () => {
    const lines = text.split('\n');
    expect(lines.slice(0, 2)).toEqual(['c2sp.org/tlog-proof@v1', 'index 16']);
    expect(lines.slice(2, 6).every((line) => /^[A-Za-z0-9+/]{43}=$/.test(line))).toBe(true);
    expect(lines.slice(7).join('\n')).toBe(Buffer.from(checkpoint.note).toString('utf8'));
    expect(lines[6]).toBe('');
  });

  it('is checked with sums and base64 alone', () => {
    const lines = text.split('\n');
    const border = lines.indexOf('');
    const path = lines.slice(2, border).map((line) => Buffer.from(line, 'base64'));
    const sum = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
    const [zero, one, none] = [Uint8Array.of(0), Uint8Array.of(1), Buffer.alloc(0)];
    // Entry 16 of 21 has three neighbours on its right, and the first sixteen entries on its left.
    const [a = none, b = none, c = none, d = none] = path;
    const root = sum(one, d, sum(one, sum(one, sum(one, sum(zero, body(16)), a), b), c));
    expect(path.length).toBe(4);
    expect(lines[border + 3]).toBe(root.toString('base64'));
  });

  it('comes back from its bytes as it was, with extra data and without', () => {
    const { index, hashes, checkpoint: note, extra } = parseTlogProof(receipt);
    expect([index, hashes.length, extra]).toEqual([16, 4, undefined]);
    const more = formatTlogProof({ index, hashes, checkpoint: note, extra: Buffer.from('more') });
    expect(Buffer.from(more).toString('utf8')).toBe(text.replace('\nindex', '\nextra bW9yZQ==\nindex'));
    expect(Buffer.from(parseTlogProof(more).extra ?? '').toString()).toBe('more');
    expect(taken(more, body(16))).toBe(true);
  });

  it('of which any byte was changed proves nothing', () => {
    for (let place = 0; place < receipt.byteLength; place += 1) {
      const changed = Uint8Array.from(receipt);
      changed[place] = (changed[place] ?? 0) ^ 1;
      expect(taken(changed, body(16))).toBe(false);
    }
  });

  const swap = (lines: readonly string[]) => [...lines.slice(0, 2), lines[3], lines[2], ...lines.slice(4)];
  it.each([
    ['another first line', (it: string) => it.replace('@v1', '@v2')],
    ['a number with a leading zero', (it: string) => it.replace('index 16', 'index 016')],
    ['another number', (it: string) => it.replace('index 16', 'index 15')],
    ['a number beyond the log', (it: string) => it.replace('index 16', 'index 21')],
    ['no number', (it: string) => it.replace('index 16\n', '')],
    ['a number twice', (it: string) => it.replace('index 16\n', 'index 16\nindex 16\n')],
    ['extra data behind the number', (it: string) => it.replace('index 16\n', 'index 16\nextra AAAA\n')],
    ['empty extra data', (it: string) => it.replace('index 16\n', 'extra \nindex 16\n')],
    ['two hashes swapped', (it: string) => swap(it.split('\n')).join('\n')],
    ['a hash left out', (it: string) => it.split('\n').toSpliced(2, 1).join('\n')],
    [
      'a hash too many',
      (it: string) =>
        it
          .split('\n')
          .toSpliced(2, 0, it.split('\n')[2] ?? '')
          .join('\n'),
    ],
    ['ten hashes too many', (it: string) => it.replace('\n\n', `\n${`${it.split('\n')[2] ?? ''}\n`.repeat(10)}\n`)],
    ['a short hash', (it: string) => it.replace('index 16\n', 'index 16\nAAAA\n')],
    ['no empty line', (it: string) => it.replace('\n\n', '\n')],
    ['two empty lines', (it: string) => it.replace('\n\n', '\n\n\n')],
    ['carriage returns', (it: string) => it.replaceAll('\n', '\r\n')],
    ['no newline at its end', (it: string) => it.slice(0, -1)],
    ['something behind it', (it: string) => `${it}\n`],
    ['something before it', (it: string) => `\n${it}`],
    ['no checkpoint', (it: string) => it.slice(0, it.indexOf('\n\n') + 2)],
    ['nothing', () => ''],
  ])('with %s proves nothing', (_name, change) => {
    expect(taken(Buffer.from(change(text)), body(16))).toBe(false);
  });

  it('under the checkpoint of another log, or of nobody who is known, proves nothing', async () => {
    const head = { origin: nextEpoch.verifier.name, size: 21, root: rootOf(tree.frontier) };
    const hashes = await inclusionProof(16, 21, tree.readNodes);
    const other = formatTlogProof({ index: 16, hashes, checkpoint: signCheckpoint(head, nextEpoch, 'none').note });
    expect(codeOf(() => verifyTlogProof(other, body(16), trust))).toBe('unsigned');
    expect(taken(other, body(16))).toBe(false);
  });

  it('is never written in a way in which it could not be read', async () => {
    const hashes = await inclusionProof(16, 21, tree.readNodes);
    const write = (parts: object) => codeOf(() => formatTlogProof({ index: 16, hashes, checkpoint: checkpoint.note, ...parts }));
    expect(write({})).toBe('taken');
    expect(write({ index: 21 })).toBe('malformed');
    expect(write({ index: 1.5 })).toBe('malformed');
    expect(write({ hashes: [new Uint8Array(31)] })).toBe('malformed');
    expect(write({ hashes: Array<Uint8Array>(6).fill(new Uint8Array(32)) })).toBe('malformed');
    expect(write({ checkpoint: Buffer.from('a\n') })).toBe('malformed');
    expect(write({ extra: new Uint8Array() })).toBe('malformed');
    expect(write({ extra: new Uint8Array(30_000) })).toBe('malformed');
  });

  it('is about 1.1 kB long in a log of 100,000 entries', () => {
    const text = `${origin}\n100000\n${'A'.repeat(43)}=\n`;
    const long = formatTlogProof({
      index: 99_999,
      hashes: Array<Uint8Array>(17).fill(new Uint8Array(32)),
      checkpoint: Buffer.from(`${text}\n\u2014 ${origin} ${'A'.repeat(91)}=\n`),
    });
    expect(long.byteLength).toBeLessThan(1100);
  });
});
