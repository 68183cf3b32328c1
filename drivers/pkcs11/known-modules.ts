/** What is known of vendor modules, as data: where they usually lie, which settings they need, what they do not tell. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** How far a module was tried with this program; no physical card stands behind any of these words. */
export const testedWith = ['virtual card', 'software', 'never'] as const;

/** Each field with the sentence that describes it, which the README repeats. */
export const knownModuleSchema = z.strictObject({
  name: z.string().min(1).describe('what people call the module'),
  file: z
    .string()
    .regex(/\.so$/u)
    .describe('file name of the library, without a version behind `.so`; a module is recognised by it, wherever it lies'),
  paths: z.array(z.string().startsWith('/')).min(1).describe('where the library usually lies, first choice first'),
  env: z
    .record(z.string(), z.string())
    .describe('environment variables that its process needs; `$here` stands for the folder of this file'),
  tellsPinState: z.boolean().describe('false: it says nothing while all tries are left, so the PIN state is shown as unknown'),
  slotEvents: z.boolean().describe('true: C_WaitForSlotEvent works, also without blocking'),
  namesReaders: z
    .boolean()
    .describe(
      'true: its slots are named after the readers of pcscd, so that a card in one is the card that other modules see in a slot of that name',
    ),
  slotsWithTokens: z
    .literal(true)
    .exactOptional()
    .describe('true: it has a slot only while a token is plugged in, so that a station without any slot lacks no reader'),
  padSeconds: z
    .int()
    .positive()
    .exactOptional()
    .describe("how long a reader's own pad waits for the first key, where the module reports the end of that as a cancellation"),
  package: z.string().min(1).exactOptional().describe('Debian package that brings it, where there is one'),
  cards: z.string().min(1).describe('what it is for'),
  tested: z.enum(testedWith).describe('with what it was tried: the virtual card, software keys, or never'),
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

/** Every known module that is installed here, under a name that could stand in a configuration. */
export function installedModules(): readonly { readonly name: string; readonly path: string }[] {
  return knownModules.flatMap((known) => {
    const path = installedPath(known);
    return path === undefined ? [] : [{ name: configName(known), path }];
  });
}

/** `libsofthsm2.so` is called softhsm2, `opensc-pkcs11.so` opensc. */
export function configName({ file }: Pick<KnownModule, 'file'>): string {
  return file
    .toLowerCase()
    .replace(/^lib|\.so$/gu, '')
    .replace(/[^a-z0-9]+/gu, '-')
    .replace(/-?pkcs11$/u, '');
}
