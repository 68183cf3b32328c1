/**
 * A station in a process of its own whose cards are somewhere else: what its memory holds of a PIN, it holds as an agent and not as a card. Words: data
 * folder, socket of the card reader, kiosk folder, and `keep` for one that keeps every PIN in all the ways that the search must find, or `several` for one
 * that makes three signatures under one login with the PIN that it is given, in place of the visit.
 */
import { readFileSync } from 'node:fs';
import { createReaderSource } from '../../../drivers/fido/source.ts';
import { preferredKeys } from '../../../drivers/pkcs11/key-choice.ts';
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

if (keep === 'several') {
  // What a visit with three documents asks of the driver.
  station.visit.enterPin = (pin) => {
    void signThree(pin).then((signatures) => process.send?.({ signatures }));
    return true;
  };
}

async function signThree(pin: Secret): Promise<number> {
  const { tokens } = station.hardware;
  const [token] = tokens.tokens();
  const [key] = token === undefined ? [] : preferredKeys((await tokens.read(token.id)).keys);
  const [scheme] = key?.schemes ?? [];
  if (token === undefined || key === undefined || scheme === undefined) throw new Error('there is nothing to sign with');
  const session = tokens.openSigning({ tokenId: token.id, certificateSha256: key.certificateSha256, scheme, hash: 'sha256' }, pin);
  const signatures: Uint8Array[] = [];
  for (const text of ['first', 'second', 'third']) signatures.push(await session.sign(Buffer.from(text)));
  await session.close();
  return signatures.length;
}

process.on('message', (asked) => {
  if (asked === 'host') process.send?.({ host: station.hardware.tokens.modules()[0]?.pid ?? 0 });
  else void station.close().then(() => process.exit());
});
process.on('disconnect', () => process.exit());
process.send?.({ port: station.server?.port });
