/** What the second implementation says of several documents under one consent, and of a consent that does not fit what was signed. */
import { expect, it } from 'vitest';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { consentHash } from '../../../agent/log/record.ts';
import { verify } from '../../../agent/log/verify.ts';
import { forge, problem, stream } from '../../support/log/forged-log.ts';
import { fingerMatched, holder, sha256, signing, signingSeveral, statement } from '../../support/log/station-log.ts';

const [consent, intent] = signing('op-1', 'a', 2) as [AppendableEvent, AppendableEvent];
const several = signingSeveral('op-1', ['a', 'b'], 1);
const agreed = [several.consent, ...several.intents, several.finger];
const [firstDone, secondDone] = several.dones as [AppendableEvent, AppendableEvent];
const ended = (intent: number): AppendableEvent => ({
  op: 'sign.failed',
  operation: 'op-1',
  actor: holder,
  intent,
  problem: 'not-reached',
});

it('several documents under one consent, signed one after the other, are intact, and so is an end before the last', async () => {
  expect(await problem(forge([...agreed, firstDone, secondDone]))).toBe('intact');
  expect(await problem(forge([...agreed, firstDone, ended(3)]))).toBe('intact');
  expect(await problem(forge([...agreed, ended(2), ended(3)]))).toBe('intact');
  expect(await verify(stream(forge([...agreed, firstDone])))).toMatchObject({ verdict: 'intact', openIntents: [3] });
});

it('a consent of the first version, which named one document, is still read', async () => {
  const { documents, ...rest } = statement('op-1', 'a');
  const old = { ...rest, v: 1, document_sha256: documents[0]?.sha256 ?? '', document_size: 4711 };
  const consent_sha256 = consentHash(old);
  const [, begun, , made] = signing('op-1', 'a', 2);
  const line = [
    { ...consent, statement: old, consent_sha256 },
    { ...begun, consent_sha256 },
    fingerMatched('op-1', consent_sha256),
    made,
  ] as AppendableEvent[];
  expect(await problem(forge(line))).toBe('intact');
  const other = { ...old, document_sha256: sha256('b') };
  line[0] = { ...line[0], statement: other, consent_sha256: consentHash(other) } as AppendableEvent;
  line[1] = { ...line[1], consent_sha256: consentHash(other) } as AppendableEvent;
  expect(await problem(forge(line))).toMatch(/^2: .*does not name this document/);
  const unknownVersion = { ...old, v: 3 };
  line[0] = { ...line[0], statement: unknownVersion, consent_sha256: consentHash(unknownVersion) } as AppendableEvent;
  expect(await problem(forge(line))).toMatch(/^1: .*unknown version/);
});

it.each([
  ['a document that the consent does not name', [consent, { ...intent, document_sha256: sha256('b') }], '2: .*does not name this document'],
  ['a certificate that the consent does not name', [consent, { ...intent, certificate_sha256: sha256('d') }], '2: .*another certificate'],
  ['two signatures on a document that is named once', [consent, intent, intent], '3: .*does not name this document'],
  ['documents in another order than agreed', [several.consent, several.intents[1]], '2: .*does not name this document next'],
  ['a document signed before the one before it', [...agreed, secondDone], '5: .*signed before the one that stands before it'],
])('%s is found', async (_name, events, sentence) => {
  expect(await problem(forge(events as AppendableEvent[]))).toMatch(new RegExp(`^${sentence}`));
});
