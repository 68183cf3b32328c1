/**
 * `countersign token test`: one diagnostic signature, with consent, to see whether a token works here. It signs a fixed text that says of itself that it
 * is no declaration of will. It must never sign anything else, never sign without consent, and never use a PIN twice.
 */
import { configDigest, stationPaths } from '../config.ts';
import type { LogStore } from '../log/store.ts';
import { openStationLog } from '../opening.ts';
import { StartRefused } from '../refusals.ts';
import { software } from '../version.ts';
import { refuseShortSpace } from './refuse-short-space.ts';
import { command, WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';
import { askLine, readPin, somebodyIsThere, yes } from './keyboard.ts';
import { problemSentence } from './tell.ts';
import { isDeviceError } from '../../drivers/errors.ts';
import { choose } from './choose-candidate.ts';
import { candidateLine, candidates, meant, type Candidate } from './token-test/candidate.ts';
import { diagnosticText } from './token-test/text.ts';
import { runTrial } from './token-test/trial.ts';
import { verdictForProgram, verdictLines, works } from './token-test/verdict.ts';
import { virtualBench } from './token-test/virtual-bench.ts';
import { pinWords } from './tokens/render.ts';
import { survey } from './tokens/survey.ts';
import { lookAround, type Surroundings } from './tokens/surroundings.ts';

const help = `countersign token test [--data DIR] [--certificate PREFIX] [options]

Makes a diagnostic signature with a token that is plugged in, and says whether it works here. What is signed is a fixed text that says of itself
that it is no declaration of will. The person at the terminal is asked first. A wrong PIN is never tried again, and costs one try.

  --data DIR            the station; its log gets two entries (default: ./station, if there is one; otherwise nothing is recorded)
  --certificate PREFIX  the certificate whose SHA-256 begins so (default: the one that a visit would take)
  --every-scheme        sign in every way that the key offers, not only in the one that is used here; the PIN is asked for each time
  --yes                 the person has agreed already; where there is no terminal the PIN is read as one line from the standard input
  --last-try            also where the token has one try left
  --json                the outcome as one JSON object
  --help

A demo station brings its own virtual reader, with the card of Ada Lovelace in it (PIN 123456).

Exit codes: 0 works, 1 does not (the sentence says why), 2 cannot start.
`;

export const tokenTest = command(
  {
    name: 'token test',
    help,
    options: {
      data: { type: 'string' },
      certificate: { type: 'string' },
      'every-scheme': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      'last-try': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  },
  async ({ values }, io) => {
    const prefix = values.certificate;
    if (prefix !== undefined && !/^[0-9a-f]{4,64}$/i.test(prefix))
      throw new WrongUsage(`--certificate takes the first 4 to 64 hexadecimal digits of a certificate's SHA-256, and not "${prefix}".`);
    if (!values.yes && !somebodyIsThere()) throw new StartRefused('A diagnostic signature needs consent: use a terminal, or --yes.');
    const around = await lookAround(values.data, new Date());
    const log = await openLog(around);
    const bench = await virtualBench(around.station);
    try {
      const { survey: seen, listed } = await survey(around, new Date(), { env: bench.env });
      const candidate = await choose(meant(candidates(seen, listed), seen, prefix), 'Which one is to be tested', io);
      const schemes = values['every-scheme'] ? candidate.key.schemes : candidate.key.schemes.slice(0, 1);
      const text = diagnosticText();
      tellPlan(candidate, schemes.length, text, log !== undefined, io);
      if (!(await mayGoOn(candidate, schemes.length, values, io))) return 1;
      const trial = await runTrial({
        candidate,
        schemes,
        text,
        log,
        env: bench.env,
        pin: (scheme) => readPin(schemes.length > 1 ? `PIN, for ${scheme}: ` : 'PIN: ', values.yes),
        tell: (line) => io.err(line),
      }).catch((error: unknown) => {
        throw isDeviceError(error) ? new StartRefused(`The token cannot be tested: ${error.message}.`, 1, error) : error;
      });
      io.out(values.json ? JSON.stringify(verdictForProgram(trial, candidate, text)) : verdictLines(trial, candidate, problemSentence));
      return works(trial) ? 0 : 1;
    } finally {
      await bench.close();
      await log?.close();
    }
  },
);

/** Opening the log is what keeps this and a running agent apart. */
async function openLog({ station }: Surroundings): Promise<LogStore | undefined> {
  if (station === undefined) return undefined;
  const { config, data } = station;
  const paths = stationPaths(data, config);
  await refuseShortSpace(paths, config);
  return (await openStationLog(paths, config, { software, configDigest: configDigest(config) })).log;
}

/** Everything that will happen, before anybody agrees to it. */
function tellPlan(candidate: Candidate, signatures: number, text: string, recorded: boolean, io: CommandIo): void {
  const { token, pin, judged } = candidate;
  const times = signatures === 1 ? 'once' : `${signatures} times, once for each signature`;
  const where = pin.protectedPath ? `The PIN is typed on the reader, ${times}` : `The PIN is asked for ${times}`;
  io.err(
    [
      `Token       ${token.label === '' ? 'without a label' : token.label}, in ${token.slot}, by module ${token.module}`,
      `Certificate ${candidateLine(candidate)}`,
      `Key         ${judged.key ?? 'unknown'}, signs by ${candidate.key.schemes.join(' or ')}`,
      `PIN         ${pinWords(pin)}`,
      '',
      'The token will be asked to sign this text, and nothing else:',
      ...text
        .trimEnd()
        .split('\n')
        .map((line) => `    ${line}`),
      `${where}. A wrong PIN is not tried again, and the token counts it.`,
      recorded ? 'The act goes into the operation log of the station.' : 'There is no station here, so nothing is recorded.',
      '',
    ].join('\n'),
  );
}

/** Consent, and a second one where a single wrong PIN would lock the token. Says why when the answer is no. */
async function mayGoOn(
  { pin }: Candidate,
  signatures: number,
  given: { readonly yes: boolean; readonly 'last-try': boolean },
  io: CommandIo,
): Promise<boolean> {
  const refuse = (sentence: string): false => {
    io.err(sentence);
    return false;
  };
  if (pin.state === 'locked') return refuse('The PIN of this token is locked. It was not asked to sign.');
  if (signatures > 1 && !pin.protectedPath && !somebodyIsThere())
    throw new StartRefused('Several signatures need several PINs, and those a terminal. Leave --every-scheme out.');
  if (!given.yes && !yes(await askLine('Make this diagnostic signature? Type yes: '))) return refuse('Nothing was done.');
  if (pin.state !== 'last-try' || given['last-try']) return true;
  const warning = 'One more wrong PIN locks this token.';
  if (!somebodyIsThere()) return refuse(`${warning} Nothing was done; --last-try agrees to the risk.`);
  io.err(warning);
  return (await askLine('Go on all the same? Type last try: ')).trim().toLowerCase() === 'last try' || refuse('Nothing was done.');
}
