/** The key of a log that is about to be made: in a file, wrapped or not, or in a token. */
import { rm } from 'node:fs/promises';
import type { StationConfig } from './config.ts';
import { type LogKey, LogKeyRefused, makeLogKey } from './log/log-key.ts';
import { makeTokenKey, type NewTokenKey } from './log-token/make.ts';
import { StartRefused } from './refusals.ts';

/** How the key of the log is kept: wrapped by what is asked for, open to whoever reads the file, or in a token. */
export type KeyWrapping = (() => Promise<Uint8Array>) | 'unwrapped' | NewTokenKey;

/** A key that is made when the folders are there, and the way to undo that. */
export interface NewKey {
  readonly settings: Pick<StationConfig, 'logKey'>;
  make(): Promise<LogKey>;
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** Asks for what the key needs, before anything is made. Throws StartRefused. */
export async function keyFor(file: string, origin: string, wrapping: KeyWrapping): Promise<NewKey> {
  if (typeof wrapping === 'object') {
    const made = await makeTokenKey(wrapping, origin).catch((error: unknown) => {
      throw error instanceof LogKeyRefused ? new StartRefused(`The station is not made: ${error.message}.`, 2, error) : error;
    });
    return {
      settings: { logKey: made.settings },
      make: () => Promise.resolve(made.key),
      forget: () => made.forget(),
      close: () => made.close(),
    };
  }
  const passphrase = wrapping === 'unwrapped' ? undefined : await wrapping();
  let isMade = false;
  return {
    settings: {},
    async make() {
      const key = await makeLogKey(file, origin, passphrase);
      isMade = true;
      return key;
    },
    async forget() {
      if (isMade) await rm(file, { force: true });
    },
    close: () => Promise.resolve(),
  };
}
