/** `countersign demo`: a station with virtual devices, made on first use; with `sign`, one visit without a screen. */
import { cp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { Secret } from '../../drivers/secret.ts';
import { makeDemoStation } from '../workbench/demo-station.ts';
import { demoCards, demoStaff, fingers } from '../workbench/catalogue.ts';
import type { VirtualHardware } from '../workbench/hardware.ts';
import type { OutputFormat } from '../contract/state.ts';
import type { Station } from '../main.ts';
import { stationPaths } from '../config.ts';
import { StartRefused } from '../refusals.ts';
import { command, parsePort, WrongUsage } from './arguments.ts';
import { makeWhole, sampleName } from './demo-folder.ts';
import type { CommandIo } from './io.ts';
import { signFiles } from './sign-files.ts';
import { runStation } from './start.ts';
import { tellState } from './tell.ts';
import { readFormat } from './terminal-documents.ts';

/** The station looks for cards every 200 ms; a computer that is busy may take much longer to do it. */
const seeMs = 10_000;

const help = `countersign demo [options]
countersign demo sign FILE --out OUT [options]
countersign demo sign FILE... --out-dir DIR [options]

Starts a demo station with virtual hardware: cards, a card reader, a fingerprint reader. Open the address in a browser and sign.
With "sign", documents are signed without a screen, in one visit: the virtual finger touches, the PIN is given.

  --data DIR    data folder (default ./demo-data/station; for sign ./demo-data/terminal)
  --port N      port on 127.0.0.1 (default 7410; 0 takes a free one)
  --card NAME   sign: which virtual card, ${demoCards.map(({ id }) => id).join(', ')} (default ada)
  --finger NAME sign: which finger, ${fingers.map(({ id }) => id).join(', ')} (default right-index)
  --pin PIN     sign: another PIN than the card's
  --out OUT     sign: where the signed document goes; an existing file is never written over
  --format F    sign: pades, cades, asic-s or asic-e, instead of what fits each file; asic-e with --out packs several files together
  --out-dir DIR sign: the folder into which the signed documents go
  --json        sign: the outcome as one JSON object
  --help

Exit codes: 0 stopped in order or all signed, 1 not all signed or the log is broken, 2 cannot start, 3 outcome unknown, 70 a fault.
`;

export const demo = command(
  {
    name: 'demo',
    help,
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '7410' },
      card: { type: 'string', default: 'ada' },
      finger: { type: 'string', default: 'right-index' },
      pin: { type: 'string' },
      out: { type: 'string' },
      'out-dir': { type: 'string' },
      format: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    takesWords: true,
  },
  async ({ values, words: [verb, ...files] }, io) => {
    if (verb === undefined) return runDemo(values.data ?? './demo-data/station', parsePort(values.port), io);
    if (verb !== 'sign') throw new WrongUsage(`countersign demo takes no word but sign, and not "${verb}".`);
    if (files.length === 0) throw new WrongUsage('Name a document: countersign demo sign FILE --out OUT.');
    return signInDemo(
      files,
      {
        ...values,
        data: values.data ?? './demo-data/terminal',
        out: values.out,
        'out-dir': values['out-dir'],
        format: readFormat(values.format),
      },
      io,
    );
  },
);

async function runDemo(data: string, port: number, io: CommandIo): Promise<number> {
  await prepare(data, port, true, io);
  return runStation({ data, port }, io, (station) => {
    const address = station.server?.address ?? '';
    io.out(`\nThe demo station is ready. Open this address in a browser on this machine:\n\n    ${address}\n\n`);
    io.out('Insert a card and touch the reader in the panel beside the screen; each card shows its PIN there.\n');
    io.out(
      `  documents to be signed  ${station.paths.inbox}\n  signed documents        ${station.paths.outbox}\n  signed files to check   ${station.paths.check}\n`,
    );
    io.out(`  the log                 countersign log show --data ${data}\n`);
    for (const { id, passphrase } of demoStaff)
      io.out(`  with sealed names       the same with --unseal --staff ${id}, when this is stopped (passphrase: ${passphrase})\n`);
    io.out('Stop with Ctrl+C.\n');
  });
}

async function signInDemo(
  files: readonly string[],
  options: {
    data: string;
    card: string;
    finger: string;
    pin?: string | undefined;
    out: string | undefined;
    'out-dir': string | undefined;
    format: OutputFormat | undefined;
    json: boolean;
  },
  io: CommandIo,
): Promise<number> {
  const card = demoCards.find(({ id }) => id === options.card);
  if (card === undefined)
    throw new StartRefused(`There is no demo card "${options.card}". There are: ${demoCards.map(({ id }) => id).join(', ')}`);
  if (!fingers.some(({ id }) => id === options.finger))
    throw new StartRefused(`There is no finger "${options.finger}". There are: ${fingers.map(({ id }) => id).join(', ')}`);
  await prepare(options.data, 0, false, io);
  return signFiles(
    files,
    { data: options.data, out: options.out, outDir: options['out-dir'], json: options.json, format: options.format },
    io,
    {
      begin: async (station) => {
        const { devices } = station.hardware as VirtualHardware;
        const plastic = devices.cards.get(card.id);
        if (plastic === undefined) throw new Error(`the card ${card.id} was not opened`);
        devices.key.autoTouch(options.finger);
        await devices.reader.insert(plastic);
      },
      // The card is taken out at the end, as a holder would, and the log says so.
      end: async (station) => {
        const { devices } = station.hardware as VirtualHardware;
        // Ctrl+C ends pcscd too, which then notices nothing.
        const out = devices.reader.remove().catch(() => undefined);
        await Promise.race([out, sleep(seeMs, undefined, { ref: false })]);
        await tokensGone(station);
      },
      tell: (state) => tellState(state, io),
      // A demo card holds one certificate for signing. Were there more, nobody is here to choose, and the first is as good as a guess.
      chooseCertificate: () => Promise.resolve(undefined),
      consent: () => Promise.resolve(true),
      pin: () => Promise.resolve(new Secret(Buffer.from(options.pin ?? card.pin, 'utf8'))),
      goOn: () => Promise.resolve(false),
    },
  );
}

/** Resolves when the station has seen that no card is in, or would have had time to. */
async function tokensGone({ hardware }: Station): Promise<void> {
  for (const end = Date.now() + seeMs; hardware.tokens.tokens().length > 0 && Date.now() < end;) await sleep(20);
}

/** Makes the station where there is none; with `sample`, the sample agreement of the repository lies in its inbox. */
async function prepare(data: string, port: number, sample: boolean, io: CommandIo): Promise<void> {
  if (await isMade(data)) return;
  io.err(`Making a demo station in ${data} ...\n`);
  try {
    await makeWhole(data, async (workshop) => {
      const { inbox } = stationPaths(workshop, await makeDemoStation(workshop, port));
      if (sample) await cp(agreement(), join(inbox, sampleName), { force: false });
    });
  } catch (error) {
    // Two demos were begun at once: the station that the other one made is as good.
    if (!(await isMade(data))) throw error;
  }
}

async function isMade(data: string): Promise<boolean> {
  return stat(join(data, 'station.json')).then(
    () => true,
    () => false,
  );
}

function agreement(): string {
  const up = import.meta.url.endsWith('.js') ? '../../..' : '../..';
  return fileURLToPath(new URL(`${up}/fixtures/documents/agreement.pdf`, import.meta.url));
}
