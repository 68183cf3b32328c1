import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cosignCheckpoint,
  formatHead,
  openCheckpoint,
  type OpenedCheckpoint,
  parseHead,
  signCheckpoint,
} from '../../../agent/log/checkpoint.ts';
import { compareCheckpoints, compareWithStored, settle } from '../../../agent/log/fork.ts';
import { addSignature, formatNote } from '../../../agent/log/note.ts';
import { consistencyProof, emptyRoot, rootOf } from '../../../agent/log/tree.ts';
import { readSignedHead } from '../../../agent/log/verify/checkpoint.ts';
import { codeOf, headOffice, nextEpoch, origin, station, stranger } from '../../support/log/log-keys.ts';
import { MemoryTree, someLeaves } from '../../support/log/plain-tree.ts';
import { holds } from '../../support/log/second-opinion.ts';

const trust = { origin, key: station.verifier, witnesses: [headOffice.verifier] };
const log = { origin, publicKey: station.verifier.publicKey };
const headOf = (tree: MemoryTree) => ({ origin, size: tree.frontier.size, root: rootOf(tree.frontier) });
const signed = (tree: MemoryTree) => signCheckpoint(headOf(tree), station, 'none');
const noteOf = (text: string) => formatNote({ text, signatures: [station.sign(text)] });
const hash = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';

