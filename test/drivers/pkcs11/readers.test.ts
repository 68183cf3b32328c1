/** Readers that are unplugged, and a pcscd that is stopped: real pcscd, OpenSC, the virtual PIV card in several virtual readers. */
import { createHash } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import { instruction } from '../../../drivers/virtual/apdu.ts';
import type { VirtualReader } from '../../../drivers/virtual/card-reader.ts';
import type { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { moduleFor } from '../../support/middleware.ts';
import { onlyToken, tokensWhere } from '../../support/token-waiting.ts';
import { startTestReader, testCard, type TestReader } from '../../support/virtual-reader.ts';

describe('a reader that goes away', () => {
  let station: TestReader;
  let other: VirtualReader;
  let card: PivCard;
  let source: Pkcs11Source;

  beforeAll(async () => {
    card = await testCard({ keys: { '9a': 'p-256', '9c': 'p-256' } });
  });
  beforeEach(async () => {
    station = await startTestReader(true, 'Virtual PCD', 'Other Reader');
    const [second] = station.reader.others;
    if (second === undefined) throw new Error('there is one reader only');
    other = second;
    source = createTokenSource({ modules: [moduleFor('OpenSC', station.reader)], pollMs: 100 });
    await expect.poll(() => source.slots(), { timeout: 10_000 }).toHaveLength(4);
  });
  afterEach(async () => {
    card.faults.clear();
    vi.restoreAllMocks();
    await source.close();
    await station.stop();
  });

  const sign = async (tokenId: string): Promise<Uint8Array> => {
    const certificateSha256 = createHash('sha256').update(card.certificate('9c')).digest('hex');
    const request = { tokenId, certificateSha256, scheme: 'ecdsa', hash: 'sha256', message: Buffer.from('agreed') } as const;
    return source.sign(request, new Secret(Buffer.from('123456')));
  };
  /** Makes commands of one kind slow; resolves when the `nth` of them is at the card. */
  const slowAt = (ins: number, nth = 1): Promise<void> => {
    const met = vi.spyOn(card.faults, 'meet');
    card.faults.delay(1000, ins);
    return expect
      .poll(() => met.mock.calls.filter(([one]) => one === ins).length, { timeout: 10_000, interval: 5 })
      .toBeGreaterThanOrEqual(nth);
  };
  const slotsBecome = (slots: readonly string[]): Promise<void> =>
    expect.poll(() => [...source.slots()].sort(), { timeout: 10_000 }).toEqual(slots);

  it('takes its token with it, and the station knows that the reader is gone and when it is back', async () => {
    const { reader } = station;
    await reader.insert(card);
    const first = await onlyToken(source);
    await reader.unplug();
    await tokensWhere(source, (tokens) => tokens.length === 0);
    await slotsBecome(['Other Reader 00 00', 'Other Reader 00 01']);
    await other.unplug();
    await slotsBecome([]);
    await reader.plug();
    await expect.poll(() => source.slots(), { timeout: 10_000 }).toEqual(['Virtual PCD 00 00', 'Virtual PCD 00 01']);
    await reader.insert(card);
    const second = await onlyToken(source);
    expect(second).toEqual({ ...first, id: second.id });
    expect(second.id).not.toBe(first.id);
    expect(await sign(second.id)).toHaveLength(64);
  });

  it('in the middle of a visit is a reader that is lost, not a card that was taken out', async () => {
    await station.reader.insert(card);
    const { id } = await onlyToken(source);
    const verifying = slowAt(instruction.verify, 2);
    const ended = expect(sign(id)).rejects.toMatchObject({ code: 'reader-lost', recover: 'ask-staff' });
    await verifying;
    await station.reader.unplug();
    await ended;
    expect(card.pinTriesLeft).toBe(3);
  });

  it('while the card signs leaves an unknown outcome', async () => {
    await station.reader.insert(card);
    const { id } = await onlyToken(source);
    const asked = slowAt(instruction.generalAuthenticate);
    const ended = expect(sign(id)).rejects.toMatchObject({ code: 'outcome-unknown' });
    await asked;
    await station.reader.unplug();
    await ended;
  });

  it('does not disturb the token in the reader beside it', async () => {
    await other.insert(card);
    const token = await onlyToken(source);
    const lists: number[] = [];
    source.watch((tokens) => lists.push(tokens.length));
    await station.reader.unplug();
    await slotsBecome(['Other Reader 00 00', 'Other Reader 00 01']);
    expect(await sign(token.id)).toHaveLength(64);
    await station.reader.plug();
    await slotsBecome(['Other Reader 00 00', 'Other Reader 00 01', 'Virtual PCD 00 00', 'Virtual PCD 00 01']);
    expect(await onlyToken(source)).toEqual(token);
    expect(lists).toEqual([]);
  });

  it('with pcscd itself is lost, and found again without a restart', async () => {
    await station.reader.insert(card);
    const first = await onlyToken(source);
    await station.reader.stopService();
    await tokensWhere(source, (tokens) => tokens.length === 0);
    await slotsBecome([]);
    expect(source.modules()).toMatchObject([{ state: 'ready' }]);
    await expect(source.read(first.id)).rejects.toMatchObject({ code: 'no-token' });
    await station.reader.startService();
    await expect.poll(() => source.slots(), { timeout: 10_000 }).toHaveLength(4);
    await station.reader.insert(card);
    const second = await onlyToken(source);
    expect(second.id).not.toBe(first.id);
    expect(await sign(second.id)).toHaveLength(64);
    expect(source.modules()).toMatchObject([{ state: 'ready' }]);
  });

  it('with pcscd in the middle of a visit is a reader that is lost', async () => {
    await station.reader.insert(card);
    const { id } = await onlyToken(source);
    const verifying = slowAt(instruction.verify, 2);
    const ended = expect(sign(id)).rejects.toMatchObject({ code: 'reader-lost' });
    await verifying;
    await station.reader.stopService();
    await ended;
  });

  it('before anybody looked is found when pcscd comes up later', async () => {
    await station.reader.stopService();
    const late = createTokenSource({ modules: [moduleFor('OpenSC', station.reader)], pollMs: 100 });
    try {
      await expect.poll(() => late.modules()[0]?.state, { timeout: 10_000 }).toBe('ready');
      expect(late.slots()).toEqual([]);
      await station.reader.startService();
      await station.reader.insert(card);
      expect((await onlyToken(late)).label).toBe('Erika Muster');
    } finally {
      await late.close();
    }
  });
});
