/**
 * The host: a forked child that loads one vendor module, holds it for ever and works off one job after the other. A vendor module may hang,
 * crash or write into memory; here that costs this process and nothing else. It must never load a second module, never write a PIN anywhere,
 * and never outlive the agent. A host that was given a PIN makes the signatures of one login and ends, so that the PIN ends with it; one that was given
 * the PIN of the station's own key stays logged in, and does nothing else.
 */
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { attempt } from './login.ts';
import { CallError, VendorModule } from './module.ts';
import { readPin } from './pin-pipe.ts';
import { OpenToken } from './open-token.ts';
import { parseRequest, type HostMessage, type HostReply, type KeyJob, type SignJob, type SignNextJob } from './protocol.ts';
import { contentsOf, findToken } from './reading.ts';
import { Signing, type Progress } from './signing.ts';
import { StationKey } from './station-key.ts';
import { tokenId } from './token-id.ts';

/** A job that hangs blocks the main thread, so 'disconnect' is never heard: a thread of its own watches for the death of the agent. */
const watchdog = `
  const agent = Number(require('node:worker_threads').workerData);
  setInterval(() => { if (process.ppid !== agent) process.kill(process.pid, 'SIGKILL'); }, 200);
`;

let module: VendorModule | undefined;
/** The token that was read last, left open for the signature that may follow. */
let kept: OpenToken | undefined;
let signing: Signing | undefined;
let stationKey: StationKey | undefined;

function send(reply: HostReply): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) throw new Error('a host is started by the agent only');
    process.send(reply, undefined, undefined, (error: Error | null) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** Ends this process at once: no exit handler of the vendor module runs, and with it goes whatever it remembered. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('unreachable');
}

async function handle(request: HostMessage): Promise<void> {
  switch (request.type) {
    case 'load':
      return load(request);
    case 'list':
      return send(
        answer(request, (loaded) => {
          const tokens = loaded.tokens().map(({ facts }) => facts);
          if (!tokens.some((facts) => tokenId(loaded.name, facts, facts.insertion) === kept?.tokenId)) drop();
          return { type: 'listed', id: request.id, slots: loaded.slots, tokens };
        }),
      );
    case 'read':
      return read(request);
    case 'sign':
      return signFirst(jobOf(request));
    case 'sign-next':
      return signNext(request);
    case 'key-open':
    case 'key-sign':
    case 'key-forget':
      return send(await keyJob(request));
    case 'end':
      return end();
  }
}

type KeyMessage = Extract<HostMessage, { readonly type: KeyJob['type'] }>;

/** What is wanted of the station's own key. A failure leaves this process to the agent, which ends it. */
async function keyJob(request: KeyMessage): Promise<HostReply> {
  const { id } = request;
  try {
    if (request.type === 'key-open') {
      if (stationKey !== undefined || signing !== undefined) throw new Error('a host logs in once');
      const { pinLength, ...job } = request;
      stationKey = await StationKey.open(loadedModule(), pinLength === undefined ? job : { ...job, pin: readPin(pinLength) });
      return { type: 'key-opened', id, publicKey: stationKey.publicKey };
    }
    if (stationKey === undefined) throw new Error('there is no key');
    if (request.type === 'key-sign') return { type: 'key-signed', id, signature: stationKey.sign(request.message) };
    stationKey.forget();
    return { type: 'key-forgotten', id };
  } catch (error) {
    return failed(id, error);
  }
}

async function load({ module: name, path, slotEvents }: Extract<HostMessage, { type: 'load' }>): Promise<void> {
  if (module !== undefined) throw new Error('a host loads one module only');
  try {
    module = new VendorModule(name, path, slotEvents);
    await send({ type: 'loaded', library: module.library });
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    await send({ type: 'load-failed', message: error.message, ...(error.ckr === undefined ? {} : { ckr: error.ckr }) });
    die();
  }
}

function loadedModule(): VendorModule {
  if (module === undefined) throw new Error('a host loads its module first');
  return module;
}

function failed(id: number, error: unknown): HostReply {
  // Anything else is a bug of ours and may end this process with its stack on stderr.
  if (!(error instanceof CallError)) throw error;
  const { during, message, ckr, code, flags } = error;
  const more = {
    ...(ckr === undefined ? {} : { ckr }),
    ...(code === undefined ? {} : { code }),
    ...(flags === undefined ? {} : { flags }),
  };
  return { type: 'failed', id, during, message, ...more };
}

function answer(request: { readonly id: number }, act: (loaded: VendorModule) => HostReply): HostReply {
  try {
    return act(loadedModule());
  } catch (error) {
    return failed(request.id, error);
  }
}

async function read({ id, tokenId: wanted }: Extract<HostMessage, { type: 'read' }>): Promise<void> {
  drop();
  const reply = answer({ id }, (loaded) => {
    kept = new OpenToken(loaded, wanted, findToken(loaded, wanted));
    return contentsOf(loaded, id, kept);
  });
  if (reply.type === 'failed') drop();
  await send(reply);
  kept?.prepare();
}

/** Closes what was left open: it stands for one insertion of one token. */
function drop(): void {
  const before = kept;
  kept = undefined;
  attempt(() => before?.close());
}

function jobOf({ pinLength, ...job }: Extract<HostMessage, { type: 'sign' }>): SignJob {
  return pinLength === undefined ? job : { ...job, pin: readPin(pinLength) };
}

function signFirst(job: SignJob): Promise<void> {
  return orEnd(job.id, () => {
    if (signing !== undefined) throw new Error('a host logs in once');
    try {
      signing = new Signing(loadedModule(), job, kept);
    } catch (error) {
      job.pin?.fill(0);
      throw error;
    }
    return signing.first(job, progressOf(job.id));
  });
}

function signNext({ id, message }: SignNextJob): Promise<void> {
  return orEnd(id, () => {
    if (signing === undefined) throw new Error('there is no login');
    return signing.next(message, progressOf(id));
  });
}

/** Answers with the signature; after a failure nothing is signed here any more. */
async function orEnd(id: number, act: () => Promise<Uint8Array>): Promise<void> {
  try {
    const signature = await act();
    if (signing !== undefined) await send({ type: 'signed', id, signature, certificate: signing.certificate });
  } catch (error) {
    await send(failed(id, error));
    end();
  }
}

function progressOf(id: number): Progress {
  return {
    padWaits: (time) => send({ type: 'pad-waiting', id, time }),
    padDone: () => send({ type: 'pad-done', id }),
    started: () => send({ type: 'signing-started', id }),
  };
}

function end(): never {
  try {
    attempt(() => signing?.close());
    attempt(() => stationKey?.close());
    module?.finalize();
  } finally {
    die();
  }
}

function start(): void {
  const agent = Number(process.argv[2]);
  new Worker(watchdog, { eval: true, workerData: agent, execArgv: [], env: {}, stdout: true, stderr: true }).unref();
  process.on('disconnect', die);
  let jobs = Promise.resolve();
  process.on('message', (raw) => {
    const request = parseRequest(raw);
    if (request === undefined) throw new Error('the agent sent something that is no request');
    jobs = jobs.then(() => handle(request));
  });
}

start();
