import { expect, it } from 'vitest';
import { fieldsOf, reserved } from '../../../agent/log/catalogue.ts';
import { meanings } from '../../../agent/log/meanings.ts';

it('every kind of entry that the log will ever have has its name and a meaning, once', () => {
  // LOG.md's list and the tests of tokens, written out again on purpose.
  const names =
    `genesis boot clock-changed network-up staff-login enrol enrol-refused document-in document-refused document-checked token-in token-out consent finger-matched
    finger-refused pin-wrong pin-locked sign.intent sign.done sign.failed sign.outcome-unknown receipt seal export.begin export.done import
    supplement request confirm reject statement-refused audit erase key policy prune restore token-test token-tested anchor unseal
    vouch vouched reader-pin reader-changed`.split(/\s+/);
  expect([...Object.keys(fieldsOf), ...Object.keys(reserved)].sort()).toEqual(names.toSorted());
  expect(Object.keys(meanings).sort()).toEqual(names.toSorted());
  expect(new Set(Object.values(meanings)).size).toBe(names.length);
});
