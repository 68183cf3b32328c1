/**
 * Overwrites the last copy of a PIN. Node reads every HTTP connection of a process into one buffer of 64 KiB (`OnStreamAlloc` in
 * node_http_parser.cc) that it never clears: whatever was read last stays there until something as long is read. So the agent sends itself
 * that much of nothing. Seen on Node 20: without it a PIN is found in the memory of the process, with it no more.
 */
import { connect } from 'node:net';

const parserBufferLength = 64 * 1024;

/** Connects to the agent's own port, sends zeros, which the parser refuses after reading them, and hangs up. */
export function washParserBuffer(port: number): void {
  const socket = connect(port, '127.0.0.1', () => socket.end(new Uint8Array(parserBufferLength)));
  socket.resume();
  // Refused because the agent is closing, or hung up on before all was sent: what matters was read by then.
  socket.on('error', () => socket.destroy());
  socket.setTimeout(2000, () => socket.destroy());
}
