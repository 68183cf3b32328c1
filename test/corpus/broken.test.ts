/**
 * Broken PDFs by the hundred, made of sound ones by script: cut off, with bits flipped, with wrong offsets, lengths, numbers and references. Each is
 * refused with a reason, or signed and then accepted by judges of others; and no signed document passes after it was broken.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { documentRefusals } from '../../agent/contract/problems.ts';
import { examine } from '../../agent/documents/intake.ts';
import { verifyPdf } from '../../agent/documents/verify.ts';
import { CorpusBench } from '../support/corpus-bench.ts';
import { type Mutant, mendedMutants, mutants, ways } from '../support/mutations.ts';
import { cairoDrawing } from '../support/producers/images.ts';
import { officeForm, officeText, printed } from '../support/producers/offices.ts';
import { type Recipe, produced } from '../support/producers/recipe.ts';
import { cleaned, distilled, rewrites } from '../support/producers/rewriters.ts';
import { agreement, handMade, onePage } from '../support/sample-pdf.ts';
import { newestSignature } from '../support/tampering.ts';

let bench: CorpusBench;
beforeAll(() => {
  bench = new CorpusBench();
});
afterAll(() => {
  process.stdout.write(`broken PDFs: ${bench.report()}; the slowest was examined in ${Math.round(slowestMs)} ms\n`);
  bench.end();
});

/** Longest that the examination of one of these files may take, on a busy machine too; the station gives a file 10 s of processor time. */
const deadlineMs = 5000;
let slowestMs = 0;

function named(name: string): Recipe {
  const found = [...rewrites, ...distilled, ...cleaned].find((recipe) => recipe.name === name);
  if (found === undefined) throw new Error(`nobody makes "${name}"`);
  return found;
}

const hybrid = (): Uint8Array => handMade({ objects: onePage({ 5: '<</Title(hidden)>>' }), hidden: [5], trailer: '/Info 5 0 R' });
const made = (recipe: Recipe) => (): Uint8Array => new Uint8Array(readFileSync(produced(recipe)));

const sound: readonly (readonly [string, () => Uint8Array])[] = [
  ...[officeText, officeForm, printed, cairoDrawing].map((recipe) => [recipe.name, made(recipe)] as const),
  ...['qpdf, object streams', 'qpdf, linearized', 'Ghostscript, version 1.3', 'MuPDF, made of page contents'].map(
    (name) => [name, made(named(name))] as const,
  ),
  ['a hybrid file', hybrid],
];

/** Examines one; a document that is taken in is signed, and shown to two judges. Gives what is wrong with the outcome, in words. */
async function troubleWith({ name, bytes }: Mutant): Promise<readonly string[]> {
  const start = performance.now();
  const examined = examine(bytes);
  const took = performance.now() - start;
  slowestMs = Math.max(slowestMs, took);
  if (took > deadlineMs) return [`${name}: took ${took} ms`];
  if (!examined.ok) {
    bench.refuse(examined.refusal);
    return documentRefusals.includes(examined.refusal) && examined.sentence.length > 20 ? [] : [`${name}: no reason`];
  }
  const accepted = await bench.acceptedByTwo(bytes);
  return accepted.length >= 2 ? [] : [`${name}: accepted by ${accepted.join(' and ') || 'nobody'}`];
}

describe.each(sound)('%s, broken', (_, document) => {
  test('is refused with a reason, or signed and accepted', async () => {
    const seed = sound.findIndex(([, one]) => one === document) + 1;
    const all = [...mutants(document(), 28, seed), ...mendedMutants(document(), 14, seed)];
    expect(all.length).toBeGreaterThan(25);
    const troubles: string[] = [];
    for (const mutant of all) troubles.push(...(await troubleWith(mutant)));
    expect(troubles).toEqual([]);
  });
});

describe('the scripts that break', () => {
  test('break in every way, and always alike', () => {
    const broken = sound.flatMap(([, document], index) => mutants(document(), 28, index + 1));
    expect([...new Set(broken.map(({ name }) => name.replace(/ \(.*/, '')))].sort()).toEqual(Object.keys(ways).sort());
    const again = mutants(sound[2]?.[1]() ?? agreement(), 28, 3);
    const before = broken.filter(({ name }) => again.some((one) => one.name === name));
    expect(again.length).toBeGreaterThan(20);
    expect(before.every(({ bytes }, index) => Buffer.compare(bytes, again[index]?.bytes ?? new Uint8Array()) === 0)).toBe(true);
  });
});

describe('a signed document, broken', () => {
  test.each([
    ['with a table', () => bench.signer.sign(agreement())],
    ['with two signatures', () => bench.signer.sign(bench.signer.sign(hybrid()), { choice: 'P-384' })],
  ])('%s, never passes, and is never a reason to fail', (_, signed) => {
    const document = signed();
    const { start, end } = newestSignature(document);
    const covered = (bytes: Uint8Array): Buffer => Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
    const broken = mutants(document, 120, 50).filter(({ bytes }) => !covered(bytes).equals(covered(document)));
    expect(broken.length).toBeGreaterThan(100);
    expect(verifyPdf(document, { trust: bench.signer.trust }).outcome).toBe('TOTAL-PASSED');
    const passing = broken.filter(({ bytes }) => verifyPdf(bytes, { trust: bench.signer.trust }).outcome === 'TOTAL-PASSED');
    expect(passing.map(({ name }) => name)).toEqual([]);
  });
});
