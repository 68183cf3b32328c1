/** How a command talks: whole lines out, whole lines to the person (errors, progress). The last line feed may be left out. */
export interface CommandIo {
  out(text: string): void;
  err(text: string): void;
}
