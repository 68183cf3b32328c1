/** The whole station in the guest, from the first screen to the signed document: its own drivers, a card in a USB reader, a finger on hidraw. */
import { describe, expect, test } from 'vitest';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import { loadTrust } from '../../../agent/documents/trust.ts';
import { KioskClient } from '../../support/kiosk-client.ts';
import { type Bench, root } from '../bench.ts';
import { join } from 'node:path';

const data = '/tmp/station';
const soon = { timeout: 15_000, interval: 50 } as const;

/** The reader must be plugged in, the card reader empty, pcscd running. */
export function stationScenes(bench: () => Bench): void {
  const { key, reader, card, cardReader } = {
    key: () => bench().parts.station.key,
    reader: () => bench().parts.reader,
    card: () => bench().parts.station.card,
    cardReader: () => bench().parts.cardReader,
  };
  let kiosk: KioskClient;

  /** From the list of documents to the moment in which a finger is awaited. */
  async function walkToFinger(): Promise<void> {
    const { documents } = await kiosk.until('choose-document', (state) => state.documents.length > 0);
    await kiosk.act({ type: 'choose-documents', documentIds: documents.slice(0, 1).map(({ id }) => id) });
    await kiosk.until('review-document', (state) => state.opening !== true);
    await kiosk.act({ type: 'reviewed' });
    const { documents: agreed } = await kiosk.until('confirm');
    await kiosk.act({ type: 'consent', digests: agreed.map(({ digest }) => digest) });
    await kiosk.until('touch-reader');
    await expect.poll(() => key().waiting, soon).toBe(true);
  }

  describe('the whole station', () => {
    test('starts, sees the fingerprint reader and the card reader, and shows the first screen to the host', async () => {
      const { station, stationPort } = bench().parts;
      await bench().call('takeData', station.data, data);
      await bench().call('relay', stationPort);
      await bench().call('startStation', root, data, stationPort);
      kiosk = await KioskClient.open(`http://127.0.0.1:${stationPort}`);
      await kiosk.until('start');
      await expect
        .poll(async () => (await kiosk.message()).station, soon)
        .toMatchObject({ cardReaderReady: true, fingerprintReaderReady: true });
    });

    test('a reader that is pulled out while a finger is awaited puts another screen up within a second', async () => {
      cardReader().insert(card());
      await walkToFinger();
      const start = performance.now();
      reader().unplug();
      await kiosk.until('trouble');
      expect(performance.now() - start).toBeLessThan(1000);
      await expect.poll(async () => (await kiosk.message()).station, soon).toMatchObject({ fingerprintReaderReady: false });
    });

    test('when the reader is back, the same station signs with card, finger and PIN, and the signature holds', async () => {
      cardReader().remove();
      await kiosk.act({ type: 'continue' });
      await kiosk.until('start');
      await reader().plug();
      await expect.poll(async () => (await kiosk.message()).station, soon).toMatchObject({ fingerprintReaderReady: true });
      cardReader().insert(card());
      await walkToFinger();
      key().touch('right-index');
      await kiosk.until('enter-pin');
      await kiosk.typePin('123456');
      const signed = await kiosk.until('signed');
      expect(signed.delivered).toBe(true);
      const { out } = await bench().call('run', 'base64', ['-w0', `${data}/outbox/${signed.outputName}`]);
      const pdf = Buffer.from(out, 'base64');
      const trust = await loadTrust(join(bench().parts.station.data, 'trust'));
      expect(verifyPdf(pdf, { trust })).toMatchObject({ outcome: 'TOTAL-PASSED', signatures: [{ signer: { name: 'Ada Lovelace' } }] });
    });

    test('at a reader that says it has a keypad, and has none, nothing is signed and no try of the PIN is lost', async () => {
      const { boastfulReader, station } = bench().parts;
      cardReader().remove();
      await kiosk.act({ type: 'continue' });
      await kiosk.until('start');
      await bench().call('run', 'cp', [join(root, 'fixtures/documents/agreement.pdf'), `${data}/inbox/second.pdf`]);
      boastfulReader.insert(station.olderCard);
      await walkToFinger();
      key().touch('right-index');
      const trouble = await kiosk.until('trouble');
      expect(trouble).toMatchObject({ problem: 'device-error', outcome: 'nothing-signed' });
      expect(station.olderCard.pinTriesLeft).toBe(3);
      boastfulReader.remove();
    });

    test('the log of that station is whole and says what happened', async () => {
      await kiosk.act({ type: 'continue' });
      await kiosk.until('start');
      expect(await bench().call('stop', 'station')).toBe(0);
      const faults = (await bench().call('said', 'station')).filter((line) => line.startsWith('fault'));
      expect(faults).toEqual([]);
      const log = await bench().call('run', process.execPath, [join(root, 'dist/agent/cli.js'), 'log', 'verify', '--data', data]);
      expect(log).toMatchObject({ code: 0 });
    });
  });
}
