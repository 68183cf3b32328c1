/** A person's hands on the virtual devices: inserts and pulls cards, lays fingers on the key, pulls its plug. Served by demo stations only. */
import type { WorkbenchAction, WorkbenchState } from '../contract/api.ts';
import type { WorkbenchPort } from '../http/ports.ts';
import type { LogStore } from '../log/store.ts';
import { demoCards, fingers } from './catalogue.ts';
import type { VirtualDevices } from './hardware.ts';

/** INS of GENERAL AUTHENTICATE (NIST SP 800-73-4 part 2, section 3.2.4): the command that signs. */
const generalAuthenticate = 0x87;
/** Entries of the log's tail that the panel shows. */
const tail = 12;

export class Workbench implements WorkbenchPort {
  readonly #devices: VirtualDevices;
  readonly #log: LogStore;

  constructor(devices: VirtualDevices, log: LogStore) {
    this.#devices = devices;
    this.#log = log;
  }

  async state(): Promise<WorkbenchState> {
    const inserted = this.#inserted();
    const entries = this.#log.isOpen ? await this.#log.entries({ newestFirst: true, limit: tail }) : [];
    return {
      cards: demoCards.map(({ id, title, pin }) => ({ id, title, pin })),
      ...(inserted === undefined ? {} : { inserted }),
      fingers: fingers.map((finger) => ({ ...finger })),
      fingerprintReaderPlugged: this.#devices.key.plugged,
      log: entries.toReversed().map(({ seq, at, event }) => ({
        seq,
        op: event.op,
        at: at.time,
        ...('problem' in event ? { problem: event.problem } : {}),
      })),
    };
  }

  async act(action: WorkbenchAction): Promise<boolean> {
    const { reader, cards, key } = this.#devices;
    switch (action.type) {
      case 'insert-card': {
        const card = cards.get(action.card);
        if (card === undefined || reader.inserted[0] !== undefined) return false;
        await reader.insert(card);
        return true;
      }
      case 'remove-card':
        if (reader.inserted[0] === undefined) return false;
        await reader.remove();
        return true;
      case 'pull-card-while-signing': {
        const card = cards.get(this.#inserted() ?? '');
        card?.faults.pullAt(generalAuthenticate);
        return card !== undefined;
      }
      case 'touch':
        return key.touch(action.finger);
      case 'unplug-fingerprint-reader':
        if (!key.plugged) return false;
        key.unplug();
        return true;
      case 'plug-fingerprint-reader':
        if (key.plugged) return false;
        key.plug();
        return true;
    }
  }

  /** Id of the card that is in, by the very object that was put in. */
  #inserted(): string | undefined {
    for (const [id, card] of this.#devices.cards) if (this.#devices.reader.inserted.includes(card)) return id;
    return undefined;
  }
}
