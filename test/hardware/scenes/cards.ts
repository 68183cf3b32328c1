/** A card in a USB reader: the kernel's, pcscd's and libccid's own way to it, and what OpenSC then sees. */
import { verify, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Bench } from '../bench.ts';

const patient = { timeout: 15_000, interval: 200 } as const;

/** The card reader must be empty; it is afterwards, and pcscd runs. */
export function cardScenes(bench: () => Bench): void {
  const pkcs11 = async (...args: readonly string[]): Promise<string> => {
    const { out, err } = await bench().call('run', 'pkcs11-tool', args);
    return `${out}${err}`;
  };

  const readerName = /Slot \d .*Gnuk/;

  describe('a card in a USB reader', () => {
    test('the reader is told by USB when it is plugged in; pcscd lists it, and OpenSC finds no card in it', async () => {
      await bench().call('startPcscd');
      await bench().call('usbChanges');
      await bench().parts.cardReader.plug();
      await expect.poll(() => bench().call('usbChanges'), patient).toEqual([{ what: 'attached', kinds: ['card-reader'], id: '234b:0' }]);
      await expect.poll(() => pkcs11('--list-slots'), patient).toMatch(readerName);
      expect(await pkcs11('--list-slots')).not.toMatch(/token label/);
    });

    test('OpenSC lists the card that was put in, with the certificate for signing', async () => {
      const { cardReader, station } = bench().parts;
      cardReader.insert(station.card);
      await expect.poll(() => pkcs11('--list-token-slots'), patient).toMatch(/token label +: Ada Lovelace/);
      expect(await pkcs11('--list-objects', '--type', 'cert')).toMatch(/label: +Certificate for Digital Signature/);
    });

    test('a card that was taken out is gone', async () => {
      bench().parts.cardReader.remove();
      await expect.poll(() => pkcs11('--list-slots'), patient).not.toMatch(/token label/);
    });

    test('a reader that was pulled out is gone, and pcscd lists it again without a restart when it is back', async () => {
      bench().parts.cardReader.unplug();
      await expect.poll(() => pkcs11('--list-slots'), patient).not.toMatch(readerName);
      expect(await bench().call('usbChanges')).toEqual([{ what: 'detached', kinds: ['card-reader'], id: '234b:0' }]);
      await bench().parts.cardReader.plug();
      await expect.poll(() => pkcs11('--list-slots'), patient).toMatch(readerName);
    });

    test("a card of the older protocol in the machine's own reader is listed, and signs", async () => {
      const { boastfulReader, station } = bench().parts;
      boastfulReader.insert(station.olderCard);
      await expect.poll(() => pkcs11('--list-token-slots'), patient).toMatch(/token label +: Ada Lovelace/);
      await bench().call('writeText', '/tmp/to-sign', 'hello');
      const sign = ['--login', '--pin', '123456', '--sign', '--id', '02', '--mechanism', 'SHA256-RSA-PKCS', '--input-file', '/tmp/to-sign'];
      expect(await bench().call('run', 'pkcs11-tool', [...sign, '--output-file', '/tmp/signed'])).toMatchObject({ code: 0 });
      const { out } = await bench().call('run', 'base64', ['-w0', '/tmp/signed']);
      const { publicKey } = new X509Certificate(station.olderCard.certificate('9c'));
      const holds = (text: string): boolean => verify('sha256', Buffer.from(text), publicKey, Buffer.from(out, 'base64'));
      expect([holds('hello'), holds('hullo')]).toEqual([true, false]);
      boastfulReader.remove();
      await expect.poll(() => pkcs11('--list-slots'), patient).not.toMatch(/token label/);
    });
  });
}
