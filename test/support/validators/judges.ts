/**
 * A bench of judges that nobody here wrote: poppler with NSS, OpenSSL, PDFBox with Bouncy Castle, and MuPDF. Each trusts one root and gives its own
 * opinion of a whole file; none of them shares code with us or with another one.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { opensslAccepts } from '../validators.ts';
import { boundedRun } from './bounded.ts';
import { PdfBox } from './pdfbox.ts';

export type JudgeName = 'pdfsig' | 'openssl' | 'pdfbox' | 'mutool';

const everyone: readonly JudgeName[] = ['pdfsig', 'openssl', 'pdfbox', 'mutool'];

/** Why each judge that was asked does not accept a file; an empty text for one that does. */
export type Opinions = Readonly<Partial<Record<JudgeName, string>>>;

/** The names of those who accept. */
export function accepting(opinions: Opinions): readonly JudgeName[] {
  return (Object.keys(opinions) as JudgeName[]).filter((name) => opinions[name] === '');
}

export class Judges {
  readonly #folder = mkdtempSync(join(tmpdir(), 'countersign-judges-'));
  readonly #rootPath: string;
  readonly pdfbox: PdfBox;

  /** Takes the root at `rootPath` (PEM) as the only one that is trusted. */
  constructor(rootPath: string) {
    this.#rootPath = rootPath;
    const store = `sql:${this.#folder}`;
    for (const args of [
      ['-N', '-d', store, '--empty-password'],
      ['-A', '-d', store, '-n', 'root', '-t', 'C,C,C', '-i', rootPath],
    ]) {
      const { status, stderr } = boundedRun('certutil', args);
      if (status !== 0) throw new Error(`certutil: ${stderr}`);
    }
    this.pdfbox = new PdfBox(rootPath);
  }

  end(): void {
    this.pdfbox.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Asks judges about a file that should hold `signatures` signatures, the last of which covers it to its end. */
  async ask(path: string, signatures: number, names: readonly JudgeName[] = everyone): Promise<Opinions> {
    const opinions: Partial<Record<JudgeName, string>> = {};
    for (const name of names) opinions[name] = await this.#opinion(name, path, signatures);
    return opinions;
  }

  async #opinion(name: JudgeName, path: string, signatures: number): Promise<string> {
    switch (name) {
      case 'pdfsig':
        return this.#pdfsig(path, signatures);
      case 'openssl':
        return this.#openssl(path, signatures);
      case 'pdfbox':
        return this.#pdfbox(path, signatures);
      case 'mutool':
        return this.#mutool(path, signatures);
    }
  }

  #pdfsig(path: string, signatures: number): string {
    const { stdout } = boundedRun('pdfsig', ['-nssdir', this.#folder, path], { env: { HOME: this.#folder } });
    const parts = stdout
      .toString('utf8')
      .split(/^Signature #\d+:/m)
      .slice(1);
    const said = parts.map((part) => [
      /Signature Validation: (.*)/.exec(part)?.[1] ?? 'no verdict',
      /Certificate Validation: (.*)/.exec(part)?.[1] ?? 'no verdict on the certificate',
    ]);
    const fine = said.every(([signature, certificate]) => signature === 'Signature is Valid.' && certificate === 'Certificate is Trusted.');
    const whole = parts.filter((part) => part.includes('Total document signed')).length;
    if (parts.length === signatures && fine && whole === 1) return '';
    return `${parts.length} signatures, ${whole} of them whole: ${said.flat().join(' ')}`;
  }

  #openssl(path: string, signatures: number): string {
    const pdf = readFileSync(path);
    const failing = Array.from({ length: signatures }, (_, index) => index).filter((index) => !opensslAccepts(pdf, this.#rootPath, index));
    return failing.length === 0 ? '' : `refuses signature ${failing.join(', ')}`;
  }

  async #pdfbox(path: string, signatures: number): Promise<string> {
    const found = await this.pdfbox.signatures(path);
    const wanted = [...Array<string>(signatures - 1).fill('valid part'), 'valid whole'];
    return [...found].sort().join() === wanted.sort().join() ? '' : found.join('; ');
  }

  #mutool(path: string, signatures: number): string {
    const { stdout } = boundedRun('mutool', ['sign', '-v', path]);
    const parts = stdout
      .toString('utf8')
      .split(/^Verifying signature \d+:/m)
      .slice(1);
    const unchanged = parts.filter((part) => part.includes('The document is unchanged since signing.')).length;
    const valid =
      parts.filter((part) => part.includes('The signature is valid but there have been edits since signing.')).length + unchanged;
    if (parts.length === signatures && valid === signatures && unchanged === 1) return '';
    return parts.length === 0 ? 'no signature' : parts.join(' ').replace(/\s+/g, ' ').trim();
  }
}
