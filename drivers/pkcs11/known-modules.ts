/** What is known of vendor modules, as data: where they usually lie, which settings they need, what they do not tell. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const knownModuleSchema = z.strictObject({
  name: z.string(),
  /** File name of the library, without a version behind `.so`. */
  file: z.string(),
  paths: z.array(z.string()),
  /** Variables the host needs; `$here` is this folder. */
  env: z.record(z.string(), z.string()),
  /** False: CK_TOKEN_INFO never says how many tries are left. */
  tellsPinState: z.boolean(),
  /** True: C_WaitForSlotEvent works, also without blocking. */
  slotEvents: z.boolean(),
  /** True: its slots are named after the readers of pcscd, so that a card in one is the card that other modules see in a slot of that name. */
  namesReaders: z.boolean(),
  /** How long a reader's own pad waits for the first key, seconds. Such a module reports its end as a cancellation (CKR_FUNCTION_CANCELED). */
  padSeconds: z.int().positive().exactOptional(),
});

export type KnownModule = Readonly<z.infer<typeof knownModuleSchema>>;

const here = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/u, '');

/** The list, with the paths of this installation filled in. */
export const knownModules: readonly KnownModule[] = z
  .array(knownModuleSchema)
  .parse(JSON.parse(readFileSync(new URL('./known-modules.json', import.meta.url), 'utf8')))
  .map((known) => ({
    ...known,
    env: Object.fromEntries(Object.entries(known.env).map(([name, value]) => [name, value.replace('$here', here)])),
  }));

/** What is known of the library at `path`, by its file name. */
export function knownModule(path: string): KnownModule | undefined {
  const file = basename(path).replace(/(\.so)(\.\d+)*$/u, '$1');
  return knownModules.find((known) => known.file === file);
}

/** Where a known module lies on this machine, if it is installed. */
export function installedPath(known: KnownModule): string | undefined {
  return known.paths.find((path) => existsSync(path));
}
