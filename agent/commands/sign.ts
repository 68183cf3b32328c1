/** `countersign sign FILE --out OUT`: one visit at the terminal, with the station's own devices, log and rules. */
import { command, WrongUsage } from './arguments.ts';
import { signOneFile } from './one-file.ts';
import { terminalWalker } from './terminal.ts';

const help = `countersign sign FILE --out OUT [options]

Signs one PDF at the terminal: insert the card, touch the fingerprint reader, type the PIN. Every step goes into the log.

  --out OUT    where the signed document goes; an existing file is never written over (required)
  --data DIR   data folder of the station (default ./station)
  --json       the outcome as one JSON object
  --help

Exit codes: 0 signed, 1 not signed, 2 cannot start, 3 nobody can tell whether the card signed.
`;

export const sign = command(
  {
    name: 'sign',
    help,
    options: { out: { type: 'string' }, data: { type: 'string', default: './station' }, json: { type: 'boolean', default: false } },
    takesWords: true,
  },
  async ({ values, words: [file, ...others] }, io) => {
    if (file === undefined || others.length > 0) throw new WrongUsage('Name one document: countersign sign FILE --out OUT.');
    return signOneFile(file, { data: values.data, out: values.out, json: values.json }, io, terminalWalker(io));
  },
);
