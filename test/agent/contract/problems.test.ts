/** The one table of everything that can go wrong: drivers, log, screens and texts all agree with it. */
import { describe, expect, it } from 'vitest';
import { deviceErrorCodes, recoverOf } from '../../../drivers/errors.ts';
import { documentRefusals, type ProblemCode, problems } from '../../../agent/contract/problems.ts';
import { refusalSentences } from '../../../agent/documents/refusal-sentences.ts';
import { fieldsOf } from '../../../agent/log/catalogue.ts';
import { parseEvent } from '../../../agent/log/events.ts';
import { catalogues, languages } from '../../../kiosk/text/languages.ts';

const codes = Object.keys(problems) as ProblemCode[];
const recovers = ['retry', 're-enter-pin', 'reinsert', 'other-token', 'ask-staff', 'none'];

describe.each(codes)('%s', (code) => {
  const { recover, screen, event } = problems[code];

  it('has advice, a page, and an op of the catalogue of the log', () => {
    expect(recovers).toContain(recover);
    expect(screen).toMatch(/^[a-z-]+$/);
    expect(Object.keys(fieldsOf)).toContain(event);
  });

  it('has a headline, what happened and what to do in every language', () => {
    expect(languages.length).toBeGreaterThanOrEqual(2);
    for (const { tag } of languages) {
      const { problems: texts, recover: advice } = catalogues[tag].trouble;
      const { title, happened, todo } = texts[code];
      for (const text of [title, happened, todo ?? advice[recover]]) expect(text.length, `${tag} ${code}`).toBeGreaterThan(4);
    }
  });

  it('can be named by an entry', () => {
    const actor = { id: 'station', role: 'station' };
    expect(parseEvent({ op: 'sign.failed', actor, problem: code })).toMatchObject({ problem: code });
  });
});

it.each(deviceErrorCodes)('what a driver calls %s is a problem of the house with the same advice', (code) => {
  expect(codes).toContain(code);
  expect(problems[code].recover).toBe(recoverOf[code]);
});

it('only a wrong PIN and a PIN of a wrong length invite to type the PIN again', () => {
  expect(codes.filter((code) => problems[code].recover === 're-enter-pin')).toEqual(['pin-wrong', 'pin-length']);
  expect(codes.filter((code) => problems[code].screen === 'wrong-pin')).toEqual(['pin-wrong', 'pin-length']);
});

it.each(documentRefusals)('a document that is refused as %s has a sentence for the clerk and a text in every language', (refusal) => {
  expect(refusalSentences[refusal]).toMatch(/\.$/);
  for (const { tag } of languages) expect(catalogues[tag].trouble.refusals[refusal].length, tag).toBeGreaterThan(4);
  expect(parseEvent({ op: 'document-refused', actor: { id: 'station', role: 'station' }, refusal })).toMatchObject({ refusal });
});
