#!/usr/bin/env node
/** The one program: picks the command, gives it its words, and turns refusals into sentences and exit codes. It decides nothing else. */
import type { Command } from './commands/arguments.ts';
import type { CommandIo } from './commands/io.ts';
import { StartRefused } from './refusals.ts';
import { version } from './version.ts';

/** Loaded when called, so that verifying a file needs no driver and no database. */
const commands: Readonly<Record<string, { readonly about: string; readonly load: () => Promise<Command> }>> = {
  init: { about: 'make a station', load: async () => (await import('./commands/init.ts')).init },
  enrol: { about: 'enrol the finger of a holder', load: async () => (await import('./commands/enrol.ts')).enrol },
  reader: { about: 'look after the fingers of a key', load: async () => (await import('./commands/reader.ts')).reader },
  start: { about: 'run a station', load: async () => (await import('./commands/start.ts')).start },
  sign: { about: 'sign one document at the terminal', load: async () => (await import('./commands/sign.ts')).sign },
  verify: { about: 'judge the signatures of a PDF', load: async () => (await import('./commands/verify.ts')).verify },
  'timestamp-request': {
    about: 'ask for a timestamp on a signature',
    load: async () => (await import('./commands/timestamp-request.ts')).timestampRequest,
  },
  'timestamp-apply': {
    about: 'add a timestamp that came back',
    load: async () => (await import('./commands/timestamp-apply.ts')).timestampApply,
  },
  supplement: { about: 'enter a late record', load: async () => (await import('./commands/supplement.ts')).supplement },
  'request erase': {
    about: 'ask that a person is erased',
    load: async () => (await import('./commands/request-erase.ts')).requestErase,
  },
  confirm: { about: 'confirm it as a second person', load: async () => (await import('./commands/decide.ts')).confirm },
  reject: { about: 'reject it as a second person', load: async () => (await import('./commands/decide.ts')).reject },
  vouch: { about: 'vouch for a holder without a finger', load: async () => (await import('./commands/vouch.ts')).vouch },
  requests: { about: 'what waits for a second person', load: async () => (await import('./commands/requests.ts')).requests },
  'log show': { about: 'show entries of the operation log', load: async () => (await import('./commands/log-show.ts')).logShow },
  'log verify': { about: 'check the whole operation log', load: async () => (await import('./commands/log-verify.ts')).logVerify },
  'log checkpoint': {
    about: 'give out the newest checkpoint of the log',
    load: async () => (await import('./commands/log-checkpoint.ts')).logCheckpoint,
  },
  'log prove': { about: 'prove that an entry is in the log', load: async () => (await import('./commands/log-prove.ts')).logProve },
  'log check-proof': {
    about: 'check a proof without any station',
    load: async () => (await import('./commands/log-check-proof.ts')).logCheckProof,
  },
  'log anchor': {
    about: 'show or renew the anchor of the log',
    load: async () => (await import('./commands/log-anchor.ts')).logAnchor,
  },
  'log key': { about: 'show or make the key of the log', load: async () => (await import('./commands/log-key.ts')).logKey },
  'log head-office': {
    about: 'show or set whom bundles are encrypted to',
    load: async () => (await import('./commands/log-head-office.ts')).logHeadOffice,
  },
  export: { about: 'carry the log out in a bundle', load: async () => (await import('./commands/export.ts')).exportLog },
  'bundle open': { about: 'look into a bundle at head office', load: async () => (await import('./commands/bundle-open.ts')).bundleOpen },
  restore: { about: 'carry the log on after a loss', load: async () => (await import('./commands/restore.ts')).restore },
  evidence: { about: 'make the evidence package of one operation', load: async () => (await import('./commands/evidence.ts')).evidence },
  'log search': { about: 'find entries by names that are sealed', load: async () => (await import('./commands/log-search.ts')).logSearch },
  'log staff': { about: 'say who may read what is sealed', load: async () => (await import('./commands/log-staff.ts')).logStaff },
  'log erase': { about: 'make the data of a person unreadable', load: async () => (await import('./commands/log-erase.ts')).logErase },
  doctor: { about: 'report what is here and what is missing', load: async () => (await import('./commands/doctor.ts')).doctor },
  tokens: { about: 'list what is plugged in', load: async () => (await import('./commands/tokens.ts')).tokens },
  'token test': { about: 'see whether a token works', load: async () => (await import('./commands/token-test.ts')).tokenTest },
  demo: { about: 'run a demo station with virtual devices', load: async () => (await import('./commands/demo.ts')).demo },
};

const help = `countersign ${version}: an offline signing station

${Object.entries(commands)
  .map(([name, { about }]) => `  countersign ${name.padEnd(17)} ${about}`)
  .join('\n')}

countersign help COMMAND tells the options and exit codes of each.
`;

const line = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
const io: CommandIo = {
  out: (text) => void process.stdout.write(line(text)),
  err: (text) => void process.stderr.write(line(text)),
};

const asksForHelp = (word: string | undefined): boolean => word === 'help' || word === '--help' || word === '-h';

async function main(words: string[]): Promise<number> {
  const [first, second] = words;
  if (first === undefined) {
    io.err(help);
    return 2;
  }
  if (first === '--version') {
    io.out(version);
    return 0;
  }
  if (asksForHelp(first)) return explain(words.slice(1));
  const found = find(words);
  if (found !== undefined) return (await found.load())(found.rest, io);
  return group(first).length > 0 && asksForHelp(second) ? explain([first]) : refuse(words);
}

/** A command has one word or two. */
function find(words: readonly string[]) {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (entry !== undefined) return { load: entry.load, rest: words.slice(length) };
  }
  return undefined;
}

/** The names of the commands of two words that begin with this one. */
function group(word: string): readonly string[] {
  return Object.keys(commands).filter((name) => name.startsWith(`${word} `));
}

/** The help of the program, of one command, or of all commands that begin with one word. */
async function explain(words: readonly string[]): Promise<number> {
  const [first] = words;
  if (first === undefined || asksForHelp(first)) {
    io.out(help);
    return 0;
  }
  const asked = words.length === 1 && group(first).length > 0 ? group(first).map((name) => name.split(' ')) : [words];
  for (const [index, name] of asked.entries()) {
    const found = find(name);
    if (found === undefined) return refuse(words);
    if (index > 0) io.out('');
    const command = await found.load();
    await command(['--help'], io);
  }
  return 0;
}

function refuse([first = '', second]: readonly string[]): 2 {
  const known = group(first).map((name) => `countersign ${name}`);
  if (first.startsWith('-')) io.err(`countersign has no option ${first}. See countersign help.`);
  else if (known.length === 0) io.err(`There is no command "${first}". See countersign help.`);
  else {
    const wrong = second === undefined ? `"${first}" alone is no command` : `There is no command "${first} ${second}"`;
    io.err(`${wrong}; there ${known.length === 1 ? 'is' : 'are'} ${listed(known)}. See countersign ${first} --help.`);
  }
  return 2;
}

/** "a", "a and b", "a, b and c". */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** 70 is EX_SOFTWARE of sysexits.h: a fault of ours. */
const faultExit = 70;

// Whoever reads may stop early, as `head` does: what was asked for is done all the same.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    if (stream === process.stdout) io.err(`The output cannot be written (${error.code ?? error.message}).`);
    process.once('exit', () => (process.exitCode = faultExit));
  });

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof StartRefused) io.err(error.message);
    else io.err(`A fault stopped countersign: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof StartRefused ? error.exitCode : faultExit;
  },
);
