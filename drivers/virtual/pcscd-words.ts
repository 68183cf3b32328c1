/** What pcscd says in its log, understood: it is ready, readers and cards come and go. */
import { portTaken } from './pcscd-process.ts';

export interface PlaceOfReader {
  readonly name: string;
  /** The first of its two ports. */
  readonly port: number;
}

type Change = 'plugged' | 'unplugged';

/** A reader's name in pcscd is followed by its number and that of the slot. */
const named = /^(.*) [0-9A-F]{2} 0([01])$/u;

export class PcscdWords {
  /** Undefined when pcscd is ready, or what went wrong. */
  readonly ready: Promise<string | undefined>;
  readonly #readers: readonly PlaceOfReader[];
  readonly #onCard: (reader: number, slot: 0 | 1, present: boolean) => void;
  readonly #waiting = new Map<string, (failure: string | undefined) => void>();
  /** The reader whose second slot is being started. */
  #starting = -1;

  constructor(readers: readonly PlaceOfReader[], onCard: (reader: number, slot: 0 | 1, present: boolean) => void) {
    this.#readers = readers;
    this.#onCard = onCard;
    this.ready = this.#wait('ready');
  }

  /** Resolves when that has happened to a reader, or with what went wrong. */
  expect(change: Change, reader: number): Promise<string | undefined> {
    return this.#wait(`${change} ${reader}`);
  }

  /** Must be called with every line. */
  hear(line: string): void {
    const [, what, text] =
      /(Card inserted into|Card Removed From|Attempting startup of|Attempting shutdown of) (.*?)(?: using .*|\.)?$/u.exec(line) ?? [];
    if (what !== undefined && text !== undefined) this.#reader(what, text);
    else if (line.endsWith('daemon ready.')) this.#tell('ready', undefined);
    else if (line.includes('Using the pcscd polling thread')) this.#tell(`plugged ${this.#starting}`, undefined);
    else if (line.includes('Could not initialize connection to virtual ICC')) {
      for (const wanted of [...this.#waiting.keys()]) this.#tell(wanted, portTaken);
    }
  }

  #reader(what: string, text: string): void {
    const [, name, digit] = named.exec(text) ?? [];
    const reader = this.#readers.findIndex((one) => one.name === name);
    if (reader < 0) return;
    const slot = digit === '0' ? 0 : 1;
    if (what === 'Card inserted into') this.#onCard(reader, slot, true);
    else if (what === 'Card Removed From') this.#onCard(reader, slot, false);
    else if (what === 'Attempting startup of') this.#starting = slot === 1 ? reader : -1;
    else if (slot === 1) this.#tell(`unplugged ${reader}`, undefined);
  }

  #wait(wanted: string): Promise<string | undefined> {
    return new Promise((resolve) => this.#waiting.set(wanted, resolve));
  }

  #tell(wanted: string, failure: string | undefined): void {
    this.#waiting.get(wanted)?.(failure);
    this.#waiting.delete(wanted);
  }
}
