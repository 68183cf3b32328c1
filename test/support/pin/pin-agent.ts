/**
 * A station in a process of its own whose cards are somewhere else: what its memory holds of a PIN, it holds as an agent and not as a card. Words: data
 * folder, socket of the card reader, kiosk folder, and `keep` for one that keeps every PIN in all the ways that the search must find.
 */
import { readFileSync } from 'node:fs';
import { createReaderSource } from '../../../drivers/fido/source.ts';
import { createTokenSource } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import { VirtualBioKey } from '../../../drivers/virtual/bio-key.ts';
import { startStation } from '../../../agent/main.ts';
import { bioKeyFile } from '../../../agent/workbench/catalogue.ts';
import { formsOf } from './forms.ts';

const [data = '', socket = '', kiosk = '', keep] = process.argv.slice(2);
const kept: Uint8Array[] = [];

const station = await startStation({
  data,
  kiosk: () => kiosk,
  port: 0,
  inboxPollMs: 50,
  onFault: (error) => {
    process.stderr.write(`${String(error)}\n`);
  },
  hardware: (config, paths) => {
    const key = VirtualBioKey.fromJSON(JSON.parse(readFileSync(bioKeyFile(paths), 'utf8')) as ReturnType<VirtualBioKey['toJSON']>);
    key.autoTouch('right-index');
    const tokens = createTokenSource({ modules: config.modules, pollMs: 200, env: { PCSCLITE_CSOCK_NAME: socket } });
    const readers = createReaderSource(key.transport);
    return Promise.resolve({
      tokens,
      readers,
      async close() {
        await tokens.close();
        await readers.close();
      },
    });
  },
});

if (keep === 'keep') {
  const { visit } = station;
  const enter = visit.enterPin.bind(visit);
  visit.enterPin = (pin) => {
    void pin.take((bytes) => {
      const digits = Buffer.from(bytes).toString('ascii');
      for (const form of formsOf(digits)) kept.push(form.bytes);
      process.stdout.write(digits);
      return enter(new Secret(Uint8Array.from(bytes)));
    });
    return true;
  };
}

process.on('message', (asked) => {
  if (asked === 'host') process.send?.({ host: station.hardware.tokens.modules()[0]?.pid ?? 0 });
  else void station.close().then(() => process.exit());
});
process.on('disconnect', () => process.exit());
process.send?.({ port: station.server?.port });
