/** The one place where the words of a call are read: options, --help, and the sentence that a wrong word gets. Node's own complaints never leave. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';

type Options = NonNullable<ParseArgsConfig['options']>;
type Strict<O extends Options> = { args: string[]; options: O; allowPositionals: true };

/** What was given: the options by name, and the words that are no options. */
export interface Called<O extends Options> {
  readonly values: ReturnType<typeof parseArgs<Strict<O>>>['values'];
  readonly words: readonly string[];
}

export interface Grammar<O extends Options> {
  /** As it is typed behind `countersign`. */
  readonly name: string;
  readonly help: string;
  /** --help and -h are understood besides. */
  readonly options: O;
  /** True when the command takes words that are no options; it judges them itself. */
  readonly takesWords?: boolean;
}

/** Takes the words of a call and gives its exit code. */
export type Command = (args: string[], io: CommandIo) => Promise<number>;

/** The call was wrong. The sentence ends with a full stop; where to find help is said behind it. */
export class WrongUsage extends StartRefused {}

/** Makes a command: --help is answered, a wrong call is refused in one sentence with exit code 2, and `run` gets what is left. */
export function command<const O extends Options>(grammar: Grammar<O>, run: (called: Called<O>, io: CommandIo) => Promise<number>): Command {
  return async (args, io) => {
    try {
      if (tokensOf(grammar, args).some((token) => token.kind === 'option' && token.name === 'help')) {
        io.out(grammar.help);
        return 0;
      }
      return await run(read(grammar, args), io);
    } catch (error) {
      if (!(error instanceof WrongUsage)) throw error;
      io.err(`${error.message} See countersign ${grammar.name} --help.`);
      return 2;
    }
  };
}

/** A port as it was typed. Throws WrongUsage. */
export function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new WrongUsage(`"${text}" is not a port (0 to 65535).`);
  return Number(text);
}

function tokensOf({ options }: Grammar<Options>, args: string[]) {
  return parseArgs({ args, options: { ...options, help: { type: 'boolean', short: 'h' } }, strict: false, tokens: true }).tokens;
}

/** Everything that the strict reading would complain about is found first, so its values come typed and without a complaint. */
function read<O extends Options>(grammar: Grammar<O>, args: string[]): Called<O> {
  for (const token of tokensOf(grammar, args)) {
    if (token.kind === 'positional' && grammar.takesWords !== true)
      throw new WrongUsage(`countersign ${grammar.name} takes no word "${token.value}".`);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const option = Object.hasOwn(grammar.options, name) ? grammar.options[name] : undefined;
    if (option === undefined) throw new WrongUsage(`countersign ${grammar.name} has no option ${rawName}.`);
    if (option.type === 'boolean' && value !== undefined) throw new WrongUsage(`${rawName} takes no value.`);
    if (option.type === 'boolean') continue;
    if (value === undefined || value === '') throw new WrongUsage(`${rawName} needs a value behind it.`);
    if (!inlineValue && value.startsWith('-') && value.length > 1)
      throw new WrongUsage(
        `${rawName} needs a value behind it, and ${value} looks like an option; if it is meant, type ${rawName}=${value}.`,
      );
  }
  const { values, positionals } = parseArgs<Strict<O>>({ args, options: grammar.options, allowPositionals: true });
  return { values, words: positionals };
}
