/** The part of the configuration that says what holds for the finger of a holder. Whatever a station does not say is the stricter way. */
import * as z from 'zod';

export const fingerprintSchema = z.strictObject({
  /** Whether a member of staff may vouch for a holder whose finger cannot be used. Absent: refuse. */
  vouching: z.enum(['refuse', 'accept']).exactOptional(),
});

export type FingerprintPolicy = z.infer<typeof fingerprintSchema>;
