/** `countersign start`: runs a station until it is told to stop. */
import { fileURLToPath } from 'node:url';
import { freeLimits } from '../config.ts';
import { ListenError } from '../http/server.ts';
import { shortSentence } from '../log/free-space.ts';
import { startStation, type Station } from '../main.ts';
import { StartRefused } from '../refusals.ts';
import { command, parsePort } from './arguments.ts';
import type { CommandIo } from './io.ts';
import { credentialName, keySecrets } from './log-passphrase.ts';
import { stillThere } from './still-there.ts';
import { tellRevocation } from './tell-revocation.ts';

const help = `countersign start [options]

Starts the station in a data folder and serves its kiosk on 127.0.0.1. The passphrase of the log key, or the PIN of the token that
holds it, is the systemd credential ${credentialName}, or is asked at the terminal.

  --data DIR   data folder (default ./station)
  --port N     another port than the configured one
  --help

Exit codes: 0 stopped in order, 1 the operation log is broken, 2 cannot start (the sentence says why), 70 a fault: start it again.
`;

export const start = command(
  { name: 'start', help, options: { data: { type: 'string', default: './station' }, port: { type: 'string' } } },
  async ({ values: { data, port } }, io) =>
    runStation({ data, ...(port === undefined ? {} : { port: parsePort(port) }) }, io, (station) => {
      io.out(`Station ${station.config.name} is ready: ${station.server?.address ?? ''}\n`);
    }),
);

/** 70 is EX_SOFTWARE of sysexits.h: whoever supervises the agent starts it again. */
const faultExit = 70;
/** Long enough for the out-of-service screen to be sent. */
const faultPauseMs = 500;

/** Runs a station until SIGINT or SIGTERM, or until a fault. `ready` is told once it listens. */
export async function runStation(
  options: { readonly data: string; readonly port?: number },
  io: CommandIo,
  ready: (station: Station) => void | Promise<void>,
): Promise<number> {
  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => (end = resolve));
  let station: Station | undefined;
  const onFault = (error: unknown): void => {
    io.err(`A fault stopped the station: ${error instanceof Error ? error.message : String(error)}\n`);
    station?.visit.fault();
    setTimeout(() => end(faultExit), faultPauseMs);
  };
  const onSignal = (): void => end(0);
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  process.on('uncaughtException', onFault).on('unhandledRejection', onFault);
  try {
    const onSeal = (sentence: string): void => io.err(`${sentence}\n`);
    station = await startStation({ ...options, kiosk: kioskFolder, onFault, onSeal, secrets: keySecrets }).catch((error: unknown) => {
      throw error instanceof ListenError ? listenRefusal(error) : error;
    });
    tellRecovered(station, io);
    tellRevocation(station, io);
    if (station.shortSpace !== undefined) io.err(`${shortSentence(station.shortSpace, freeLimits(station.config))}\n`);
    tellLog(station, options.data, io);
    await ready(station);
    return await ended;
  } finally {
    await station?.close();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('uncaughtException', onFault).off('unhandledRejection', onFault);
  }
}

/** The kiosk lies beside the built agent: dist/kiosk, or dist/kiosk-demo with the workbench. Also when the agent runs from its sources. */
function kioskFolder(demo: boolean): string {
  const built = import.meta.url.endsWith('.js');
  return fileURLToPath(new URL(`${built ? '../..' : '../../dist'}/${demo ? 'kiosk-demo' : 'kiosk'}`, import.meta.url));
}

function listenRefusal(error: ListenError): StartRefused {
  const sentence =
    error.reason === 'port-in-use'
      ? `Port ${error.port} on 127.0.0.1 is in use. Stop what uses it, or choose another with --port.`
      : `The station may not listen on port ${error.port}. Choose another with --port.`;
  return new StartRefused(sentence, 2, error);
}

function tellLog({ logState: { hasKey, hasTiers, isScrubbed } }: Station, data: string, io: CommandIo): void {
  if (!hasKey) io.err(`This station has no log key, so its log is not sealed. Make one with: countersign log key --make --data ${data}\n`);
  if (!hasTiers)
    io.err(
      `This station has no keys for names and titles, so its log does not hold them. Make them with: countersign log staff make --data ${data}\n`,
    );
  if (!isScrubbed) io.err(`${stillThere}\n`);
}

function tellRecovered({ recovered }: Station, io: CommandIo): void {
  for (const operation of recovered.unknown)
    io.err(`Operation ${operation} was cut off while the card was asked: recorded as outcome unknown.\n`);
  for (const operation of recovered.failed) io.err(`Operation ${operation} was cut off before the card was asked: nothing was signed.\n`);
  for (const operation of recovered.published)
    io.err(`Operation ${operation} was signed before the stop; its document is in the outbox now.\n`);
  for (const operation of recovered.waiting)
    io.err(`Operation ${operation} is signed, but the outbox does not take its document. It is kept in the station.\n`);
}
