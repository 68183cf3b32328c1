#!/usr/bin/env node
/** The one program: picks the command, gives it its words, and turns refusals into sentences and exit codes. It decides nothing else. */
import { usageError, type CommandIo } from './commands/io.ts';
import { StartRefused } from './refusals.ts';
import { version } from './version.ts';

type Command = (args: string[], io: CommandIo) => Promise<number>;

/** Loaded when called, so that verifying a file needs no driver and no database. */
const commands: Readonly<Record<string, { readonly about: string; readonly load: () => Promise<Command> }>> = {
  init: { about: 'make a station', load: async () => (await import('./commands/init.ts')).init },
  enrol: { about: 'enrol the finger of a holder', load: async () => (await import('./commands/enrol.ts')).enrol },
  start: { about: 'run a station', load: async () => (await import('./commands/start.ts')).start },
  sign: { about: 'sign one document at the terminal', load: async () => (await import('./commands/sign.ts')).sign },
  verify: { about: 'judge the signatures of a PDF', load: async () => (await import('./commands/verify.ts')).verify },
  'log show': { about: 'show entries of the operation log', load: async () => (await import('./commands/log-show.ts')).logShow },
  'log verify': { about: 'check the whole operation log', load: async () => (await import('./commands/log-verify.ts')).logVerify },
  doctor: { about: 'report what is here and what is missing', load: async () => (await import('./commands/doctor.ts')).doctor },
  demo: { about: 'run a demo station with virtual devices', load: async () => (await import('./commands/demo.ts')).demo },
};

const help = `countersign ${version}: an offline signing station

${Object.entries(commands)
  .map(([name, { about }]) => `  countersign ${name.padEnd(12)} ${about}`)
  .join('\n')}

countersign COMMAND --help tells the options and exit codes of each.
`;

const line = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
const io: CommandIo = {
  out: (text) => void process.stdout.write(line(text)),
  err: (text) => void process.stderr.write(line(text)),
};

async function main(words: string[]): Promise<number> {
  const [first, second, ...rest] = words;
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    io.out(help);
    return first === undefined ? 2 : 0;
  }
  if (first === '--version') {
    io.out(version);
    return 0;
  }
  const two = commands[`${first} ${second ?? ''}`];
  const found = two ?? commands[first];
  if (found === undefined) {
    io.err(
      first === 'log'
        ? 'The log has two commands: countersign log show, countersign log verify'
        : `There is no command "${first}".\n\n${help}`,
    );
    return 2;
  }
  const command = await found.load();
  return command(two === undefined ? words.slice(1) : rest, io);
}

/** 70 is EX_SOFTWARE of sysexits.h: a fault of ours. */
const faultExit = 70;

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const usage = usageError(error);
    if (error instanceof StartRefused) io.err(error.message);
    else if (usage !== undefined) io.err(`${usage}\nSee --help.`);
    else io.err(`A fault stopped countersign: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof StartRefused ? error.exitCode : usage === undefined ? faultExit : 2;
  },
);
