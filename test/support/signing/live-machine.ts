/** A signing machine that really runs, on a clock that a test turns, with actors that wait until the test answers for them. */
import { createActor, type Actor, SimulatedClock } from 'xstate';
import { type SigningMachine, signingMachine } from '../../../agent/signing/machine.ts';
import type { ReadTokenOutput } from '../../../agent/signing/asked.ts';
import type { Limits, VisitEvent } from '../../../agent/signing/model.ts';
import { publicState, visitState } from '../../../agent/signing/view.ts';
import {
  ada,
  answers,
  consentedVouched,
  contract,
  firstKey,
  limits,
  machineInput,
  secondKey,
  typedPin,
  vouchedKey,
} from './visit-facts.ts';
import { WaitingActors } from './waiting-actors.ts';

/** The places of a visit that a test may begin from. */
export type Place = ReturnType<LiveMachine['name']>;

export class LiveMachine extends WaitingActors {
  readonly clock = new SimulatedClock();
  readonly actor: Actor<SigningMachine>;

  constructor(more: Partial<Limits> = {}) {
    super();
    const machine = signingMachine.provide({ actors: this.actors });
    this.actor = createActor(machine, { input: { ...machineInput(), limits: { ...limits, ...more } }, clock: this.clock });
    this.actor.start();
    this.send({ type: 'inbox', documents: [contract], refused: [] });
  }

  get snapshot() {
    return this.actor.getSnapshot();
  }

  get screen() {
    return publicState(this.snapshot);
  }

  name() {
    return visitState(this.snapshot);
  }

  send(event: VisitEvent): void {
    this.actor.send(event);
  }

  /** Lets time pass second by second, because a timer that starts another one counts from where the clock stands. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 1000) this.clock.increment(Math.min(left, 1000));
  }

  /** Walks as a holder does until a state is reached; `read` is what the token tells. */
  async walkTo(
    target: Place,
    read: ReadTokenOutput = {
      ...answers.readToken,
      ...(target === 'choosingCertificate' ? { keys: [firstKey, secondKey] } : target === 'takingVouch' ? { keys: [vouchedKey] } : {}),
    },
  ): Promise<this> {
    const steps: readonly (() => Promise<void> | void)[] = [
      () => this.send({ type: 'begin' }),
      () => this.send({ type: 'tokens', tokens: [ada] }),
      () => this.answer('readToken', read),
      () =>
        this.name() === 'choosingCertificate'
          ? this.send({ type: 'choose-certificate', certificateSha256: firstKey.certificateSha256 })
          : undefined,
      () => this.send({ type: 'choose-documents', documentIds: [contract.id] }),
      () => this.answer('openDocument', answers.openDocument),
      () => this.send({ type: 'reviewed' }),
      () => this.send({ type: 'consent', digests: [contract.digest] }),
      () => this.answer('recordConsent', this.snapshot.context.key?.vouch === undefined ? answers.recordConsent : consentedVouched(7)),
      () => this.answer('prepare', answers.prepare),
      () => this.answer(this.name() === 'takingVouch' ? 'takeVouch' : 'verifyFinger'),
      () => (this.name() === 'lastTry' ? this.send({ type: 'continue' }) : undefined),
      () => (this.name() === 'enteringPin' ? this.typePin() : undefined),
      () => this.answer('sign', answers.sign),
      () => this.answer('check', answers.check),
      () => this.answer('save', answers.save),
      () => this.send({ type: 'continue' }),
      () => this.send({ type: 'tokens', tokens: [] }),
    ];
    for (const step of steps) {
      if (this.name() === target) return this;
      await step();
    }
    if (this.name() !== target) throw new Error(`the visit does not come to ${target}, it is in ${this.name()}`);
    return this;
  }

  typePin(): void {
    this.send({ type: 'pin', pin: typedPin() });
  }
}
