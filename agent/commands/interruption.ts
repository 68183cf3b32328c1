/** Ctrl+C as a signal: whoever waits for a device ends in order and says how things stand. A second one ends the program at once. */

/** Lends a signal that Ctrl+C (SIGINT) and SIGTERM abort. */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await run(controller.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
