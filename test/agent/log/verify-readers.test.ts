/** What the second implementation says of fingerprint keys and their PINs: each sentence once, beside a log that holds. */
import { describe, expect, it } from 'vitest';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { type Change, forge, problem } from '../../support/log/forged-log.ts';
import { sha256 } from '../../support/log/station-log.ts';

const officer = { id: 'supervisor-1', role: 'supervisor' } as const;
const [subject, other] = ['a1'.repeat(16), 'b2'.repeat(16)] as const;
const aaguid = 'c3'.repeat(16);
const sealedIn = (tier: string) => ({ cm: sha256('c'), ct: sha256('d'), kid: 'e'.repeat(32), len: 272, tier });
const sealed: Change = { sealed: [sealedIn('supervision')] };

const pin = (action: 'made' | 'renewed', more: object = {}) =>
  ({ op: 'reader-pin', actor: officer, subject, certificate_sha256: sha256('a'), aaguid, action, ...more }) as AppendableEvent;
const changed = (fields: object) => ({ op: 'reader-changed', actor: officer, ...fields }) as AppendableEvent;
const added = changed({ action: 'finger-added', subject, aaguid, finger: '0a0b' });
const enrolled = (more: object = {}) =>
  ({ op: 'enrol', actor: officer, subject, certificate_sha256: sha256('a'), aaguid, ...more }) as unknown as AppendableEvent;

/** Every `reader-pin` is sealed as it must be, unless `changes` says otherwise. The rows of the table are not looked at here. */
function says(events: readonly AppendableEvent[], changes: Readonly<Record<number, Change>> = {}): Promise<string> {
  const pins = events.flatMap(({ op }, index) => (op === 'reader-pin' ? [[index + 1, sealed] as const] : []));
  return problem(forge(events, { ...Object.fromEntries(pins), ...changes }));
}

describe('the PIN of a fingerprint key', () => {
  it('holds where it is sealed, renewed by who has it, and its key is the one of the enrolment (control)', async () => {
    const rename = changed({ action: 'finger-renamed', subject, aaguid, finger: '0a0b' });
    const removed = changed({ action: 'finger-removed', subject, aaguid, finger: '0a0b' });
    const unlocked = changed({ action: 'unlocked', subject, aaguid });
    const reset = changed({ action: 'reset', aaguid });
    const events = [
      pin('made'),
      added,
      enrolled(),
      enrolled({ subject: other, aaguid: other }),
      pin('renewed'),
      rename,
      removed,
      unlocked,
      reset,
    ];
    expect(await says(events)).toBe('intact');
  });

  const notSealed = 'the PIN of the key is not sealed in it for supervisors';
  const renewsNone = 'it renews the PIN of a key that had none';
  const noPin = 'it is about a key whose PIN no entry has';
  const notSaid = 'it does not say what was done to a key';
  const otherKey = 'the key was made ready for another certificate, or is another model';
  it.each<readonly [string, readonly AppendableEvent[], Readonly<Record<number, Change>>, string]>([
    ['a PIN that is not sealed', [pin('made')], { 1: {} }, `1: entry 1: ${notSealed}`],
    ['a PIN that clerks could read', [pin('made')], { 1: { sealed: [sealedIn('operations')] } }, `1: entry 1: ${notSealed}`],
    [
      'a PIN that clerks could read too',
      [pin('made')],
      { 1: { sealed: [{ ...sealedIn('operations'), kid: 'f'.repeat(32) }, sealedIn('supervision')] } },
      `1: entry 1: ${notSealed}`,
    ],
    ['a PIN of nobody', [pin('made', { subject: 'ab' })], {}, '1: entry 1: it does not say whose key it is, and of which model'],
    ['a second first PIN', [pin('made'), pin('made')], {}, '2: entry 2: the key of this person has a PIN already'],
    ['a renewed PIN without one before', [pin('renewed')], {}, `1: entry 1: ${renewsNone}`],
    [
      'a renewed PIN for another certificate',
      [pin('made'), pin('renewed', { certificate_sha256: sha256('b') })],
      {},
      `2: entry 2: ${renewsNone}`,
    ],
    ['a PIN for another reason', [pin('made'), pin('lost' as 'made')], {}, `2: entry 2: ${renewsNone}`],
    ['a finger on a key without a PIN', [added], {}, `1: entry 1: ${noPin}`],
    ['a finger on another model', [pin('made'), changed({ action: 'unlocked', subject, aaguid: other })], {}, `2: entry 2: ${noPin}`],
    ['a finger without its id', [pin('made'), changed({ action: 'finger-added', subject, aaguid })], {}, `2: entry 2: ${notSaid}`],
    ['something else', [pin('made'), changed({ action: 'polished', subject, aaguid })], {}, `2: entry 2: ${notSaid}`],
    [
      'a reset of a person',
      [changed({ action: 'reset', subject, aaguid })],
      {},
      '1: entry 1: it does not say which model of key was reset',
    ],
    [
      'an enrolment of another card on the key',
      [pin('made'), enrolled({ certificate_sha256: sha256('b') })],
      {},
      `2: entry 2: ${otherKey}`,
    ],
    ['an enrolment on another model', [pin('made'), enrolled({ aaguid: other })], {}, `2: entry 2: ${otherKey}`],
  ])('%s is found', async (_name, events, changes, sentence) => {
    expect(await says(events, changes)).toBe(sentence);
  });
});
