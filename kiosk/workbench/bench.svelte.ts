/** The workbench's line to the agent's virtual devices. */
import type { WorkbenchAction, WorkbenchState } from '../../agent/contract/api.ts';
import { session } from '../session.svelte.ts';

const pollMs = 1000;

class Bench {
  state = $state.raw<WorkbenchState>();

  /** Asks once a second; returns how to end that. */
  open(): () => void {
    void this.refresh();
    const timer = setInterval(() => void this.refresh(), pollMs);
    return () => clearInterval(timer);
  }

  async act(action: WorkbenchAction): Promise<void> {
    try {
      await fetch('/workbench/actions', {
        method: 'POST',
        headers: { ...session.headers(), 'content-type': 'application/json' },
        body: JSON.stringify(action),
      });
    } catch {
      // The kiosk's cover tells that the agent is away.
    }
    await this.refresh();
  }

  async refresh(): Promise<void> {
    if (session.message === undefined) return;
    try {
      const response = await fetch('/workbench/state', { headers: session.headers() });
      // The agent's contract is the type.
      if (response.ok) this.state = (await response.json()) as WorkbenchState;
    } catch {
      // The kiosk's cover tells that the agent is away.
    }
  }
}

export const bench = new Bench();
