/** Seals among the entries of a bundle: the checkpoints that they name go out beside them, so that whoever opens the bundle can hold each against its own. */
import type { JsonObject } from '../record.ts';

/** The sizes of the checkpoints that the seals among these bodies name, in order, each once. */
export function sealedSizes(bodies: readonly Uint8Array[]): readonly number[] {
  const sizes = new Set<number>();
  for (const body of bodies) {
    const text = Buffer.from(body).toString('utf8');
    if (!text.includes('"op":"seal"')) continue;
    const { op, fields } = JSON.parse(text) as { readonly op: string; readonly fields: JsonObject };
    if (op === 'seal' && typeof fields['size'] === 'number') sizes.add(fields['size']);
  }
  return [...sizes];
}
