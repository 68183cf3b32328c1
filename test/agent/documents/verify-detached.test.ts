import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../agent/documents/algorithms.ts';
import { prepareCades } from '../../../agent/documents/cades.ts';
import type { ContentReport } from '../../../agent/documents/content-report.ts';
import { verifyDetached } from '../../../agent/documents/verify-detached.ts';
import { Holders, type KeyUse, keyUses } from '../../support/holders.ts';

let holders: Holders;
beforeAll(() => {
  holders = new Holders();
});
afterAll(() => holders.end());

/** Outcome and sub-indication of the signature, in one line. */
function verdict({ outcome, signatures: [first] }: ContentReport): string {
  return [outcome, first?.subIndication].filter((part) => part !== undefined).join(' ');
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((octet, index) => (index === at ? octet ^ 1 : octet));
}

describe('a signature beside its file', () => {
  const content = Buffer.from('The accounts of this year.\n');
  const beside = (bytes: Uint8Array) => ({
    name: 'accounts.txt',
    digest: (hash: Parameters<typeof digestOf>[0]) => Promise.resolve(digestOf(hash, bytes)),
  });
  const sign = (use?: KeyUse): Uint8Array => {
    const request = holders.request(use);
    return holders.finish(prepareCades(digestOf(request.hash, content), request), use);
  };

  test.each(keyUses)('by $choice, $scheme, passes with its content, and with no other', async (use) => {
    const p7s = sign(use);
    const options = { trust: holders.trust };
    const report = await verifyDetached(p7s, beside(content), options);
    expect(report).toMatchObject({ format: 'cades', outcome: 'TOTAL-PASSED', signatures: [{ covers: ['accounts.txt'], intact: true }] });
    expect(verdict(await verifyDetached(p7s, beside(content.subarray(1)), options))).toBe('TOTAL-FAILED HASH_FAILURE');
    expect(verdict(await verifyDetached(flipped(p7s, p7s.length - 5), beside(content), options))).toBe('TOTAL-FAILED SIG_CRYPTO_FAILURE');
    expect(verdict(await verifyDetached(Buffer.concat([p7s, Buffer.alloc(1)]), beside(content), options))).toBe(
      'TOTAL-FAILED FORMAT_FAILURE',
    );
  });

  test('without its content is undecided, and covers nothing', async () => {
    const report = await verifyDetached(sign(), undefined, { trust: holders.trust });
    expect(verdict(report)).toBe('INDETERMINATE SIGNED_DATA_NOT_FOUND');
    expect(report.signatures[0]).toMatchObject({ covers: [], intact: false, signer: { name: 'ნინო Müller P-256' } });
  });

  test('whatever is done to it: it passes only unchanged, and nothing but a report comes out', async () => {
    const p7s = sign();
    const change = fc.record({ at: fc.nat(p7s.length - 1), cut: fc.nat(3), more: fc.uint8Array({ maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, cut, more }) => {
        const bytes = Buffer.concat([p7s.subarray(0, at), more, p7s.subarray(at + cut)]);
        const report = await verifyDetached(bytes, beside(content), { trust: holders.trust });
        if (report.outcome === 'TOTAL-PASSED') expect(report.signatures[0]?.signer?.name).toBe('ნინო Müller P-256');
        if (bytes.equals(p7s)) expect(report.outcome).toBe('TOTAL-PASSED');
      }),
      { numRuns: 300 },
    );
  });
});
