/** What was asked for and what became of it, as the first implementation reads it; and what a single changed byte does to signed entries. */
import { createPublicKey, verify as verifySignature } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Confirmations } from '../../../agent/log/confirmations.ts';
import { problem } from '../../support/log/forged-log.ts';
import { type Kind, makeMember, patience, StatedLog, subject, timeAt } from '../../support/log/staff.ts';
import { numbered, origin } from '../../support/log/station-log.ts';

const clerk = makeMember('clerk-1', 'clerk');
const other = makeMember('clerk-2', 'clerk', 'P-384');
const supervisor = makeMember('super-1', 'supervisor', 'rsa-pkcs1');

describe('what the first implementation reads of it', () => {
  it('is open, confirmed, rejected, used or lapsed, as the second one judges it', () => {
    const log = new StatedLog();
    const used = log.request(clerk);
    const confirm = log.confirm(supervisor, used);
    const erases = [log.erase(used, confirm), log.erase(used, confirm)];
    const waiting = log.request(clerk, { until: timeAt(patience * 9) });
    const lapsed = log.supplement(clerk, { operation: 'op-1' });
    const rejected = log.request(other);
    const reject = log.reject(supervisor, rejected);
    const agreed = log.request(other, { until: timeAt(50) });
    const agreement = log.confirm(supervisor, agreed);
    log.wait(patience);
    const late = log.confirm(supervisor, lapsed);
    const all = new Confirmations();
    for (const entry of log.entries) all.take(entry);
    const now = timeAt(patience + 60);
    expect(all.all(now).map(({ seq, state }) => ({ seq, ...state }))).toEqual([
      { seq: used, is: 'used', confirm, erases },
      { seq: waiting, is: 'open' },
      { seq: lapsed, is: 'lapsed' },
      { seq: rejected, is: 'rejected', reject, reason: 'not-so' },
      { seq: agreed, is: 'confirmed', confirm: agreement },
    ]);
    expect(all.of(lapsed, now)).toMatchObject({
      act: 'supplement',
      operation: 'op-1',
      actor: { id: 'clerk-1' },
      publicKey: clerk.publicKey,
    });
    expect(all.of(late, now)).toBeUndefined();
    // It lapses by the clock alone, too.
    expect(all.of(waiting, timeAt(patience * 9))?.state.is).toBe('open');
    expect(all.of(waiting, timeAt(patience * 9 + 1))?.state.is).toBe('lapsed');
    expect(all.confirmedErasure(subject)).toEqual({ request: agreed, confirm: agreement });
    expect(all.confirmedErasure('cd'.repeat(16))).toBeUndefined();
  });

  it('makes the signed bytes that anybody can make from the entry with public tools', () => {
    const log = new StatedLog();
    log.request(clerk);
    const body = JSON.parse(Buffer.from(log.rows[1]?.body ?? []).toString()) as { fields: Record<string, unknown> };
    const { signature, ...fields } = body.fields;
    const text = `countersign/v1/request\n{"actor":{"id":"clerk-1","role":"clerk"},"fields":${JSON.stringify(fields)},"op":"request","origin":"${origin}","v":1}`;
    const key = createPublicKey({ key: Buffer.from(clerk.publicKey, 'hex'), format: 'der', type: 'spki' });
    expect(verifySignature('sha256', Buffer.from(text), key, Buffer.from(String(signature), 'hex'))).toBe(true);
  });
});

describe('one byte changed and the chain made anew', () => {
  const log = new StatedLog();
  const kinds: readonly Kind[] = ['rsa-pkcs1', 'rsa-pss', 'P-256', 'P-384'];
  const people = kinds.map(
    (kind) =>
      [makeMember(`clerk-${kind.slice(0, 3)}`, 'clerk', kind), makeMember(`super-${kind.slice(0, 3)}`, 'supervisor', kind)] as const,
  );
  log.append(numbered(0));
  for (const [asks, agrees] of people) {
    log.confirm(agrees, log.supplement(asks, { about: 1, operation: 'op-1' }), { operation: 'op-1' });
    const request = log.request(asks);
    log.erase(request, log.confirm(agrees, request));
  }
  const last = log.reject(people[2]?.[1] ?? supervisor, log.request(people[3]?.[0] ?? clerk));
  /** The body with another character of the same kind in one place, so that most of what comes out is still well written; or any byte at all. */
  const change = (of: StatedLog, seq: number, place: number, turn: number): Uint8Array => {
    const body = Uint8Array.from(of.rows[seq]?.body ?? []);
    const at = place % body.length;
    const old = body[at] ?? 0;
    const kind = ['0123456789', 'abcdef', 'ghijklmnopqrstuvwxyz'].find((letters) => letters.includes(String.fromCharCode(old)));
    const others = kind === undefined || turn % 5 === 0 ? undefined : kind.replace(String.fromCharCode(old), '');
    body[at] = others === undefined ? (old + 1 + (turn % 255)) % 256 : others.charCodeAt(turn % others.length);
    return body;
  };
  const found = async (of: StatedLog, seq: number, place: number, turn: number): Promise<void> => {
    expect(await problem(of.rechained(seq, change(of, seq, place, turn)))).toMatch(/^\d+: /);
  };

  it('is found wherever it is before the last statement: each of them names the leaf of the entry before', async () => {
    expect(await problem(log.rows)).toBe('intact');
    expect(await problem(log.rechained(1, log.rows[1]?.body ?? new Uint8Array()))).toBe('intact');
    const places = fc.tuple(fc.nat({ max: last - 1 }), fc.nat({ max: 4000 }), fc.nat({ max: 1000 }));
    await fc.assert(
      fc.asyncProperty(places, (where) => found(log, ...where)),
      { numRuns: 60 },
    );
  });

  it('is found in the last statement wherever its author signed', async () => {
    const short = new StatedLog();
    const end = short.reject(supervisor, short.request(other));
    const text = Buffer.from(short.rows[end]?.body ?? []).toString('latin1');
    // Everything but the envelope that the station writes around it: time, place and software.
    const signed = ['"actor":', '"fields":', '"op":', '"origin":'].flatMap((name) => {
      const from = text.indexOf(name);
      const to = text.indexOf({ '"fields":': ',"op":', '"actor":': ',"at":' }[name] ?? ',"', from + name.length);
      return Array.from({ length: to - from }, (_, index) => from + index);
    });
    expect(signed.length).toBeGreaterThan(600);
    const places = fc.tuple(fc.constant(end), fc.constantFrom(...signed), fc.nat({ max: 1000 }));
    await fc.assert(
      fc.asyncProperty(places, (where) => found(short, ...where)),
      { numRuns: 120 },
    );
  });
});
