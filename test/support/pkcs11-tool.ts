/** pkcs11-tool of OpenSC against a virtual card reader, with the station's own OpenSC settings. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const settings = fileURLToPath(new URL('../../drivers/pkcs11/opensc.conf', import.meta.url));

export interface ToolRun {
  /** Exit code; null when it had to be killed because it hung. */
  readonly code: number | null;
  /** What it printed, on both streams. */
  readonly text: string;
}

export interface Pkcs11Tool {
  /** Runs the tool with `args`; killed after `deadlineMs`. */
  run(args: readonly string[], deadlineMs?: number): Promise<ToolRun>;
  /** Signs `data` with the key of that CKA_ID. */
  sign(
    id: '01' | '02',
    mechanism: string,
    data: Uint8Array,
    options?: readonly string[],
  ): Promise<ToolRun & { readonly signature: Buffer }>;
  /** Certificate in DER by CKA_ID. */
  certificate(id: '01' | '02'): Promise<Buffer>;
}

/** A tool that reaches the reader behind `socket`. `pin` is what it logs in with. */
export function pkcs11Tool(socket: string, pin = '123456'): Pkcs11Tool {
  const run = (args: readonly string[], deadlineMs = 15_000): Promise<ToolRun> =>
    new Promise((resolve, reject) => {
      const env = { PATH: process.env['PATH'] ?? '', PCSCLITE_CSOCK_NAME: socket, OPENSC_CONF: settings };
      const child = spawn('pkcs11-tool', ['--module', 'opensc-pkcs11.so', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => void (text += bytes.toString()));
      const deadline = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(deadline);
        resolve({ code, text });
      });
    });
  const inFolder = async <T>(use: (folder: string) => Promise<T>): Promise<T> => {
    const folder = mkdtempSync(join(tmpdir(), 'pkcs11-tool-'));
    try {
      return await use(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  return {
    run,
    sign: (id, mechanism, data, options = []) =>
      inFolder(async (folder) => {
        const [input, output] = [join(folder, 'in'), join(folder, 'out')];
        writeFileSync(input, data);
        writeFileSync(output, '');
        const signing = ['--login', '--pin', pin, '--sign', '--id', id, '--mechanism', mechanism, ...options, '-i', input, '-o', output];
        const ran = await run(signing);
        return { ...ran, signature: readFileSync(output) };
      }),
    certificate: (id) =>
      inFolder(async (folder) => {
        const output = join(folder, 'out');
        const { code, text } = await run(['--read-object', '--type', 'cert', '--id', id, '-o', output]);
        if (code !== 0) throw new Error(text);
        return readFileSync(output);
      }),
  };
}
