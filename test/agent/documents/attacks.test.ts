/**
 * Attack files of every class that is known for signed PDFs. None is ever TOTAL-PASSED; the document that each was made from is, so that no attack
 * fails for a reason that has nothing to do with it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTrust, type Trust } from '../../../agent/documents/trust.ts';
import { type VerificationReport, verifyPdf } from '../../../agent/documents/verify.ts';
import { saved, wrapping } from '../../support/attacks/appended.ts';
import { type AttackClass, type Cast, type SoundName, castOf, changed, soundDocuments, soundNames } from '../../support/attacks/attack.ts';
import { evilAnnotations, locks, sneakySignatures } from '../../support/attacks/certified.ts';
import { changes, structures } from '../../support/attacks/changed.ts';
import { forged, swapped } from '../../support/attacks/forged.ts';
import { shadows } from '../../support/attacks/shadow.ts';
import { timestamped } from '../../support/attacks/timestamped.ts';
import { KeyRing } from '../../support/signing-keys.ts';
import { opensslAccepts, pdfsig } from '../../support/validators.ts';

const classes: readonly AttackClass[] = [
  forged,
  swapped,
  saved,
  wrapping,
  ...shadows,
  evilAnnotations,
  sneakySignatures,
  locks,
  timestamped,
  changes,
  structures,
];

const ring = new KeyRing();
let cast: Cast;
let trust: Trust;
let sound: (name: SoundName) => Uint8Array;
const rows: string[] = [];

beforeAll(() => {
  cast = castOf(ring);
  trust = makeTrust([cast.root.certificate]);
  sound = soundDocuments(cast);
});
afterAll(() => {
  ring.end();
  process.stdout.write(`${rows.join('\n')}\n`);
});

/** The outcome, and why: of the first signature that does not pass, or of the file. */
function inShort({ outcome, refusal, signatures }: VerificationReport): string {
  const why = refusal ?? signatures.find(({ verdict }) => verdict === outcome && verdict !== 'TOTAL-PASSED')?.subIndication;
  return why === undefined ? outcome : `${outcome} ${why}`;
}

test('poppler and openssl accept every sound document too, each signature of it', () => {
  for (const name of soundNames) {
    const document = sound(name);
    // poppler lists fields that wait for a signature too.
    const found = pdfsig(document).filter(({ verdict }) => verdict !== 'no verdict');
    expect([name, found.map(({ verdict }) => verdict)]).toEqual([name, Array(name === 'twice' ? 2 : 1).fill('Signature is Valid.')]);
    for (const index of found.keys()) expect([name, opensslAccepts(document, cast.root.certificatePath, index)]).toEqual([name, true]);
  }
});

describe.each(classes)('$name', ({ name, attacks }) => {
  test.each(attacks)('$name', ({ sound: base, make, outcome, namesNoChange = false }) => {
    const control = sound(base);
    expect(inShort(verifyPdf(control, { trust }))).toBe('TOTAL-PASSED');
    const attack = make(control, cast, sound);
    expect(Buffer.from(attack).equals(control)).toBe(false);
    const report = verifyPdf(attack, { trust });
    expect(inShort(report)).toBe(outcome);
    // Seen as what it is, and not only because nobody signed what was appended.
    if (outcome === changed) expect((report.signatures[0]?.changes.length ?? 0) > 0).toBe(!namesNoChange);
  });

  test('is refused whole', () => {
    const outcomes = attacks.map(({ outcome }) => outcome.split(' ')[0] ?? '');
    expect(outcomes).not.toContain('TOTAL-PASSED');
    const counts = ['TOTAL-FAILED', 'INDETERMINATE', 'UNREADABLE'].map(
      (one) => `${outcomes.filter((found) => found === one).length} ${one}`,
    );
    rows.push(`${name.padEnd(44)} ${String(attacks.length).padStart(3)} files: ${counts.join(', ')}`);
  });
});
