/** Evidence packages of real signatures, copies of them that somebody has changed, and what verify.sh says of a folder. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { evidence } from '../../../agent/commands/evidence.ts';
import { logCheckpoint } from '../../../agent/commands/log-checkpoint.ts';
import { call } from '../keyed-station.ts';

/** Signs a checkpoint of a station that does not run, and makes the package. */
export async function packageOf(data: string, operation: string, to: string, ...more: readonly string[]): Promise<void> {
  const signed = await call(logCheckpoint, '--data', data, '--new');
  if (signed.code !== 0) throw new Error(`no checkpoint: ${signed.err}`);
  const made = await call(evidence, operation, '--data', data, '--to', to, ...more);
  if (made.code !== 0) throw new Error(`no package: ${made.err}`);
}

export interface Judged {
  readonly code: number;
  readonly ok: readonly string[];
  readonly failed: readonly string[];
  readonly said: string;
}

/** Runs a script on a folder; `shell` is split at its spaces. */
export function judge(script: string, folder: string, options: readonly string[] = [], shell = 'dash', env = process.env): Judged {
  const [program = '', ...first] = shell.split(' ');
  const { status, stdout, stderr } = spawnSync(program, [...first, script, ...options, folder], { encoding: 'utf8', env });
  const lines = stdout.split('\n');
  const of = (word: string) => lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length).trim());
  return { code: status ?? -1, ok: of('ok'), failed: of('FAILED'), said: `${stdout}${stderr}` };
}

/** A folder of a package as somebody changes it. */
export class Changed {
  readonly folder: string;

  constructor(original: string, folder: string) {
    cpSync(original, folder, { recursive: true });
    this.folder = folder;
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): Buffer {
    return readFileSync(this.at(name));
  }

  /** Name of the only file that fits. */
  find(pattern: RegExp): string {
    const names = readdirSync(this.folder, { recursive: true, encoding: 'utf8' }).filter((name) => pattern.test(name));
    const [name, more] = names;
    if (name === undefined || more !== undefined) throw new Error(`${names.length} files fit ${String(pattern)}`);
    return name;
  }

  /** The body of the only entry of an op, without its ending. */
  entry(op: string): string {
    const fits = readdirSync(this.at('entries')).filter(
      (name) => name.endsWith('.json') && this.read(`entries/${name}`).includes(`},"op":"${op}",`),
    );
    if (fits.length !== 1) throw new Error(`${fits.length} entries are of ${op}`);
    return `entries/${(fits[0] ?? '').slice(0, -'.json'.length)}`;
  }

  write(name: string, change: (text: string) => string): void {
    const before = this.read(name).toString('latin1');
    const after = change(before);
    if (after === before) throw new Error(`${name} was not changed`);
    writeFileSync(this.at(name), after, 'latin1');
  }

  /** Changes an entry, and says its new leaf in its proof. */
  rewrite(op: string, change: (body: string) => string): void {
    const entry = this.entry(op);
    this.write(`${entry}.json`, change);
    const leaf = createHash('sha256')
      .update('\0')
      .update(this.read(`${entry}.json`))
      .digest('hex');
    this.write(`${entry}.proof`, (proof) => proof.replace(/^leaf .*$/m, `leaf ${leaf}`));
  }

  /** Makes the list of sums fit what is here, as whoever forges would. */
  sumUp(): void {
    const names = execFileSync('find', ['.', '-type', 'f', '!', '-name', 'SHA256SUMS'], { cwd: this.folder, encoding: 'utf8' });
    const sums = names
      .trim()
      .split('\n')
      .map((name) => name.slice(2))
      .sort()
      .map((name) => `${createHash('sha256').update(this.read(name)).digest('hex')}  ${name}\n`);
    writeFileSync(this.at('SHA256SUMS'), sums.join(''));
  }
}