describe('a checkpoint', () => {
  const tree = new MemoryTree(someLeaves(5));
  const checkpoint = signed(tree);

  it('says origin, size and root, and opens for whoever knows the key', () => {
    const text = Buffer.from(checkpoint.note).toString('utf8');
    expect(text).toMatch(/^branch-12\.example\.org\/e1\n5\n[A-Za-z0-9+/]{43}=\n\n— branch-12\.example\.org\/e1 \S+\n$/);
    expect(openCheckpoint(checkpoint.note, trust)).toMatchObject({ origin, size: 5, cosignatures: [], unknown: [] });
    expect(readSignedHead(checkpoint.note, log)).toMatchObject({ size: 5, root: rootOf(tree.frontier) });
  });

  it('of an empty log has the root of nothing and no other', () => {
    expect(codeOf(() => parseHead(`${origin}\n0\n${hash}\n`))).toBe('malformed');
    expect(parseHead(formatHead({ origin, size: 0, root: emptyRoot() })).size).toBe(0);
    expect(holds(() => readSignedHead(noteOf(`${origin}\n0\n${hash}\n`), log))).toBe(false);
    expect(readSignedHead(signed(new MemoryTree()).note, log).size).toBe(0);
  });

  it.each([
    ['a size with a leading zero', `${origin}\n05\n${hash}\n`],
    ['a size with a sign', `${origin}\n+5\n${hash}\n`],
    ['a size with a point', `${origin}\n5.0\n${hash}\n`],
    ['a size with an exponent', `${origin}\n5e3\n${hash}\n`],
    ['a size in other digits', `${origin}\n٥\n${hash}\n`],
    ['no size', `${origin}\n\n${hash}\n`],
    ['a size of 2^53', `${origin}\n9007199254740992\n${hash}\n`],
    ['a size of 20 digits', `${origin}\n18446744073709551615\n${hash}\n`],
    ['a root of 31 bytes', `${origin}\n5\n${hash.slice(0, 40)}AA==\n`],
    ['a root with stray bits', `${origin}\n5\n${hash.slice(0, 42)}B=\n`],
    ['an extension line', `${origin}\n5\n${hash}\nmore\n`],
    ['an empty line at its end', `${origin}\n5\n${hash}\n\n`],
    ['two lines', `${origin}\n5\n`],
    ['no origin', `\n5\n${hash}\n`],
    ['a space in the origin', `branch 12\n5\n${hash}\n`],
  ])('is refused with %s, by the verifier too', (_name, text) => {
    expect(codeOf(() => openCheckpoint(noteOf(text), trust))).toBe('malformed');
    expect(holds(() => readSignedHead(noteOf(text), log))).toBe(false);
  });

  it('is refused when it is of another log, or the log did not sign it', () => {
    const other = signCheckpoint({ ...headOf(tree), origin: nextEpoch.verifier.name }, nextEpoch, 'none');
    expect(codeOf(() => openCheckpoint(other.note, { origin, key: nextEpoch.verifier }))).toBe('other-log');
    expect(codeOf(() => openCheckpoint(signCheckpoint(headOf(tree), stranger, 'none').note, trust))).toBe('unsigned');
    const elsewhere = noteOf(formatHead({ ...headOf(tree), origin: nextEpoch.verifier.name }));
    expect(codeOf(() => openCheckpoint(elsewhere, trust))).toBe('other-log');
    expect(holds(() => readSignedHead(elsewhere, log))).toBe(false);
    const text = formatHead(headOf(tree));
    const witnessed = formatNote({ text, signatures: [headOffice.cosign(text, 5)] });
    expect(codeOf(() => openCheckpoint(witnessed, trust))).toBe('unsigned');
    expect(holds(() => readSignedHead(witnessed, log))).toBe(false);
    expect(holds(() => readSignedHead(other.note, log))).toBe(false);
  });

  it('says when head office saw it, and keeps the lines of others', () => {
    const witnessed = cosignCheckpoint(checkpoint, headOffice, 1_700_000_000);
    const more = addSignature(witnessed, { name: 'other', keyId: new Uint8Array(4), signature: new Uint8Array(64) });
    const opened = openCheckpoint(more, trust);
    expect(opened.cosignatures).toEqual([{ name: headOffice.verifier.name, seconds: 1_700_000_000 }]);
    expect(opened.unknown.map(({ name }) => name)).toEqual(['other']);
    expect(readSignedHead(more, log).size).toBe(5);
    expect(codeOf(() => cosignCheckpoint(opened, headOffice, 1_700_000_001))).toBe('repeated');
    expect(() => cosignCheckpoint(checkpoint, headOffice, 1.5)).toThrow(RangeError);
  });

  it('with a key of the wrong kind is a mistake of the caller', () => {
    expect(() => openCheckpoint(checkpoint.note, { origin, key: headOffice.verifier })).toThrow(RangeError);
    expect(() => openCheckpoint(checkpoint.note, { ...trust, witnesses: [station.verifier] })).toThrow(RangeError);
    expect(() => signCheckpoint(headOf(tree), nextEpoch, 'none')).toThrow(RangeError);
  });

  it('of which any byte was changed opens for nobody', () => {
    for (let place = 0; place < checkpoint.note.byteLength; place += 1) {
      const changed = Uint8Array.from(checkpoint.note);
      changed[place] = (changed[place] ?? 0) ^ 1;
      expect(codeOf(() => openCheckpoint(changed, trust))).toMatch(/malformed|forged|unsigned|other-log/);
      expect(holds(() => readSignedHead(changed, log))).toBe(false);
    }
  });

  it('is read alike by both, whatever the signature lines look like', () => {
    const text = formatHead(headOf(tree));
    const own = Buffer.from(checkpoint.note)
      .toString('utf8')
      .slice(text.length + 1);
    const pieces = fc.constantFrom(
      own,
      '— ',
      'a',
      ' ',
      '\n',
      'AAAAAAAA\n',
      '— b AAAAAAAA\n',
      '+',
      '=',
      '\u00a0',
      '\t',
      '– c AAAAAAAA\n',
      '— d AAAA\n',
      '— e AAAAAA==\n',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
        const note = Buffer.from(`${text}\n${parts.join('')}`);
        const first = codeOf(() => openCheckpoint(note, { origin, key: station.verifier })) === 'taken';
        expect(holds(() => readSignedHead(note, log))).toBe(first);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a head is signed', () => {
  it('only with a proof that it grew out of the one that was signed before', async () => {
    const tree = new MemoryTree(someLeaves(6));
    const before = signed(tree);
    tree.append(someLeaves(3, 'more'));
    const proof = await consistencyProof(6, 9, tree.readNodes);
    expect(signCheckpoint(headOf(tree), station, { checkpoint: before, proof }).size).toBe(9);
    const other = headOf(new MemoryTree(someLeaves(9, 'other')));
    expect(codeOf(() => signCheckpoint(other, station, { checkpoint: before, proof }))).toBe('not-consistent');
    expect(codeOf(() => signCheckpoint(headOf(tree), station, { checkpoint: before, proof: [] }))).toBe('not-consistent');
    expect(codeOf(() => signCheckpoint(headOf(new MemoryTree(someLeaves(5))), station, { checkpoint: before, proof: [] }))).toBe(
      'not-consistent',
    );
    expect(codeOf(() => signCheckpoint(headOf(tree), station, { checkpoint: { ...before, origin: 'other' }, proof }))).toBe('other-log');
  });

  it('again at the same size, and after an empty log, without one', () => {
    const tree = new MemoryTree(someLeaves(6));
    expect(signCheckpoint(headOf(tree), station, { checkpoint: signed(tree), proof: [] }).size).toBe(6);
    expect(signCheckpoint(headOf(tree), station, { checkpoint: signed(new MemoryTree()), proof: [] }).size).toBe(6);
  });
});

describe('two checkpoints of one log', () => {
  const joined = (one: OpenedCheckpoint, other: OpenedCheckpoint, proof?: readonly Uint8Array[]) => {
    const comparison = compareCheckpoints(one, other);
    return comparison.kind === 'needs-proof' ? settle(comparison, proof).kind : comparison.kind;
  };

  it('of one history are the same, or are joined by a proof', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(40), fc.nat(40), async (size, more) => {
        const tree = new MemoryTree(someLeaves(size));
        const older = signed(tree);
        tree.append(someLeaves(more, 'more'));
        const newer = signed(tree);
        if (more === 0) expect(joined(newer, older)).toBe('same');
        else if (size === 0) expect(joined(newer, older)).toBe('consistent');
        else expect(joined(newer, older, await consistencyProof(size, size + more, tree.readNodes))).toBe('consistent');
      }),
    );
  });

  it('of two histories always leave both notes as evidence that opens by itself', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(20), fc.integer({ min: 1, max: 20 }), fc.nat(20), async (shared, own, more) => {
        const common = someLeaves(shared);
        const one = new MemoryTree([...common, ...someLeaves(own, 'one')]);
        const other = new MemoryTree([...common, ...someLeaves(own + more, 'other')]);
        const comparison = compareCheckpoints(signed(one), signed(other));
        expect(compareCheckpoints(signed(other), signed(one)).kind).toBe(comparison.kind);
        const size = shared + own;
        if (more === 0) {
          expect(comparison.kind).toBe('fork');
        } else {
          if (comparison.kind !== 'needs-proof') throw new Error(comparison.kind);
          const proof = await consistencyProof(size, size + more, other.readNodes);
          expect(settle(comparison, undefined).kind).toBe('unproven');
          expect(settle(comparison, []).kind).toBe('unproven');
          expect(settle(comparison, proof).kind).toBe('unproven');
        }
        const evidence = comparison.kind === 'needs-proof' ? settle(comparison, undefined) : comparison;
        if (!('evidence' in evidence)) throw new Error(evidence.kind);
        const { older, newer } = evidence.evidence;
        expect(openCheckpoint(older.note, trust).root).toEqual(rootOf(one.frontier));
        expect(openCheckpoint(newer.note, trust).root).toEqual(rootOf(other.frontier));
      }),
    );
  });

  it('of two logs say nothing of each other', () => {
    const other = signCheckpoint({ origin: nextEpoch.verifier.name, size: 0, root: emptyRoot() }, nextEpoch, 'none');
    expect(() => compareCheckpoints(signed(new MemoryTree()), other)).toThrow(RangeError);
  });
});

describe('a stored log beside a checkpoint', () => {
  const checkpoint = signed(new MemoryTree(someLeaves(11)));
  const compare = (tree: MemoryTree) => compareWithStored(checkpoint, tree.frontier.size, tree.readNodes);

  it('holds it at its size and as it grows', async () => {
    expect(await compare(new MemoryTree(someLeaves(11)))).toBe('holds');
    expect(await compare(new MemoryTree(someLeaves(40)))).toBe('holds');
    expect(await compareWithStored(signed(new MemoryTree()), 0, new MemoryTree().readNodes)).toBe('holds');
  });

  it('is found to be cut, or to be another history', async () => {
    expect(await compare(new MemoryTree(someLeaves(10)))).toBe('cut');
    expect(await compare(new MemoryTree([...someLeaves(10), ...someLeaves(5, 'other')]))).toBe('changed');
  });
});
