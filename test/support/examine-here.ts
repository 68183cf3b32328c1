/** Examines documents in the process of the test, where a process for each would only cost time. */
import { type Examining, examine } from '../../agent/documents/intake.ts';
import { type IntakePolicy, defaultIntakePolicy } from '../../agent/documents/intake-policy.ts';

export function examineHere(policy: IntakePolicy = defaultIntakePolicy): Examining {
  return {
    policy,
    examine: (bytes) => Promise.resolve(examine(bytes, policy)),
    look: async (_size, pieces) => {
      const parts: Uint8Array[] = [];
      for await (const piece of pieces) parts.push(piece);
      return examine(new Uint8Array(Buffer.concat(parts)), policy);
    },
  };
}
