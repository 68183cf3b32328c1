/** The members of staff of a station, until they are enrolled in the log: who has which card, and in which role. */
import * as z from 'zod';

export const staffRoles = ['clerk', 'supervisor', 'auditor', 'administrator'] as const;
export type StaffRole = (typeof staffRoles)[number];

/** Names that stand in the log for whoever is nobody in particular. */
const taken = new Set(['station', 'terminal']);

export interface StaffMember {
  /** A pseudonym: it stands in the log, where a name must not. */
  readonly id: string;
  readonly role: StaffRole;
  /** SHA-256 of the certificate on their token, hex. */
  readonly certificateSha256: string;
}

/** One person may have several certificates (a renewal), one certificate has one person; a person has one role. */
export const staffSchema = z
  .array(
    z.strictObject({
      id: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'must be letters, digits, "-" and "_", 64 at most')
        .refine((id) => !taken.has(id), 'stands for nobody in particular; choose another'),
      role: z.enum(staffRoles),
      certificateSha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits, as countersign tokens shows them'),
    }),
  )
  .max(200)
  .superRefine((members, context) => {
    members.forEach(({ id, role, certificateSha256 }, index) => {
      const before = members.slice(0, index);
      if (before.some((one) => one.certificateSha256 === certificateSha256))
        context.addIssue({ code: 'custom', path: [index, 'certificateSha256'], message: 'this certificate is somebody’s already' });
      if (before.some((one) => one.id === id && one.role !== role))
        context.addIssue({ code: 'custom', path: [index, 'role'], message: `"${id}" has another role already` });
    });
  });
