/** What the second implementation says of fingers: who vouches for a match stands in the entry, fits what was enrolled, and is told. */
import { describe, expect, it } from 'vitest';
import { NotInCatalogue, parseEvent } from '../../../agent/log/events.ts';
import type { AppendableEvent, EventOf } from '../../../agent/log/events.ts';
import { verify } from '../../../agent/log/verify.ts';
import { forge, problem, stream } from '../../support/log/forged-log.ts';
import { fingerMatched, holder, sha256, signing } from '../../support/log/station-log.ts';

const clerk = { id: 'clerk-1', role: 'clerk' } as const;
const enrolled = (assurance: 'signed-by-reader' | 'station-asserted'): EventOf<'enrol'> => {
  const common = { op: 'enrol', actor: clerk, subject: '5a'.repeat(16), certificate_sha256: sha256('c') } as const;
  if (assurance === 'station-asserted') return { ...common, assurance, reader: 'Reader', fingers: ['left-thumb', 'right-thumb'] };
  const key = { credential_id: 'aa', public_key: 'bb', aaguid: '00'.repeat(16), sign_count: 0 };
  return { ...common, ...key, assurance, attestation_format: 'packed', authenticator_data: 'cc', attestation_statement: 'a0' };
};

const [consent, intent, finger, done] = signing('op-1', 'a', 2) as [
  AppendableEvent,
  AppendableEvent,
  EventOf<'finger-matched'>,
  AppendableEvent,
];
const asserted: EventOf<'finger-matched'> = {
  op: 'finger-matched',
  operation: 'op-1',
  actor: holder,
  consent_sha256: finger.consent_sha256,
  assurance: 'station-asserted',
  reader: 'Reader',
  finger: 'left-thumb',
  matched_at: '2026-01-01T00:00:00.000Z',
};
/** One signature behind an enrolment, whose numbers are one higher. */
const after = (enrolment: AppendableEvent, match: unknown): AppendableEvent[] =>
  [enrolment, consent, intent, match, { ...done, intent: 3 }] as AppendableEvent[];

describe('a match that no reader signed for', () => {
  it('is counted, and one that a reader signed for is not', async () => {
    expect(await verify(stream(forge([consent, intent, asserted, done])))).toMatchObject({ verdict: 'intact', fingersAsserted: 1 });
    expect(await verify(stream(forge([consent, intent, finger, done])))).not.toHaveProperty('fingersAsserted');
  });

  it('fits an enrolment of its kind, and no other', async () => {
    expect(await problem(forge(after(enrolled('station-asserted'), asserted)))).toBe('intact');
    expect(await problem(forge(after(enrolled('signed-by-reader'), finger)))).toBe('intact');
    const down = '4: .*enrolled as signed-by-reader and matched as station-asserted';
    expect(await problem(forge(after(enrolled('signed-by-reader'), asserted)))).toMatch(new RegExp(`^${down}`));
    const up = '4: .*enrolled as station-asserted and matched as signed-by-reader';
    expect(await problem(forge(after(enrolled('station-asserted'), finger)))).toMatch(new RegExp(`^${up}`));
  });

  it.each([
    ['that says a reader signed, without its signature', { ...asserted, assurance: 'signed-by-reader' }, 'without what the reader signed'],
    ['with the signature of a reader', { ...finger, assurance: 'station-asserted' }, 'with other fields'],
    ['that says nothing of who vouches', { ...asserted, assurance: undefined }, 'without what the reader signed'],
    ['by a word that there is not', { ...finger, assurance: 'signed-by-nobody' }, 'without what the reader signed'],
  ])('%s is found', async (_, match, sentence) => {
    const { assurance, ...rest } = match;
    const event = assurance === undefined ? rest : match;
    expect(await problem(forge([consent, intent, event, done] as AppendableEvent[]))).toMatch(new RegExp(`^3: .*${sentence}`));
  });
});

describe('the catalogue', () => {
  it('takes both kinds of enrolment and of match', () => {
    for (const event of [enrolled('signed-by-reader'), enrolled('station-asserted'), asserted, fingerMatched('op-1', sha256('1'))]) {
      expect(parseEvent(event)).toEqual(event);
    }
  });

  it.each([
    ['a match of the one kind with a field of the other', { ...asserted, signature: 'aa' }],
    ['a match by a reader without a signature', { ...asserted, assurance: 'signed-by-reader' }],
    ['prints of one finger', { ...enrolled('station-asserted'), fingers: ['left-thumb'] }],
    ['prints with a key', { ...enrolled('station-asserted'), public_key: 'aa' }],
  ])('refuses %s', (_, event) => {
    expect(() => parseEvent(event)).toThrow(NotInCatalogue);
  });
});
