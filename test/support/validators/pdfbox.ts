/** PDFBox with Bouncy Castle as a judge: one Java process of our small judge (`pdfbox/*.java`), which is fed one path after another. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Interface, createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { madeOnce, recipeKey } from '../made-once.ts';
import { boundedRun } from './bounded.ts';

const sources = fileURLToPath(new URL('./pdfbox', import.meta.url));
const jars = [
  'pdfbox2',
  'fontbox2',
  'preflight',
  'xmpbox',
  'commons-logging',
  'bcprov',
  'bcpkix',
  'bcutil',
  'javax.activation',
  'jaxb-api',
];

/** Longest that one file may take. */
const deadlineMs = 20_000;

function classPath(): string {
  const paths = jars.map((name) => `/usr/share/java/${name}.jar`);
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length > 0)
    throw new Error(`${missing.join(', ')} is missing: "npm run setup -- --tests" brings it, or says what to install`);
  return paths.join(':');
}

/** Compiles the judge; gives the folder of its classes. */
function compiled(): string {
  const files = readdirSync(sources).sort();
  const texts = files.map((name) => readFileSync(join(sources, name)));
  return madeOnce(recipeKey('judge', ...texts, process.arch), (folder) => {
    const paths = files.map((name) => join(sources, name));
    const { status, stderr } = boundedRun('javac', ['-cp', classPath(), '-d', folder, ...paths], { megabytes: 4000, seconds: 60 });
    if (status !== 0) throw new Error(`the Java judge does not compile: ${stderr}`);
  });
}

export class PdfBox {
  readonly #java: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  /** Trusts the root at `rootPath` (PEM) alone. */
  constructor(rootPath: string) {
    const flags = ['-Xmx512m', '-Xss4m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Djava.awt.headless=true'];
    this.#java = spawn('java', [...flags, '-cp', `${classPath()}:${compiled()}`, 'Judge', rootPath], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#lines = createInterface(this.#java.stdout);
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  end(): void {
    this.#lines.close();
    this.#java.kill('SIGKILL');
  }

  /** What it says of each signature: "valid whole" (up to the end of the file), "valid part", or what is wrong. */
  signatures(path: string): Promise<readonly string[]> {
    return this.#ask('signatures', path);
  }

  /** Every breach of PDF/A-1b that Preflight finds. */
  archive(path: string): Promise<readonly string[]> {
    return this.#ask('archive', path);
  }

  async #ask(task: string, path: string): Promise<readonly string[]> {
    const timer = setTimeout(() => this.#java.kill('SIGKILL'), deadlineMs);
    try {
      this.#java.stdin.write(`${task} ${path}\n`);
      const answer = await this.#answers.next();
      if (answer.done === true) throw new Error(`PDFBox gave no answer on ${path}`);
      return answer.value === '' ? [] : answer.value.split('\t');
    } finally {
      clearTimeout(timer);
    }
  }
}
