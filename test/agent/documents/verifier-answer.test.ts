/** What a verifying process may answer: every report that is really made goes through unchanged, and what is not agreed counts for nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../agent/documents/algorithms.ts';
import { prepareAsicE } from '../../../agent/documents/asic.ts';
import { bytesSource } from '../../../agent/documents/byte-source.ts';
import { prepareCades } from '../../../agent/documents/cades.ts';
import { parseAgreed } from '../../../agent/documents/strict-values.ts';
import { makeTrust } from '../../../agent/documents/trust.ts';
import { contentAnswer, pdfAnswer } from '../../../agent/documents/verifier-answer.ts';
import { verifyContainer } from '../../../agent/documents/verify-container.ts';
import { verifyDetached } from '../../../agent/documents/verify-detached.ts';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import { saved, wrapping } from '../../support/attacks/appended.ts';
import { type SoundName, castOf, soundDocuments, soundNames } from '../../support/attacks/attack.ts';
import { evilAnnotations, locks, sneakySignatures } from '../../support/attacks/certified.ts';
import { changes, structures } from '../../support/attacks/changed.ts';
import { forged, swapped } from '../../support/attacks/forged.ts';
import { shadows } from '../../support/attacks/shadow.ts';
import { timestamped } from '../../support/attacks/timestamped.ts';
import { Holders } from '../../support/holders.ts';
import { KeyRing } from '../../support/signing-keys.ts';

const classes = [
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
] as const;
const ring = new KeyRing();
const cast = castOf(ring);
const trust = makeTrust([cast.root.certificate]);
const sound = soundDocuments(cast);
let holders: Holders;

beforeAll(() => {
  holders = new Holders();
});
afterAll(() => {
  ring.end();
  holders.end();
});

/** As JSON, so that the order of what is in it counts too. */
const pdfThrough = (json: string): string | undefined => JSON.stringify(parseAgreed(json, pdfAnswer));
const contentThrough = (json: string): string | undefined => JSON.stringify(parseAgreed(json, contentAnswer));

describe('goes through unchanged: the report', () => {
  test.each(soundNames)('on the sound document %s, with and without trust', (name: SoundName) => {
    for (const options of [{ trust }, {}]) {
      const json = JSON.stringify(verifyPdf(sound(name), options));
      expect(pdfThrough(json)).toBe(json);
    }
  });

  test.each(classes)('on every attack of the class $name', ({ attacks }) => {
    for (const { name, sound: base, make } of attacks) {
      const json = JSON.stringify(verifyPdf(make(sound(base), cast, sound), { trust }));
      expect([name, pdfThrough(json)]).toEqual([name, json]);
    }
  });

  test('on containers and .p7s files, whole, damaged and without their content', async () => {
    const content = Buffer.from('The accounts.\n');
    const container = holders.finish(prepareAsicE([{ name: 'accounts.txt', bytes: content, mimeType: 'text/plain' }], holders.request()));
    const p7s = holders.finish(prepareCades(digestOf('sha256', content), holders.request()));
    const of = { name: 'accounts.txt', digest: () => Promise.resolve(digestOf('sha256', content)) };
    const reports = [
      ...[{ trust: holders.trust }, {}].map((options) => verifyContainer(bytesSource(container), options)),
      verifyContainer(bytesSource(container.subarray(1)), {}),
      await verifyDetached(p7s, of, { trust: holders.trust }),
      await verifyDetached(p7s, undefined, {}),
      await verifyDetached(p7s.subarray(0, -1), of, {}),
    ];
    expect(new Set(reports.map(({ outcome }) => outcome)).size).toBe(4);
    for (const json of reports.map((report) => JSON.stringify(report))) expect(contentThrough(json)).toBe(json);
  });
});

type Loose = Record<string, unknown>;

/** The report on a document signed once, with something in it changed. */
function spoiled(change: (report: Loose, signature: Loose) => unknown): string {
  const report = JSON.parse(JSON.stringify(verifyPdf(sound('once'), { trust }))) as Loose & { signatures: readonly [Loose] };
  change(report, report.signatures[0]);
  return JSON.stringify(report);
}

describe('counts for nothing: an answer', () => {
  test('the control: with nothing changed in it, it counts', () => {
    expect(pdfThrough(spoiled(() => undefined))).toContain('TOTAL-PASSED');
  });

  test.each<[string, (report: Loose, signature: Loose) => unknown]>([
    ['with an outcome that there is not', (report) => (report['outcome'] = 'PASSED')],
    ['with an outcome by the name of a method', (report) => (report['outcome'] = 'toString')],
    ['without an outcome', (report) => delete report['outcome']],
    ['with a name that nobody agreed', (report) => (report['exit'] = 0)],
    ['with a refusal that there is not', (report) => (report['refusal'] = 'fine')],
    ['with a list that is none', (report) => (report['documentTimestamps'] = { length: 1 })],
    ['with more signatures than are judged', (report, one) => (report['signatures'] = Array<unknown>(129).fill(one))],
    ['with a verdict that is no text', (_report, one) => (one['verdict'] = ['TOTAL-PASSED'])],
    ['with a size below zero', (_report, one) => (one['coveredBytes'] = -1)],
    ['with a size that is no whole number', (_report, one) => (one['coveredBytes'] = 0.5)],
    ['with null for what is not there', (_report, one) => (one['reason'] = null)],
    ['with a time that is none', (_report, one) => (one['signedAt'] = 'today')],
    ['with half a signer', (_report, one) => (one['signer'] = { name: 'Ada' })],
    ['with an addition of an unknown kind', (_report, one) => (one['additions'] = [{ kind: 'page', field: 'a' }])],
    ['with a page for what has none', (_report, one) => (one['additions'] = [{ kind: 'filled', field: 'a', page: 1 }])],
    ['with more changes than are named', (_report, one) => (one['changes'] = Array<string>(201).fill('object 1 was changed'))],
  ])('%s', (_name, change) => {
    expect(pdfThrough(spoiled(change))).toBeUndefined();
  });

  test.each(['', 'null', '[]', '"TOTAL-PASSED"', '{"__proto__":{}}', '{"outcome":"TOTAL-PASSED"', `${spoiled(() => undefined)}}`])(
    'that is %s',
    (json) => {
      expect([pdfThrough(json), contentThrough(json)]).toEqual([undefined, undefined]);
    },
  );

  test('on a PDF where a container was asked about, and the other way round', () => {
    expect(contentThrough(spoiled(() => undefined))).toBeUndefined();
    expect(pdfThrough(JSON.stringify(verifyContainer(bytesSource(Buffer.from('PK')), {})))).toBeUndefined();
  });

  test('but texts in it are made safe to show, and cut', () => {
    const json = spoiled((_report, one) => {
      one['reason'] = `read\u001b[2J\u202e${'x'.repeat(5000)}`;
    });
    const reason = parseAgreed(json, pdfAnswer)?.signatures[0]?.reason ?? '';
    expect(reason).toMatch(/^read\\u\{1b\}\[2J\\u\{202e\}x+…$/);
    expect(reason).toHaveLength(1000);
  });
});
