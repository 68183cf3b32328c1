/** Which fingerprint readers a station accepts at an enrolment: the pinned roots of makers, read from their folder, and the models that are allowed. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import type { StationConfig } from './config.ts';
import { type AttestationPolicy, fingerprintOf } from './people/attestation.ts';
import { biometricModels } from './people/biometric-models.ts';
import { StartRefused } from './refusals.ts';

/**
 * Reads the certificates in `folder` (PEM with one or several, or DER) that the configuration pins; others in it count for nothing. Throws StartRefused when
 * a pinned one is missing or a file cannot be read.
 */
export async function acceptedReaders(folder: string, config: Pick<StationConfig, 'demo' | 'fingerprint'>): Promise<AttestationPolicy> {
  const { models = biometricModels, roots: pinned = [] } = config.fingerprint ?? {};
  const there = pinned.length === 0 ? [] : await certificatesIn(folder);
  const roots = pinned.map((pin) => {
    const found = there.find((der) => fingerprintOf(der) === pin);
    if (found === undefined)
      throw new StartRefused(`The root certificate ${pin} that "fingerprint" in station.json names is not in ${folder}.`);
    return found;
  });
  return { roots, models: new Map(models.map(({ aaguid, name }) => [aaguid.replaceAll('-', ''), name])), demo: config.demo };
}

async function certificatesIn(folder: string): Promise<readonly Uint8Array[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new StartRefused(`The folder ${folder} with the root certificates of makers of readers cannot be read.`, 2, error);
  });
  const all: Uint8Array[] = [];
  for (const name of names.sort()) {
    const bytes = await readFile(join(folder, name));
    try {
      all.push(...certificatesOf(bytes));
    } catch (error) {
      throw new StartRefused(`${join(folder, name)} holds no certificate that can be read.`, 2, error);
    }
  }
  return all;
}

function certificatesOf(bytes: Buffer): readonly Uint8Array[] {
  const blocks = bytes.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [bytes];
  return blocks.map((block) => new X509Certificate(block).raw);
}
