/**
 * What the HTTP room is given. Whoever wires the station implements these; the room itself knows no visit, no document and no device.
 */
import type { Secret } from '../../drivers/secret.ts';
import type { Action, WorkbenchAction, WorkbenchState } from '../contract/api.ts';
import type { StateMessage } from '../contract/state.ts';

/** The one visit that is going on at this station. */
export interface VisitPort {
  /** The newest message; its `seq` rises by one with each. */
  message(): StateMessage;
  /** Calls back with every later message, in order. Returns the way to stop. */
  subscribe(listener: (message: StateMessage) => void): () => void;
  /** False when the state does not take this action now. */
  act(action: Action): boolean;
  /** Whether the visit waits for a PIN that is typed on the screen. */
  takesPin(): boolean;
  /** Hands the PIN over, whose owner is then the visit. False when it does not want it: then it stays the caller's, who wipes it. */
  enterPin(pin: Secret): boolean;
  /** The very bytes that will be signed, while that document is being reviewed. */
  documentBytes(documentId: string): Uint8Array | undefined;
}

/** The virtual hardware of a demo station. */
export interface WorkbenchPort {
  state(): Promise<WorkbenchState>;
  /** False when it cannot be done now (no card is in, the reader is not plugged in). */
  act(action: WorkbenchAction): Promise<boolean>;
}
