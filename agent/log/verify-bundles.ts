/**
 * Bundles by the rules of the log: the entries of one or several, one after the other, go through the same verification as those of a database, and the tree over all of
 * them has to have the root of each bundle. Like `verify.ts` it uses nothing of the writer.
 */
import { type KnownEntry, verify, type Verification } from './verify.ts';
import type { Beside } from './verify/beside.ts';
import { type BundleItem, readBundle } from './verify/bundle.ts';
import type { FoundBundle } from './verify/bundle-folder.ts';
import { must, Wrong } from './verify/canonical.ts';
import type { Row } from './verify/chain.ts';
import { StreamedTree } from './verify/tree.ts';

/** Entries that stand in none of the bundles: from `first` to before `end`. */
export class Gap extends Wrong {
  override readonly name = 'Gap';
  readonly first: number;
  readonly end: number;

  constructor(first: number, end: number, before: FoundBundle) {
    super(`entries ${first} to ${end - 1} stand in none of the bundles: ${before.name} begins behind them`);
    this.first = first;
    this.end = end;
  }
}

/** What is done with the contents as they go by; nothing of it may be believed before the verdict. */
export type OnItem = (item: BundleItem, from: FoundBundle) => Promise<void> | void;

/** The bundles in the order in which the log grew, the oldest first. Throws Wrong when they are not of one log. */
export function inOrder(bundles: readonly FoundBundle[]): readonly FoundBundle[] {
  const sorted = [...bundles].sort((a, b) => a.manifest.size - b.manifest.size || a.manifest.number - b.manifest.number);
  const newest = sorted.at(-1)?.manifest;
  for (const { name, manifest } of sorted) {
    must(manifest.origin === newest?.origin, `${name} is of ${manifest.origin}, and not of ${newest?.origin ?? ''}`);
    must(Buffer.compare(manifest.publicKey, newest.publicKey) === 0, `${name} is by another key than the newest bundle`);
    const twice = sorted.find(({ manifest: { number, sha256 } }) => number === manifest.number && sha256 !== manifest.sha256);
    must(twice === undefined, `there are two exports ${manifest.number} that are not the same, and so two copies of this log`);
  }
  return sorted;
}

/**
 * Verifies the log that bundles hold together, from entry 0 on. `use` gets every entry once, and every file. Throws Wrong only when the checkpoint that was kept elsewhere is
 * none; `broken` with a Gap as its cause is what is missing between bundles.
 */
export async function verifyBundles(
  bundles: readonly FoundBundle[],
  identities: readonly Uint8Array[],
  options: { readonly known?: KnownEntry | undefined; readonly beside?: Pick<Beside, 'kept' | 'publicKey'>; readonly use?: OnItem } = {},
): Promise<Verification> {
  let fault: Wrong | undefined;
  const rows = async function* (): AsyncGenerator<Row, void, undefined> {
    const tree = new StreamedTree();
    for (const found of inOrder(bundles)) {
      const { name, manifest } = found;
      // It holds whole tiles, also what of the first one stands before its range.
      const begin = manifest.parts[0]?.first ?? 0;
      if (begin > tree.size) throw new Gap(tree.size, begin, found);
      for await (const item of readBundle(found, identities)) {
        if (item.kind === 'row') {
          // What an earlier bundle has too; that it is the same is shown by the root.
          if (item.row.seq < tree.size) continue;
          tree.take(item.row.leaf);
          yield item.row;
        }
        await options.use?.(item, found);
      }
      const grown = tree.size !== manifest.size || Buffer.compare(tree.root(), manifest.root) === 0;
      must(grown, `${name} does not hold the entries that the bundles before it hold: there are two copies of this log`);
    }
  };
  const { publicKey } = bundles.at(-1)?.manifest ?? {};
  const watched = async function* (): AsyncGenerator<Row, void, undefined> {
    try {
      yield* rows();
    } catch (error) {
      if (error instanceof Wrong) fault = error;
      throw error;
    }
  };
  const result = await verify(watched(), options.known, { ...(publicKey === undefined ? {} : { publicKey }), ...options.beside });
  // What is wrong with a bundle is said by its own sentence, and not of the entry that was read last.
  return fault === undefined ? result : { ...result, bad: { sentence: fault.message }, cause: fault };
}
