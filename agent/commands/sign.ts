/** `countersign sign FILE --out OUT`: one visit at the terminal, with the station's own devices, log and rules. */
import { parseArgs } from 'node:util';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';
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

export async function sign(args: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      data: { type: 'string', default: './station' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    io.out(help);
    return 0;
  }
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new StartRefused('Name one document: countersign sign FILE --out OUT');
  return signOneFile(file, { data: values.data, out: values.out, json: values.json }, io, terminalWalker(io));
}
