/** What a person types at a terminal: questions on the error stream, answers from the keyboard, a PIN without echo and as bytes. */
import { Secret } from '../../drivers/secret.ts';
import { StartRefused } from '../refusals.ts';

const enter = new Set([0x0a, 0x0d]);
const backspace = new Set([0x08, 0x7f]);
const interrupt = new Set([0x03, 0x04]);
const longest = 64;

/** True when somebody can be asked. */
export function somebodyIsThere(): boolean {
  return process.stdin.isTTY;
}

/** Only the whole word counts. */
export function yes(answer: string): boolean {
  return answer.trim().toLowerCase() === 'yes';
}

/** The answer to a question; empty when the person gave up. Throws StartRefused where there is no terminal. */
export async function askLine(question: string): Promise<string> {
  process.stderr.write(question);
  const bytes = await readLine(false);
  return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
}

/**
 * Reads a PIN into bytes that only the Secret holds; undefined when the person gave up. With `piped` it may also come from a program that has
 * been told to give it: one line of the input, where no terminal is.
 */
export async function readPin(question: string, piped = false): Promise<Secret | undefined> {
  process.stderr.write(question);
  const bytes = await readLine(true, piped);
  process.stderr.write('\n');
  return bytes === undefined || bytes.length === 0 ? undefined : new Secret(bytes);
}

/** Reads a passphrase into bytes, which the caller wipes; undefined when the person gave up. Throws StartRefused where there is no terminal. */
export async function readPassphrase(question: string): Promise<Uint8Array | undefined> {
  process.stderr.write(question);
  const bytes = await readLine(true, false, 1024);
  process.stderr.write('\n');
  return bytes?.length === 0 ? undefined : bytes;
}

/** One line from the keyboard, or undefined for Ctrl+C, Ctrl+D and the end of input. With `silent` nothing is echoed and all buffers are zeroed. */
async function readLine(silent: boolean, piped = false, room = silent ? longest : 1024): Promise<Uint8Array | undefined> {
  const { stdin } = process;
  if (!stdin.isTTY && !piped) throw new StartRefused('This command asks questions and needs a terminal.');
  if (stdin.isTTY) stdin.setRawMode(silent);
  const line = new Uint8Array(room);
  let length = 0;
  try {
    return await new Promise<Uint8Array | undefined>((resolve) => {
      const onData = (chunk: Buffer): void => {
        const done = take(chunk);
        chunk.fill(0);
        if (done === undefined) return;
        stdin.off('data', onData);
        resolve(done === 'end' ? undefined : line.slice(0, length));
      };
      const take = (chunk: Buffer): 'line' | 'end' | undefined => {
        for (const byte of chunk) {
          if (enter.has(byte)) return 'line';
          if (interrupt.has(byte)) return 'end';
          if (backspace.has(byte)) length = Math.max(0, length - 1);
          else if (length < line.length) line[length++] = byte;
        }
        return undefined;
      };
      stdin.on('data', onData);
      // A program may leave the line feed out; at a terminal the end of input is the person giving up.
      stdin.once('end', () => resolve(piped && length > 0 ? line.slice(0, length) : undefined));
      stdin.resume();
    });
  } finally {
    line.fill(0);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
  }
}
