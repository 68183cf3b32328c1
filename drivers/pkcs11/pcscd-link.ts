/**
 * Asks pcscd which readers it has, what is in them, and how often a card came or went. It opens no card and no context, so it disturbs nobody and cannot
 * hang with a module. This is the protocol between libpcsclite and pcscd (pcsc-lite, winscard_msg.h), versions 4.3 to 4.5; where pcscd
 * speaks another one, or does not let us in, nothing is known, and the modules are believed as they are.
 */
import { connect, type Socket } from 'node:net';

export const defaultSocket = '/run/pcscd/pcscd.comm';

/** One slot of a reader, which has a name of its own. */
export interface ReaderState {
  readonly name: string;
  readonly cardIn: boolean;
  /** Counts insertions and removals since pcscd knows the reader. */
  readonly events: number;
}

/** `no-service`: pcscd does not run. `unknown`: it runs and does not tell, or not in time. */
export type Answer = readonly ReaderState[] | 'no-service' | 'unknown';

const command = { version: 0x11, readersState: 0x12 } as const;
const major = 4;
const minors = [4, 5, 3];
const versionBytes = 12;

/** READER_STATE of pcscd on 64 bits: name[128], eventCounter, readerState, readerSharing, cardAtr[33] and padding, cardAtrLength (8). */
const state = { bytes: 184, nameBytes: 128, events: 128, flags: 132, absent: 0x2 } as const;
const stateBytes = 16 * state.bytes;
const answerMs = 1000;

export class PcscdLink {
  readonly #path: string;
  #socket: Socket | undefined;
  #minor = minors[0];
  #turn: Promise<unknown> = Promise.resolve();
  /** Grows whenever pcscd hung up: the counters of the next one begin anew. */
  generation = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** One question, after those that were asked before. Never rejects. */
  ask(): Promise<Answer> {
    const answer = this.#turn.then(() => this.#ask());
    this.#turn = answer;
    return answer;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #ask(): Promise<Answer> {
    try {
      this.#socket ??= await this.#open();
      const bytes = await exchange(this.#socket, request(command.readersState), stateBytes);
      return states(bytes);
    } catch (error) {
      if (error instanceof Ended) this.generation += 1;
      this.close();
      return error instanceof Ended && error.noService ? 'no-service' : 'unknown';
    }
  }

  async #open(): Promise<Socket> {
    for (;;) {
      const socket = await dial(this.#path);
      const wanted = Buffer.alloc(versionBytes);
      wanted.writeUInt32LE(major, 0);
      wanted.writeUInt32LE(this.#minor ?? 0, 4);
      const answer = await exchange(socket, Buffer.concat([request(command.version, versionBytes), wanted]), versionBytes);
      if (answer.readUInt32LE(8) === 0) return socket;
      socket.destroy();
      const [theirs, minor] = [answer.readUInt32LE(0), answer.readUInt32LE(4)];
      if (theirs !== major || !minors.includes(minor) || minor === this.#minor) throw new Error('pcscd speaks another version');
      this.#minor = minor;
    }
  }
}

/** The other side hung up, or is not there. */
class Ended extends Error {
  readonly noService: boolean;

  constructor(noService: boolean) {
    super('pcscd hung up');
    this.noService = noService;
  }
}

function request(what: number, size = 0): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(size, 0);
  header.writeUInt32LE(what, 4);
  return header;
}

function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.unref();
    socket.once('connect', () => resolve(socket));
    // It stays: an error without a listener would end the agent.
    socket.on('error', (error) => {
      const code = 'code' in error ? error.code : undefined;
      reject(code === 'ENOENT' || code === 'ECONNREFUSED' ? new Ended(true) : error);
    });
  });
}

/** Sends and waits for exactly so many bytes. */
function exchange(socket: Socket, message: Buffer, wanted: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const onData = (bytes: Buffer): void => {
      received = Buffer.concat([received, bytes]);
      if (received.length >= wanted) settle(() => resolve(received));
    };
    const onEnd = (): void => settle(() => reject(new Ended(true)));
    const late = setTimeout(() => settle(() => reject(new Error('pcscd does not answer'))), answerMs);
    const settle = (end: () => void): void => {
      clearTimeout(late);
      socket.off('data', onData).off('close', onEnd).off('error', onEnd);
      end();
    };
    socket.on('data', onData).once('close', onEnd).once('error', onEnd);
    socket.write(message);
  });
}

/** The readers in an answer. Pure. Throws when it is no answer of this version. */
export function states(bytes: Buffer): readonly ReaderState[] {
  if (bytes.length !== stateBytes) throw new Error('pcscd gave an answer of another length');
  const found: ReaderState[] = [];
  for (let at = 0; at < stateBytes; at += state.bytes) {
    const end = bytes.indexOf(0, at);
    if (end < 0 || end - at >= state.nameBytes) throw new Error('pcscd gave a name without an end');
    if (end === at) continue;
    const flags = bytes.readUInt32LE(at + state.flags);
    found.push({
      name: bytes.toString('utf8', at, end),
      cardIn: (flags & state.absent) === 0,
      events: bytes.readUInt32LE(at + state.events),
    });
  }
  return found;
}
