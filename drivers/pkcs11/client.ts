/**
 * The agent's side of one module: jobs one after the other, each with a deadline; a host that overruns is killed and replaced; a module that
 * keeps dying is put aside. A host that was given a PIN is never used again; its replacement is started while it works.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HostProcess } from './child.ts';
import { exchange, HostLost, killMs, type Deadlines, type OnPad } from './exchange.ts';
import type { HostReply, HostRequest, KeyJob } from './protocol.ts';

export type ModuleState = 'starting' | 'ready' | 'bad';

export interface ModuleHealth {
  readonly name: string;
  readonly state: ModuleState;
  /** What the library says of itself, once it was loaded. */
  readonly library?: string;
  /** What went wrong last, for staff: never shown to a holder. */
  readonly problem?: string;
  /** The process that holds the module now. */
  readonly pid?: number;
}

export interface ClientOptions {
  readonly name: string;
  readonly path: string;
  /** C_WaitForSlotEvent of this module can be believed. */
  readonly slotEvents: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly deadlines: Deadlines;
  /** How long a module that keeps dying is left alone. */
  readonly coolDownMs: number;
}

type Job = Exclude<Extract<HostRequest, { readonly id: number }>, KeyJob>;
type JobOf<T> = T extends Job ? Omit<T, 'id'> : never;
/** What ends a job. */
export type Outcome = Extract<HostReply, { readonly type: 'listed' | 'contents' | 'signed' | 'failed' }>;

/** A host that is lent out for jobs under one PIN. */
export interface Lease {
  /** Which host it is. */
  readonly host: number;
  /** True once it was not asked for anything for too long and was ended for that. */
  readonly idledOut: boolean;
  /** Sends a job before it returns. Rejects with HostLost when there is no answer. */
  ask(job: JobOf<Job>, onPad?: OnPad): Promise<Outcome>;
  /** Ends the host; resolves when it is gone. May be called again; never rejects. */
  giveBack(): Promise<void>;
}

const faultWindowMs = 60_000;
const faultsUntilBad = 3;
const backOffMs = [0, 200, 1000];

export class ModuleClient {
  readonly #options: ClientOptions;
  readonly #alive = new Set<HostProcess>();
  #host: HostProcess | undefined;
  #spare: HostProcess | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #nextId = 1;
  #faults: number[] = [];
  #badUntil = 0;
  #state: 'starting' | 'ready' = 'starting';
  #library: string | undefined;
  #problem: string | undefined;
  #closed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  health(): ModuleHealth {
    const pid = this.#host?.pid;
    return {
      name: this.#options.name,
      state: this.isBad() ? 'bad' : this.#state,
      ...(this.#library === undefined ? {} : { library: this.#library }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
      ...(pid === undefined ? {} : { pid }),
    };
  }

  /** True while the module is put aside. */
  isBad(): boolean {
    return Date.now() < this.#badUntil;
  }

