/** Whether the PKCS#11 binding can ask readers that have a PIN pad of their own: it can only with our patch. */
import { installedModules } from '../../../drivers/pkcs11/known-modules.ts';
import { askNode, reasonOf } from './ask.ts';
import type { Check, Place } from './report.ts';

/** C_Login on a module that was not initialized: it answers at once, and reaches no card. Without the patch the call is refused before that. */
const logInWithoutPin = `
const module = new (require('pkcs11js').PKCS11)();
module.load(process.argv[1]);
try { module.C_Login(Buffer.alloc(8), 1, null) } catch (error) { console.log(error.message) }
`;

/** `path` is a PKCS#11 module to try it on; the first known one that is installed, if none is given. */
export async function padCheck({ env, ms }: Place, path = installedModules()[0]?.path, script = logInWithoutPin): Promise<Check> {
  const about = { section: 'Versions', name: 'PIN pads' } as const;
  if (path === undefined) return { ...about, finding: 'note', found: 'cannot be tried without a PKCS#11 module' };
  const answer = await askNode(script, [path], { env: { ...env, OPENSC_DEBUG: undefined, LD_PRELOAD: undefined }, ms });
  const said = answer.kind === 'said' ? (answer.text.split('\n').at(-1) ?? '') : reasonOf(answer);
  if (said.startsWith('CKR_')) return { ...about, finding: 'ok', found: 'readers with their own pad can be asked for the PIN' };
  if (!said.includes('String')) return { ...about, finding: 'note', found: `could not be tried: ${said}` };
  const found = 'pkcs11js was compiled without its patch: cards in readers with their own pad cannot sign';
  return { ...about, finding: 'warning', found, mend: 'npm run setup' };
}
