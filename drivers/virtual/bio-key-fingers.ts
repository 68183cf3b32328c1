/**
 * authenticatorBioEnrollment of a virtual bio key (CTAP 2.1 section 6.7): enrols a finger in several samples, lists, names and removes the enrolled ones.
 * A finger is told from another by its name, so the answers to samples are those of a sensor that never errs.
 */
import { randomBytes } from 'node:crypto';
import { CborFields, type CborMap, type CborValue, encodeCbor } from '../fido/cbor.ts';
import { ctapStatus } from '../fido/status.ts';
import type { Task } from './bio-key-hid.ts';
import type { Person } from './bio-key-person.ts';
import { Refusal } from './bio-key-refusal.ts';
import type { FingerTemplates } from './bio-key-templates.ts';
import { type TokenDesk, tokenPermission } from './bio-key-token.ts';

const subCommand = { begin: 1, next: 2, cancel: 3, enumerate: 4, setName: 5, remove: 6, sensorInfo: 7 } as const;
/** lastEnrollSampleStatus of what no manner of laying a finger on can bring about (section 6.7.3). */
const sampleStatus = { good: 0x00, mergeFailure: 0x0a, exists: 0x0b, noUserActivity: 0x0d } as const;
const fingerprintModality = 1;
/** fingerprintKind: a sensor that is touched, not swiped over. */
const touchSensor = 1;
const maxNameBytes = 64;

interface Pending {
  readonly id: Uint8Array;
  /** Undefined until the first good sample says which finger it is. */
  finger: string | undefined;
  remaining: number;
}

export class FingerEnrolment {
  readonly #templates: FingerTemplates;
  readonly #desk: TokenDesk;
  readonly #person: Person;
  readonly #samples: number;
  #pending: Pending | undefined;

  /** `samples`: good ones that a finger takes. */
  constructor(templates: FingerTemplates, desk: TokenDesk, person: Person, samples: number) {
    this.#templates = templates;
    this.#desk = desk;
    this.#person = person;
    this.#samples = samples;
  }

  powerCycle(): void {
    this.#pending = undefined;
  }

  async handle(fields: CborFields, task: Task): Promise<CborMap> {
    if (fields.optionalBoolean(6) === true) return new Map([[1, fingerprintModality]]);
    const wanted = fields.integer(2);
    if (fields.integer(1) !== fingerprintModality) throw new Refusal(ctapStatus.invalidParameter);
    const params = fields.has(3) ? fields.map(3) : new CborFields(new Map(), 'parameters');
    switch (wanted) {
      case subCommand.sensorInfo:
        return new Map([
          [2, touchSensor],
          [3, this.#samples],
          [8, maxNameBytes],
        ]);
      case subCommand.cancel:
        this.#pending = undefined;
        return new Map();
      case subCommand.begin:
        this.#authenticate(fields, wanted);
        return this.#begin(params, task);
      case subCommand.next:
        this.#authenticate(fields, wanted);
        return this.#next(params, task);
      case subCommand.enumerate:
        this.#authenticate(fields, wanted);
        return this.#enumerate();
      case subCommand.setName:
        this.#authenticate(fields, wanted);
        return this.#setName(params);
      case subCommand.remove:
        this.#authenticate(fields, wanted);
        if (!this.#templates.remove(params.bytes(1))) throw new Refusal(ctapStatus.invalidOption);
        return new Map();
      default:
        throw new Refusal(ctapStatus.invalidSubcommand);
    }
  }

  /** The token must have the permission `be` and authenticate 0x01 || subCommand || parameters, where there are any. */
  #authenticate(fields: CborFields, wanted: number): void {
    const param = fields.optionalBytes(5);
    if (param === undefined) throw new Refusal(ctapStatus.puatRequired);
    // Only canonical CBOR came in, so encoding the parameters again gives the bytes that were sent.
    const params = fields.has(3) ? encodeCbor(fields.raw(3) as CborValue) : new Uint8Array(0);
    const message = Buffer.concat([Uint8Array.of(fingerprintModality, wanted), params]);
    this.#desk.check({ version: fields.integer(4), param, message }, { permission: tokenPermission.bioEnrollment });
  }

  async #begin(params: CborFields, task: Task): Promise<CborMap> {
    this.#pending = undefined;
    if (this.#templates.full) throw new Refusal(ctapStatus.fingerprintDatabaseFull);
    const pending: Pending = { id: randomBytes(8), finger: undefined, remaining: this.#samples };
    const sample = await this.#sample(pending, params, task);
    if (pending.remaining > 0) this.#pending = pending;
    return new Map<number, CborValue>([[4, pending.id], ...sample]);
  }

  async #next(params: CborFields, task: Task): Promise<CborMap> {
    const pending = this.#pending;
    if (pending === undefined || Buffer.compare(pending.id, params.bytes(1)) !== 0) throw new Refusal(ctapStatus.invalidOption);
    const sample = await this.#sample(pending, params, task);
    if (pending.remaining === 0) this.#pending = undefined;
    return sample;
  }

  /** Takes one sample and says how it was; the last good one makes the template. */
  async #sample(pending: Pending, params: CborFields, task: Task): Promise<ReadonlyMap<number, CborValue>> {
    const touch = await this.#person.sample(task, params.optionalInteger(3));
    const status = touch === undefined ? sampleStatus.noUserActivity : this.#judge(pending, touch);
    if (touch !== undefined && status === sampleStatus.good) {
      pending.finger = touch.finger;
      pending.remaining -= 1;
      if (pending.remaining === 0) this.#templates.add({ id: pending.id, finger: touch.finger });
    }
    return new Map([
      [5, status],
      [6, pending.remaining],
    ]);
  }

  #judge({ finger }: Pending, touch: { readonly finger: string; readonly sample: number }): number {
    if (touch.sample !== sampleStatus.good) return touch.sample;
    if (this.#templates.fingers.has(touch.finger)) return sampleStatus.exists;
    return finger === undefined || finger === touch.finger ? sampleStatus.good : sampleStatus.mergeFailure;
  }

  #enumerate(): CborMap {
    if (this.#templates.all.length === 0) throw new Refusal(ctapStatus.invalidOption);
    // A finger without a name has an empty one: clients of others fail at a template that has none.
    const listed = this.#templates.all.map(
      ({ id, name }) =>
        new Map<number, CborValue>([
          [1, id],
          [2, name ?? ''],
        ]),
    );
    return new Map([[7, listed]]);
  }

  #setName(params: CborFields): CborMap {
    const name = params.text(2);
    if (Buffer.byteLength(name) > maxNameBytes) throw new Refusal(ctapStatus.invalidLength);
    if (!this.#templates.rename(params.bytes(1), name)) throw new Refusal(ctapStatus.invalidOption);
    return new Map();
  }
}
