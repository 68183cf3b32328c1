/** How a command talks: whole lines out, whole lines to the person (errors, progress). The last line feed may be left out. */
export interface CommandIo {
  out(text: string): void;
  err(text: string): void;
}

/** Turns parseArgs' complaints into one sentence; anything else goes on. */
export function usageError(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (!(error instanceof Error) || !code.startsWith('ERR_PARSE_ARGS')) return undefined;
  // What follows is advice on positional arguments, which nobody asked for.
  return `${error.message.replace(/\. To specify .*$/su, '')}.`;
}
