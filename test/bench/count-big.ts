/**
 * Signs one document with what is in the sources, and says on its output, as JSON, what each step did with its bytes. Run with `--import counting.ts`; its
 * arguments are an empty folder, a small document that goes first, and the document.
 */
import { DocumentSigner } from '../support/document-signer.ts';
import { signWith } from '../support/signing-keys.ts';
import type * as counter from './counting.ts';
import { type Signer, SigningPath, type Step } from './signing-path.ts';

export type CountedSteps = Partial<Record<Step, counter.Counts>>;

const [folder = '', small = '', document = ''] = process.argv.slice(2);
// The very module that was loaded first: another name for it would be another one.
const counting = process.execArgv.find((flag) => flag.includes('counting.ts'));
if (counting === undefined) throw new Error('called by big-document.ts');
const { countsSoFar, kinds } = (await import(counting)) as typeof counter;

const holders = new DocumentSigner();
const holder = holders.holder('P-256');
const signer: Signer = {
  request: holders.request(holder, 'ecdsa', 'sha256'),
  session: { sign: (message) => Promise.resolve(signWith(holder.key, 'ecdsa', 'sha256', message)) },
};
const path = await SigningPath.make(folder, 500_000_000);
// What happens once in the life of a process is no part of a document.
await path.sign(small, signer);
const counted: CountedSteps = {};
let before = countsSoFar();
await path.sign(document, signer, {
  restMs: 3500,
  before: () => (before = countsSoFar()),
  after: (step) => {
    const now = countsSoFar();
    const made = { ...now };
    for (const kind of kinds) made[kind] -= before[kind];
    counted[step] = made;
  },
});
path.close();
holders.end();
process.stdout.write(JSON.stringify(counted));
