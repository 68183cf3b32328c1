/**
 * What stands in an entry for personal fields that are sealed: for each tier a key id, a commitment and the hash of the ciphertext. It says
 * nothing about the person, and stays when the person is erased.
 */
import * as z from 'zod';
import { NotCanonical } from './record.ts';

/** Who may read: `operations` clerks and above, `supervision` supervisors and auditors, `audit` auditors alone. */
export const tiers = ['operations', 'supervision', 'audit'] as const;
export type Tier = (typeof tiers)[number];

/** Personal fields are padded to a multiple of this, bytes. */
export const padTo = 256;
/** Authentication tag of AES-GCM at the end of a ciphertext, bytes. */
export const tagLength = 16;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Id of a data key: 32 hex digits, random, so that it tells nothing about the key. */
export const kidSchema = z.string().regex(/^[0-9a-f]{32}$/);

/** Pseudonym of the person whom sealed fields are about: 32 hex digits, random, as `enrol` makes it. */
export const subjectSchema = z.string().regex(/^[0-9a-f]{32}$/);

const sealedField = z.strictObject({
  tier: z.enum(tiers),
  kid: kidSchema,
  /** Commitment to the fields, see `commitment` in `sealing.ts`. */
  cm: sha256,
  /** SHA-256 of the ciphertext with its tag, as it is stored. */
  ct: sha256,
  /** Bytes of that ciphertext: a multiple of 256, and 16 for the tag. */
  len: z
    .int()
    .min(padTo + tagLength)
    .max(2 ** 16 + tagLength)
    .refine((len) => len % padTo === tagLength),
});
export type SealedField = z.infer<typeof sealedField>;

/** `sealed` of an entry: one to three parts, each tier at most once, in the order of `tiers`. */
export const sealedSchema = z
  .array(sealedField)
  .min(1)
  .max(tiers.length)
  .refine((parts) => parts.every(({ tier }, index) => index === 0 || tiers.indexOf(tier) > tiers.indexOf(parts[index - 1]?.tier ?? tier)), {
    message: 'a tier stands twice or out of order',
  });

/** Reads `sealed` of an entry. Throws NotCanonical. */
export function parseSealed(value: unknown): readonly SealedField[] {
  const result = sealedSchema.safeParse(value);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => `${['sealed', ...issue.path].join('.')}: ${issue.message}`);
  throw new NotCanonical(fields.join('; '), { cause: result.error });
}
