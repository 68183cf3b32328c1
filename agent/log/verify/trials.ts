/** Diagnostic signatures: each ends once, after it was begun, in the same start of the agent. */
import { must } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';
import { Recent } from './recent.ts';

export class TrialRules implements Rules {
  /** Those that were begun since the last start of the agent and have not ended, the last of them: one is made at a time. */
  readonly #begun = new Recent<unknown, true>(1000);

  start(): void {
    this.#begun.clear();
  }

  take({ seq, op, fields }: Entry): void {
    if (op === 'token-test') this.#begun.set(seq, true);
    if (op !== 'token-tested') return;
    must(this.#begun.delete(fields.get('test')), `entry ${seq}: it ends no diagnostic signature that was begun and had not ended`);
  }
}
