/** Fields of the entries that tell of fingers. Each says who vouches: a reader by its signature, or the station alone. */
import * as z from 'zod';
import { count, hex, id32, name, seq, sha256, time, word } from './catalogue-fields.ts';

const signedByReader = z.literal('signed-by-reader');
/** No reader signed anything: that a finger matched is the word of the station. */
const stationAsserted = z.literal('station-asserted');
/** In a log that carries on another one: the entry there in which the finger was enrolled. What the reader signed names the origin of that log. */
const carried = z.strictObject({ entry: seq, entry_leaf: sha256 }).exactOptional();

export const fingerFields = {
  enrol: z.union([
    z.strictObject({
      // The holder's pseudonym, random: what stands as the actor's id in their later entries.
      subject: id32,
      certificate_sha256: sha256,
      credential_id: hex,
      public_key: hex,
      aaguid: id32,
      sign_count: count,
      assurance: signedByReader,
      attestation_format: z.string().min(1).max(64),
      authenticator_data: hex,
      attestation_statement: hex,
      carried,
    }),
    // The station keeps the prints, under the pseudonym; `fingers` in the order in which they are asked for, `reader` by its product name.
    z.strictObject({
      subject: id32,
      certificate_sha256: sha256,
      assurance: stationAsserted,
      reader: name,
      fingers: z.array(word).min(2).max(10),
      carried,
    }),
  ]),
  'finger-matched': z.union([
    z.strictObject({
      consent_sha256: sha256,
      credential_id: hex,
      authenticator_data: hex,
      client_data_hash: sha256,
      signature: hex,
      sign_count: count,
      assurance: signedByReader,
    }),
    // `matched_at`: when the reader said so, by the station's clock.
    z.strictObject({ consent_sha256: sha256, assurance: stationAsserted, reader: name, finger: word, matched_at: time }),
  ]),
} as const;
