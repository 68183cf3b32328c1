/** `countersign log verify --bundle`: what can be said of bundles, with the identity that opens them and without. */
import type { KnownEntry, Verification } from '../log/verify.ts';
import { checkParts, type FoundBundle, Unreadable } from '../log/verify/bundle-folder.ts';
import { Wrong } from '../log/verify/canonical.ts';
import type { KnownLog } from '../log/verify/checkpoint.ts';
import { Gap, inOrder, verifyBundles } from '../log/verify-bundles.ts';
import { readBundle } from '../log/verify/bundle.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';
import { findBundles, withIdentities } from './bundle-paths.ts';
import type { CommandIo } from './io.ts';
import { type Elsewhere, ofAnotherLog } from './kept-elsewhere.ts';

export interface BundleQuestion {
  readonly paths: readonly string[];
  /** Files. */
  readonly identities: readonly string[];
  readonly elsewhere: Elsewhere;
  readonly known: KnownEntry | undefined;
  readonly json: boolean;
}

/** Verifies bundles and says what was found; `tell` says the verdict on their entries and gives its exit code. Throws StartRefused. */
export async function verifyBundleAt(question: BundleQuestion, tell: (result: Verification) => number, io: CommandIo): Promise<number> {
  const { paths, identities, elsewhere, known, json } = question;
  if (identities.length === 0 && (elsewhere.kept !== undefined || known !== undefined))
    throw new WrongUsage('What was kept elsewhere is held against the entries, and only --identity FILE opens them.');
  try {
    const bundles = inOrder(await findBundles(paths, knownLog(elsewhere)));
    for (const found of bundles) await checkParts(found);
    if (identities.length === 0) return tellWhole(bundles, elsewhere, json, io);
    return await withIdentities(identities, async (opened) => {
      const { origin } = bundles.at(-1)?.manifest ?? { origin: '' };
      const { origin: other, ...beside } = elsewhere;
      const isOther = other !== undefined && other !== origin;
      const result = await verifyBundles(bundles, opened, { known, ...(isOther ? {} : { beside }) });
      if (isOther) throw new StartRefused(ofAnotherLog(elsewhere, origin, result));
      if (result.cause instanceof Gap && result.cause.first === 0) return await tellRest(bundles, opened, json, io);
      return tell(result);
    });
  } catch (error) {
    if (!(error instanceof Wrong) && !(error instanceof Unreadable)) throw error;
    const isBroken = error instanceof Wrong;
    if (json) io.out(JSON.stringify({ verdict: isBroken ? 'broken' : 'unreadable', entries: 0, bad: { sentence: error.message } }));
    else for (const line of [isBroken ? 'BROKEN' : 'CANNOT BE READ', `${capital(error.message)}.`]) io.out(line);
    return isBroken ? 1 : 2;
  }
}

function knownLog({ origin, publicKey, kept }: Elsewhere): KnownLog | undefined {
  // A checkpoint may be of the epoch before; a key that was brought is of the very log.
  return origin === undefined || publicKey === undefined || kept !== undefined ? undefined : { origin, publicKey };
}

/** Nothing was opened: what was found good, and what was not looked at. */
function tellWhole(bundles: readonly FoundBundle[], { publicKey }: Elsewhere, json: boolean, io: CommandIo): number {
  const exports = bundles.map(({ manifest: { origin, number, from, size, parts } }) => ({
    origin,
    number,
    from,
    size,
    parts: parts.length,
  }));
  if (json) {
    io.out(JSON.stringify({ verdict: 'not-opened', entries: 0, exports }));
    return 0;
  }
  io.out('WHOLE, NOT OPENED');
  for (const { origin, number, from, size, parts } of exports)
    io.out(
      `Export ${number} of ${origin}: entries ${from} to ${size - 1} in ${parts === 1 ? '1 part' : `${parts} parts`}. Every part has the hash that the manifest names.`,
    );
  io.out(
    publicKey === undefined
      ? 'The manifest is signed by the key that it names itself. Whose key that is was not checked: bring it with --key.'
      : 'The manifest is signed by the key that was brought from elsewhere.',
  );
  io.out('The contents were not looked at: nothing is said about any entry. Only head office can open them, with --identity FILE.');
  return 0;
}

/** A bundle that begins behind entry 0: rules that look back cannot be judged, the tree and the chain can. */
async function tellRest(bundles: readonly FoundBundle[], identities: readonly Uint8Array[], json: boolean, io: CommandIo): Promise<number> {
  let entries = 0;
  for (const found of bundles) for await (const item of readBundle(found, identities)) if (item.kind === 'row') entries += 1;
  const [first] = bundles;
  const from = first?.manifest.from ?? 0;
  if (json) io.out(JSON.stringify({ verdict: 'rest-only', entries, from }));
  else {
    io.out('NOT THE WHOLE LOG');
    io.out(`${entries} entries have their hashes, follow each other, and lead to the root that the log signed.`);
    io.out(
      `The entries before ${from} are in an earlier bundle, so nothing is said about what they must go before. Name the earlier bundles too, each with --bundle.`,
    );
  }
  return 2;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
