/**
 * The one vendor module of a host: loaded once, initialized once, held for ever (a binding that is garbage-collected unloads the library).
 * Only the host imports this file.
 */
import { PKCS11, type Handle } from 'pkcs11js';
import type { DeviceErrorCode } from '../errors.ts';
import { attribute, ckr, dontBlock, flag, objectClass, osLockingOk } from './cryptoki.ts';
import type { TokenFacts } from './protocol.ts';

export type { Handle } from 'pkcs11js';

/** A call that failed, with the number the module returned, or with the cause where the host knows it. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly during: string;
  readonly ckr: number | undefined;
  readonly code: DeviceErrorCode | undefined;
  /** CK_TOKEN_INFO flags of after the failure, where the token was asked for them. */
  flags: number | undefined;

  constructor(during: string, message: string, reason: { ckr?: number; code?: DeviceErrorCode; cause?: unknown } = {}) {
    super(message, { cause: reason.cause });
    this.during = during;
    this.ckr = reason.ckr;
    this.code = reason.code;
  }
}

/** Runs one call; whatever it throws becomes a CallError. C_FindObjects of the binding throws plain errors that carry the number in their text only. */
export function call<T>(during: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const own =
      cause instanceof Error && 'code' in cause && typeof cause.code === 'number' && text.startsWith('CKR_') ? cause.code : undefined;
    const inText = /\bCKR_\w+:(\d+)/.exec(text)?.[1];
    const value = own ?? (inText === undefined ? undefined : Number(inText));
    const reason = value === undefined ? { cause } : { ckr: value, cause };
    throw new CallError(during, `${during}: ${text.split('\n', 1)[0] ?? ''}`, reason);
  }
}

const askAgainMs = 2000;
/** Looks at the slots that are repeated because something happened meanwhile; bounded, should a module report the same event for ever. */
const looksAgain = 4;
const eventsAtOnce = 64;

/** A slot with a token in it. */
export interface FilledSlot {
  readonly slot: Handle;
  readonly facts: TokenFacts;
}

export class VendorModule {
  readonly binding = new PKCS11();
  /** Who was in which slot at the last look. */
  #seen = new Map<string, TokenFacts>();
  #askedAt = 0;
  /** Nothing is new at the first look: whoever is in then may have been in for long, also when the module reports an event for it. */
  #lookedOnce = false;
  #insertions = 0;
  #slots: readonly string[] = [];
  readonly #slotEvents: boolean;
  /** Name from the configuration. */
  readonly name: string;

  /** Loads and initializes the library. Throws CallError; the object must not be used after that (a call on it would crash). */
  constructor(name: string, path: string, slotEvents: boolean) {
    this.name = name;
    this.#slotEvents = slotEvents;
    call('load', () => this.binding.load(path));
    call('C_Initialize', () => this.binding.C_Initialize({ flags: osLockingOk }));
  }

  /** What the library says of itself, for a person. */
  get library(): string {
    const info = call('C_GetInfo', () => this.binding.C_GetInfo());
    return `${trimmed(info.libraryDescription)} ${info.libraryVersion.major}.${info.libraryVersion.minor}, ${trimmed(info.manufacturerID)}`;
  }

  /** The names of all slots at the last look, empty ones too: a slot that is missing has lost its reader. */
  get slots(): readonly string[] {
    return this.#slots;
  }

  /**
   * The tokens that are in the slots now. A card that the module does not know is listed too, and says so. C_GetTokenInfo may send a command to
   * the card, and in OpenSC one that meets a card just pulled leaves a lock behind and hangs; so a token is asked again only after an event in
   * its slot or, where a module tells of none, after a while.
   */
  tokens(): readonly FilledSlot[] {
    this.#forgetChanged();
    let filled = this.#look();
    // What happened during the look is in it or not; after a look without an event there is none left that belongs to what was seen.
    for (let again = 0; again < looksAgain && this.#slotEvents && this.#forgetChanged(); again++) filled = this.#look();
    this.#lookedOnce = true;
    return filled;
  }

  #look(): readonly FilledSlot[] {
    const filled: FilledSlot[] = [];
    const slots: string[] = [];
    const before = this.#seen;
    const stale = !this.#slotEvents && Date.now() - this.#askedAt > askAgainMs;
    this.#seen = new Map();
    // Asked for all slots: a card that is not recognised is left out of the list of slots with a token.
    for (const slot of call('C_GetSlotList', () => this.binding.C_GetSlotList(false))) {
      const info = slotInfo(() => this.binding.C_GetSlotInfo(slot));
      if (info === undefined) continue;
      const description = trimmed(info.slotDescription);
      slots.push(description);
      if ((info.flags & flag.slotTokenPresent) === 0) continue;
      const known = before.get(slot.toString('hex'));
      const facts = known !== undefined && !stale ? known : this.#factsIfTold(slot, description, known);
      if (facts === undefined) continue;
      this.#seen.set(slot.toString('hex'), facts);
      filled.push({ slot, facts });
    }
    this.#slots = slots;
    return filled;
  }

