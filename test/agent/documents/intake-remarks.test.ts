/** What a document has and may have, yet its reader should know of. */
import { describe, expect, test } from 'vitest';
import { examine } from '../../../agent/documents/intake.ts';
import { remarkSentence } from '../../../agent/documents/intake-findings.ts';
import { type IntakePolicy, defaultIntakePolicy } from '../../../agent/documents/intake-policy.ts';
import { catalog, page, mark, marked, goTo, packedFile, layers, drawing, onClick } from '../../support/attack-bodies.ts';
import { disguises } from '../../support/attack-pdf.ts';

describe('what is no reason to refuse is said', () => {
  const remarksOf = (bodies: Record<number, string>, policy: Partial<IntakePolicy> = {}): readonly string[] => {
    const examined = examine(disguises['in an object stream']?.(bodies) ?? new Uint8Array(), { ...defaultIntakePolicy, ...policy });
    return examined.ok ? examined.document.remarks.map(({ code }) => code) : [examined.refusal];
  };

  test.each([
    ['links', onClick('/S/URI/URI(https:example.org)')],
    ['layers', layers('')],
    ['missing-fonts', { 3: page('/Q<</Font<</F<</Subtype/Type1/BaseFont/Helvetica>>>>>>') }],
    ['form-fields', { 1: catalog('/AcroForm<</Fields[5 0 R]>>'), 5: mark('/Subtype/Widget/FT/Tx/T(a)') }],
    ['screen-only-marks', { ...marked('/Subtype/Stamp/AP<</N 9 0 R>>'), 9: drawing('')[9] ?? '' }],
    ['usage-rights', { 1: catalog('/Perms<</UR3<</Type/Sig>>>>') }],
  ])('%s', (remark, bodies) => {
    expect(remarksOf(bodies)).toEqual([remark]);
  });

  test('packed files are said where they are allowed', () => {
    expect(remarksOf({ 1: catalog('/AF[7 0 R]'), ...packedFile }, { embeddedFiles: 'allow' })).toEqual(['embedded-files']);
  });

  test('a sentence names the fonts, and nothing hides in their names', () => {
    const examined = examine(
      disguises['plainly']?.({ 3: page('/Q<</Font<</F<</Subtype/Type1/BaseFont/A#e2#80#ae>>>>>>') }) ?? new Uint8Array(),
    );
    const [remark] = examined.ok ? examined.document.remarks : [];
    expect(remark).toEqual({ code: 'missing-fonts', subjects: ['A\\u{202e}'] });
    expect(remark === undefined ? '' : remarkSentence(remark)).toBe(
      'The document does not carry all its fonts, so its text may look different in another program: A\\u{202e}.',
    );
  });
});

test('a document that opens on a certain page is taken', () => {
  for (const opening of ['[3 0 R/Fit]', '(chapter)', '/chapter', `<<${goTo}>>`]) {
    expect(examine(disguises['plainly']?.({ 1: catalog(`/OpenAction${opening}`) }) ?? new Uint8Array()).ok).toBe(true);
  }
});
