/** The part of the configuration that says how documents are taken in and signed, and how classes of them differ. */
import * as z from 'zod';
import { commitments } from './contract/terms.ts';

/** Points. The smallest box has room for a name and for a QR code that telephones read from paper. */
const look = {
  width: z.number().min(140).max(600).exactOptional(),
  height: z.number().min(60).max(300).exactOptional(),
  language: z.enum(['en', 'de']).exactOptional(),
  code: z.boolean().exactOptional(),
};
const length = z.number().min(0).max(14_400);
const byHand = z.strictObject({ place: z.literal('by-hand'), ...look });
const fixed = z.strictObject({
  place: z.literal('fixed'),
  page: z
    .int()
    .min(-20_000)
    .max(20_000)
    .refine((page) => page !== 0, 'pages count from 1, and from -1 backwards from the end'),
  left: length,
  top: length,
  ...look,
});

const rules = {
  embeddedFiles: z.enum(['refuse', 'allow']).exactOptional(),
  missingFonts: z.enum(['warn', 'refuse']).exactOptional(),
};

const oneLine = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u;

const documentClass = z
  .strictObject({
    name: z.string().max(60).regex(oneLine),
    files: z.string().max(200).regex(oneLine),
    ...rules,
    appearance: z.discriminatedUnion('place', [byHand, fixed]).exactOptional(),
    field: z.string().min(1).max(200).exactOptional(),
    certify: z.boolean().exactOptional(),
    commitment: z.enum(commitments).exactOptional(),
    reason: z.string().max(200).regex(oneLine).exactOptional(),
    format: z.enum(['pades', 'cades', 'asic-s', 'asic-e']).exactOptional(),
  })
  .superRefine((found, context) => {
    const clash = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (found.reason !== undefined && found.commitment !== undefined)
      clash('commitment', 'a signature says why by a reason or by a commitment, not by both');
    if (found.field !== undefined && found.appearance !== undefined)
      clash('appearance', 'a field that is there has its own place and its own look');
    const isBeside = found.format !== undefined && found.format !== 'pades';
    if (isBeside && (found.field !== undefined || found.appearance !== undefined || found.certify === true || found.reason !== undefined))
      clash('format', 'a field, a look, a reason and a certification are for PDFs that are signed in themselves (pades)');
  });

/**
 * `documents` in station.json; what is left out is the stricter for packed files and for files that are no PDF, a remark for fonts, and no place for
 * signatures.
 */
export const documentsSchema = z.strictObject({
  ...rules,
  /** Files that are no PDF, and how they are signed. */
  otherFiles: z.enum(['refuse', 'allow']).exactOptional(),
  otherFormat: z.enum(['cades', 'asic-s', 'asic-e']).exactOptional(),
  /** What holds for documents whose class says nothing of it. */
  appearance: byHand.exactOptional(),
  classes: z
    .array(documentClass)
    .max(50)
    .superRefine((classes, context) => {
      const twice = classes.findIndex(({ name }, index) => classes.slice(0, index).some((earlier) => earlier.name === name));
      if (twice < 0) return;
      context.addIssue({
        code: 'custom',
        path: [twice, 'name'],
        message: `another class is named "${classes[twice]?.name ?? ''}" already`,
      });
    })
    .exactOptional(),
});
