/** Which signature of a file a timestamp is for; what kind of file it is, its content says. */
import { kindOfSigned } from '../documents/signed-file.ts';
import { TimestampRefused } from '../documents/timestamp-answer.ts';
import type { Stampable } from '../documents/timestamp-apply.ts';
import { stampableInContainer } from '../documents/timestamp-asic.ts';
import { stampableDetached } from '../documents/timestamp-cades.ts';
import { findStampable } from '../documents/timestamp-pdf.ts';

/** The signature that can take a timestamp: in a PDF the one of this field, in a container the one of this path, or the last one. Throws TimestampRefused. */
export function stampableFile(bytes: Uint8Array, field: string | undefined): Stampable {
  switch (kindOfSigned(bytes)) {
    case 'pdf':
      return findStampable(bytes, field);
    case 'detached':
      if (field !== undefined) throw new TimestampRefused('This file holds one signature, and no fields that could be named.');
      return stampableDetached(bytes);
    case 'container':
      return stampableInContainer(bytes, field);
  }
}
