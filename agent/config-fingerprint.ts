/** The part of the configuration that says what holds for the finger of a holder. Whatever a station does not say is the stricter way. */
import * as z from 'zod';

/** The limits of NIST SP 800-63B-4 for biometrics: a station may be stricter. */
export const defaultFingerPolicy = { failuresInARow: 5, pauseSeconds: 30, failuresInAll: 50 } as const;

export const fingerprintSchema = z.strictObject({
  /** Whether a member of staff may vouch for a holder whose finger cannot be used. Absent: refuse. */
  vouching: z.enum(['refuse', 'accept']).exactOptional(),
  /**
   * Whether the word of the station is enough that a finger matched: readers that do not sign, through fprintd. Absent: it is not, and no such
   * reader is asked.
   */
  stationAsserted: z.enum(['refuse', 'accept']).exactOptional(),
  /** Failures in a row before each further try has to wait; the standard allows no more than five (NIST SP 800-63B-4). */
  failuresInARow: z.int().min(1).max(defaultFingerPolicy.failuresInARow).exactOptional(),
  /** How long each of them waits, seconds; the standard asks for 30 or more, and only a demo may have less. */
  pauseSeconds: z.int().min(1).max(3600).exactOptional(),
  /** Failures in a row after which the finger counts no more until it is enrolled anew; the standard allows no more than fifty. */
  failuresInAll: z.int().min(1).max(defaultFingerPolicy.failuresInAll).exactOptional(),
  /** Models that fingers may be enrolled on, instead of the list that comes with the program. */
  models: z
    .array(z.strictObject({ aaguid: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/), name: z.string().min(1).max(100) }))
    .max(100)
    .exactOptional(),
  /** SHA-256 (hex) of the makers' root certificates in the folder `readers` that attestations may lead to. Absent: none, and nobody can be enrolled. */
  roots: z
    .array(z.string().regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of a certificate in 64 lower-case hexadecimal digits'))
    .max(100)
    .exactOptional(),
});

export type FingerprintPolicy = z.infer<typeof fingerprintSchema>;

/** How often a finger may fail at this station. */
export function fingerPolicyOf(settings: FingerprintPolicy = {}): Required<Pick<FingerprintPolicy, keyof typeof defaultFingerPolicy>> {
  return {
    failuresInARow: settings.failuresInARow ?? defaultFingerPolicy.failuresInARow,
    pauseSeconds: settings.pauseSeconds ?? defaultFingerPolicy.pauseSeconds,
    failuresInAll: settings.failuresInAll ?? defaultFingerPolicy.failuresInAll,
  };
}
