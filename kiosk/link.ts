/** What a screen can ask of the agent; the gallery puts sample answers in its place. */
import { createContext } from 'svelte';
import type { Action } from '../agent/contract/api.ts';
import type { SendResult } from './connection.ts';

export interface Link {
  act(action: Action): Promise<SendResult>;
  /** Takes the body over and zeroes it. */
  sendPin(body: Uint8Array<ArrayBuffer>): Promise<SendResult>;
  fetchDocument(id: string): Promise<Uint8Array<ArrayBuffer>>;
}

export const [useLink, provideLink] = createContext<Link>();
