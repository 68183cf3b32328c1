/** A person at a terminal: questions on the error stream, answers from the keyboard, the PIN without echo and as bytes. */
import { Secret } from '../../drivers/secret.ts';
import { consentText } from '../signing/consent.ts';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';
import type { OneFileWalker } from './one-file.ts';
import { tellState } from './tell.ts';

const enter = new Set([0x0a, 0x0d]);
const backspace = new Set([0x08, 0x7f]);
const interrupt = new Set([0x03, 0x04]);
const longest = 64;

export function terminalWalker(io: CommandIo): OneFileWalker {
  return {
    tell: (state) => tellState(state, io),
    async chooseCertificate({ certificates }) {
      certificates.forEach(({ name, issuer, serial, validTo }, index) => {
        io.err(`  ${index + 1}  ${name}, issued by ${issuer}, serial ${serial}, valid to ${validTo}\n`);
      });
      const answer = Number(await askLine('Which certificate (number, Enter ends)? '));
      return certificates[answer - 1]?.certificateSha256;
    },
    async consent({ document }) {
      io.err(`${consentText}\n`);
      return yes(await askLine(`Sign ${document.name}? Type yes: `));
    },
    async pin({ pin }) {
      const tries = pin.triesLeft === undefined ? '' : ` (${pin.triesLeft} tries left)`;
      return readPin(`PIN${tries}: `);
    },
    goOn: async () => yes(await askLine('Go on? Type yes: ')),
  };
}

function yes(answer: string): boolean {
  return answer.trim().toLowerCase() === 'yes';
}

async function askLine(question: string): Promise<string> {
  process.stderr.write(question);
  const bytes = await readLine(false);
  return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
}

/** Reads a PIN into bytes that only the Secret holds; undefined when the person gave up. */
async function readPin(question: string): Promise<Secret | undefined> {
  process.stderr.write(question);
  const bytes = await readLine(true);
  process.stderr.write('\n');
  return bytes === undefined || bytes.length === 0 ? undefined : new Secret(bytes);
}

/** One line from the keyboard, or undefined for Ctrl+C, Ctrl+D and the end of input. With `silent` nothing is echoed and all buffers are zeroed. */
async function readLine(silent: boolean): Promise<Uint8Array | undefined> {
  const { stdin } = process;
  if (!stdin.isTTY) throw new StartRefused('This command asks questions and needs a terminal.');
  stdin.setRawMode(silent);
  const line = new Uint8Array(silent ? longest : 1024);
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
      stdin.once('end', () => resolve(undefined));
      stdin.resume();
    });
  } finally {
    line.fill(0);
    stdin.setRawMode(false);
    stdin.pause();
  }
}