  /** Asks a token anew who it is and how its PIN stands. Nothing when it has gone. */
  refresh({ slot, facts }: FilledSlot): FilledSlot | undefined {
    const now = this.#facts(slot, facts.slot, facts.insertion);
    if (now === undefined) this.#seen.delete(slot.toString('hex'));
    else this.#seen.set(slot.toString('hex'), now);
    return now === undefined ? undefined : { slot, facts: now };
  }

  /**
   * Forgets who was in a slot that something happened to: a token that was out and back, or exchanged, between two looks is noticed by nothing
   * else. True when something happened. A module that tells no events never notices a token that was out and back within one pause; one
   * exchanged for another it notices when it is asked again.
   */
  #forgetChanged(): boolean {
    if (!this.#slotEvents) return false;
    for (let events = 0; events < eventsAtOnce; events++) {
      const slot = call('C_WaitForSlotEvent', () => this.binding.C_WaitForSlotEvent(dontBlock));
      if (slot === null) return events > 0;
      this.#seen.delete(slot.toString('hex'));
    }
    return true;
  }

  /** A token that fails when it is asked who it is: nobody else, while the slot says that it is in; and it spoils no look at the others. */
  #factsIfTold(slot: Handle, description: string, known: TokenFacts | undefined): TokenFacts | undefined {
    const before = this.#insertions;
    try {
      return this.#facts(slot, description, known?.insertion);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      return known ?? unknownCard(description, this.#insertions > before ? this.#insertions : 0);
    }
  }

  /** `insertion`: of the token that was in this slot and may be there still; absent for one that came in. */
  #facts(slot: Handle, description: string, insertion = this.#lookedOnce ? ++this.#insertions : 0): TokenFacts | undefined {
    try {
      this.#askedAt = Date.now();
      const token = call('C_GetTokenInfo', () => this.binding.C_GetTokenInfo(slot));
      // SoftHSM lists an empty place for the next token; nothing can be read from it.
      if ((token.flags & flag.tokenInitialized) === 0) return undefined;
      return {
        recognised: true,
        insertion,
        slot: description,
        label: trimmed(token.label),
        manufacturer: trimmed(token.manufacturerID),
        model: trimmed(token.model),
        serial: trimmed(token.serialNumber),
        flags: token.flags,
        minPinLength: token.minPinLen,
        maxPinLength: token.maxPinLen,
      };
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (error.ckr === ckr.tokenNotRecognized) return unknownCard(description, insertion);
      // Pulled between the two calls.
      if (error.ckr === ckr.tokenNotPresent || error.ckr === ckr.deviceRemoved) return undefined;
      throw error;
    }
  }

  /** All objects of a class in a session, only those with one CKA_ID where that is known. */
  objects(session: Handle, kind: keyof typeof objectClass, ckaId: Uint8Array = Buffer.alloc(0)): readonly Handle[] {
    const id = ckaId.length === 0 ? [] : [{ type: attribute.id, value: Buffer.from(ckaId) }];
    const wanted = [{ type: attribute.class, value: objectClass[kind] }, ...id];
    call('C_FindObjectsInit', () => this.binding.C_FindObjectsInit(session, wanted));
    try {
      const found: Handle[] = [];
      for (;;) {
        const some = call('C_FindObjects', () => this.binding.C_FindObjects(session, 64));
        found.push(...some);
        if (some.length === 0 || found.length > 4096) return found;
      }
    } finally {
      call('C_FindObjectsFinal', () => this.binding.C_FindObjectsFinal(session));
    }
  }

  /** One attribute, or nothing when the object has none of it. Asked one by one: one that is missing spoils the whole answer. */
  attribute(session: Handle, object: Handle, type: number): Buffer | undefined {
    try {
      const value = call('C_GetAttributeValue', () => this.binding.C_GetAttributeValue(session, object, [{ type }]))[0]?.value;
      return Buffer.isBuffer(value) ? value : undefined;
    } catch (error) {
      if (error instanceof CallError && (error.ckr === ckr.attributeTypeInvalid || error.ckr === ckr.attributeSensitive)) return undefined;
      throw error;
    }
  }

  /** Ends the library's work; the card is reset by OpenSC here. */
  finalize(): void {
    call('C_Finalize', () => this.binding.C_Finalize());
  }
}

/** C_GetSlotInfo; nothing when the slot has left with its reader since it was listed. */
function slotInfo<T>(ask: () => T): T | undefined {
  try {
    return call('C_GetSlotInfo', ask);
  } catch (error) {
    if (error instanceof CallError && error.ckr !== undefined && readerGone.includes(error.ckr)) return undefined;
    throw error;
  }
}

const readerGone: readonly number[] = [ckr.slotIdInvalid, ckr.deviceRemoved, ckr.tokenNotPresent];

function unknownCard(slot: string, insertion: number): TokenFacts {
  return {
    recognised: false,
    insertion,
    slot,
    label: '',
    manufacturer: '',
    model: '',
    serial: '',
    flags: 0,
    minPinLength: 0,
    maxPinLength: 0,
  };
}

/** Fields are padded with blanks, or with zeros by modules that know no better. */
function trimmed(padded: string): string {
  return padded.replace(/[\0 ]+$/u, '');
}