  /** Ends a job that hangs (see `HostProcess.giveUp`), if that host is still at it. */
  giveUp(host: number): void {
    for (const one of this.#alive) if (one.number === host) one.giveUp();
  }

  /** Forgives a module that was put aside. */
  reset(): void {
    this.#faults = [];
    this.#badUntil = 0;
  }

  /** Runs one job when its turn comes, made for the host (by its number) that does it. Rejects with HostLost when there is no answer. */
  run(job: (host: number) => JobOf<Job>): Promise<Outcome> {
    return this.#inTurn((host) => this.#ask(host, job(host.number)));
  }

  /**
   * Lends a host for jobs that need a PIN, when its turn has come. It is never used for anything else afterwards, and every other job waits until it was
   * given back and has logged out. Rejects with HostLost when there is no host.
   */
  borrow(): Promise<Lease> {
    return new Promise((resolve, reject) => {
      const lent = this.#inTurn((host) => {
        this.#host = undefined;
        host.muffle();
        return new Promise<void>((release) => resolve(this.#lease(host, release)));
      });
      lent.catch(reject);
    });
  }

  /** Ends every host; a job that is still running is lost. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#alive].map((host) => this.#end(host)));
  }

  #inTurn<T>(work: (host: HostProcess) => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => this.#ready()).then(work);
    const nothing = (): void => undefined;
    this.#turn = done.then(nothing, nothing);
    return done;
  }

  #lease(host: HostProcess, release: () => void): Lease {
    let idle: NodeJS.Timeout | undefined;
    let over: Promise<void> | undefined;
    let idledOut = false;
    const giveBack = (): Promise<void> => {
      clearTimeout(idle);
      over ??= this.#end(host).then(release);
      return over;
    };
    const onIdle = (): void => {
      idledOut = true;
      void giveBack();
    };
    void host.ended.then(giveBack);
    return {
      host: host.number,
      get idledOut() {
        return idledOut;
      },
      ask: async (job, onPad) => {
        clearTimeout(idle);
        const outcome = await this.#ask(host, job, onPad);
        // Forking takes milliseconds, and a process that starts takes its share of the processor: neither while somebody waits for a signature.
        setImmediate(() => {
          if (!this.#closed) this.#spare ??= this.#fork();
        });
        // It ends by itself then.
        if (outcome.type === 'failed') void giveBack();
        if (over === undefined) idle = setTimeout(onIdle, this.#options.deadlines.idle);
        return outcome;
      },
      giveBack,
    };
  }

  /** A host with the module loaded: the one there is, or a new one after the back-off. */
  async #ready(): Promise<HostProcess> {
    if (this.#host !== undefined) return this.#host;
    this.#refuseIfBad();
    const lastFault = this.#faults.at(-1) ?? 0;
    const wait = lastFault + (backOffMs[this.#faults.length] ?? 1000) - Date.now();
    if (this.#faults.length > 0 && wait > 0) await sleep(wait);
    if (this.#closed) throw new HostLost('crashed', 'the driver is closed', false);
    const host = this.#spare ?? this.#fork();
    this.#spare = undefined;
    const { name, path, slotEvents, deadlines } = this.#options;
    const reply = await exchange(host, { type: 'load', module: name, path, slotEvents }, deadlines.start, deadlines);
    if (reply.type === 'load-failed') {
      this.#problem = reply.message;
      this.#badUntil = Date.now() + this.#options.coolDownMs;
      this.#refuseIfBad();
    }
    if (reply.type === 'loaded') this.#library = reply.library;
    this.#state = 'ready';
    this.#host = host;
    return host;
  }

  #refuseIfBad(): void {
    if (this.isBad()) throw new HostLost('crashed', `the module is put aside: ${this.#problem ?? 'it failed too often'}`, false);
  }

  #fork(): HostProcess {
    const host = new HostProcess(this.#options.environment);
    this.#alive.add(host);
    void host.ended.then((origin) => {
      this.#alive.delete(host);
      if (this.#host === host) this.#host = undefined;
      if (this.#spare === host) this.#spare = undefined;
      if (!host.retired) this.#fault(`the host ended (${origin.kind} ${origin.value}) ${host.lastWords}`.trim());
    });
    return host;
  }

  #fault(problem: string): void {
    const now = Date.now();
    this.#problem = problem;
    this.#state = 'starting';
    this.#faults = [...this.#faults.filter((at) => now - at < faultWindowMs), now];
    if (this.#faults.length < faultsUntilBad) return;
    this.#badUntil = now + this.#options.coolDownMs;
    this.#faults = [];
  }

  async #ask(host: HostProcess, job: JobOf<Job>, onPad?: OnPad): Promise<Outcome> {
    const { deadlines } = this.#options;
    const deadline = { list: deadlines.list, read: deadlines.read, sign: deadlines.login, 'sign-next': deadlines.login }[job.type];
    const reply = await exchange(host, { ...job, id: this.#nextId++ }, deadline, deadlines, onPad);
    switch (reply.type) {
      case 'listed':
      case 'contents':
      case 'signed':
      case 'failed':
        return reply;
      case 'loaded':
      case 'load-failed':
      case 'pad-waiting':
      case 'pad-done':
      case 'signing-started':
      case 'key-opened':
      case 'key-signed':
      case 'key-forgotten':
        throw new Error(`a host answered ${job.type} with ${reply.type}`);
    }
  }

  /** Has a host log out and end, and ends it when it does not. From now on its end is no fault. */
  async #end(host: HostProcess): Promise<void> {
    host.retired = true;
    host.send({ type: 'end' });
    const kill = setTimeout(() => host.kill(), this.#options.deadlines.end);
    const giveUp = new AbortController();
    await Promise.race([
      host.ended,
      sleep(this.#options.deadlines.end + killMs, undefined, { signal: giveUp.signal }).catch(() => undefined),
    ]);
    clearTimeout(kill);
    giveUp.abort();
  }
}
