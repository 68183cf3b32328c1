/** A virtual key that an officer made ready for its holder, for tests of what comes after. */
import type { PrepareCall } from '../../../drivers/fido/enrolment.ts';
import type { Secret } from '../../../drivers/secret.ts';
import type { VirtualBioKey } from '../../../drivers/virtual/bio-key.ts';
import { officerOf, secretOf, textOf } from './factory-key.ts';

/** The fingers that it knows. */
export const names = ['right index', 'left index'] as const;

/** An officer's safe: keeps every PIN that it was given, as text, because a test wants it again. */
export function safe() {
  const kept: string[] = [];
  const keep = async (pin: Secret): Promise<void> => {
    kept.push(await textOf(pin));
  };
  const pin = (): Secret => secretOf(kept.at(-1) ?? '');
  return { kept, keep, pin };
}

/** Lays on the finger whose turn it is, as often as the key asks. */
const willing = (key: VirtualBioKey): PrepareCall => ({ onFinger: (name) => key.autoTouch(name) });

/** A key that was made ready, and what the officer has of it. */
export async function prepared(key: VirtualBioKey) {
  const officer = await officerOf(key);
  const kept = safe();
  const fingers = await officer.prepare({ names, keep: kept.keep }, willing(key));
  key.autoTouch(undefined);
  return { officer, fingers, ...kept };
}
