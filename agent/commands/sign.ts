/** `countersign sign FILE...`: one visit at the terminal, with the station's own devices, log and rules. */
import { command, WrongUsage } from './arguments.ts';
import { signFiles } from './sign-files.ts';
import { terminalWalker } from './terminal.ts';
import { readFormat } from './terminal-documents.ts';

const help = `countersign sign FILE --out OUT [options]
countersign sign FILE... --out-dir DIR [options]
countersign sign FILE... --format asic-e --out OUT [options]

Signs one document, or several in one visit: insert the card, agree to all of them, touch the fingerprint reader once, type the PIN once.
Each document gets a signature and entries of its own. The first failure of a device ends the visit; what is signed by then stays signed.
With --format asic-e and --out, several files are packed into one container and get one signature together. Files that are no PDF are signed
where the station allows it ("otherFiles" in station.json). Every step goes into the log.

  --out OUT      where the signed document goes; an existing file is never written over
  --out-dir DIR  the folder into which the signed documents go, each under its name with "-signed"
  --format F     pades (in the PDF), cades (a .p7s beside the file), asic-s (a container for each file), asic-e (a container for any number);
                 without it PDFs are signed in themselves, other files as the station's configuration says
  --data DIR     data folder of the station (default ./station)
  --json         the outcome as one JSON object
  --help

Exit codes: 0 all signed, 1 not all signed, 2 cannot start, 3 nobody can tell of one document whether the card signed it.
`;

export const sign = command(
  {
    name: 'sign',
    help,
    options: {
      out: { type: 'string' },
      'out-dir': { type: 'string' },
      format: { type: 'string' },
      data: { type: 'string', default: './station' },
      json: { type: 'boolean', default: false },
    },
    takesWords: true,
  },
  async ({ values, words: files }, io) => {
    if (files.length === 0) throw new WrongUsage('Name a document: countersign sign FILE --out OUT.');
    const { data, out, 'out-dir': outDir, json } = values;
    return signFiles(files, { data, out, outDir, json, format: readFormat(values.format) }, io, terminalWalker(io));
  },
);
