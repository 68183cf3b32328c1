/** Asks the second implementation of the log's rules, which throws where the first one says no. */
import { Wrong } from '../../../agent/log/verify/canonical.ts';

/** True when a check does not throw Wrong. Other errors are bugs and are thrown on. */
export function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof Wrong) return false;
    throw error;
  }
}
