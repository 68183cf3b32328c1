/**
 * One connection to vpcd: for as long as it stands, a card is in its slot. Messages are two bytes of length and a body; a body of one byte
 * is a control code, anything else an APDU; the ATR question and APDUs are answered (virtualsmartcard, vpcd.c).
 */
import { connect } from 'node:net';

export const vpcdControl = { off: 0, on: 1, reset: 2, atr: 4 } as const;

export interface VpcdLink {
  /** Resolves when the connection has ended, from either side, or could not be made. */
  readonly closed: Promise<void>;
  /** Ends it at once: nothing more is answered. */
  cut(): void;
}

/** Connects to vpcd on the loopback. `answer` gets one message at a time and gives the reply, or undefined where none is due. */
export function openVpcdLink(port: number, answer: (message: Uint8Array) => Promise<Uint8Array | undefined>): VpcdLink {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received: Buffer = Buffer.alloc(0);
  let work = Promise.resolve();
  const isCut = (): boolean => socket.destroyed;

  const handle = async (message: Uint8Array): Promise<void> => {
    if (isCut()) return;
    const reply = await answer(message);
    if (reply === undefined || isCut()) return;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(reply.length);
    socket.write(Buffer.concat([length, reply]));
  };
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const size = 2 + received.readUInt16BE(0);
      const message = received.subarray(2, size);
      received = received.subarray(size);
      // A rejection here is a bug in a card: it stays unhandled, so that it is seen.
      work = work.then(() => handle(message));
    }
  });
  socket.on('error', () => socket.destroy());
  return {
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    cut: () => socket.destroy(),
  };
}
