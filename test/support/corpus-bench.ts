/**
 * What happens to one PDF of a corpus: it is refused with a reason, or signed twice (seen on its last page, then unseen), and then everything is asked of the outputs that can be asked: the
 * judges of others, qpdf, our own verification, the examination before yet another signature, and whether every page looks as before.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppearanceRequest } from '../../agent/documents/appearance-request.ts';
import type { DocumentRefusal } from '../../agent/contract/problems.ts';
import { examine } from '../../agent/documents/intake.ts';
import { verifyPdf } from '../../agent/documents/verify.ts';
import { differingPages, rasters } from './page-raster.ts';
import { DocumentSigner } from './document-signer.ts';
import { boundedRun } from './validators/bounded.ts';
import { type JudgeName, Judges, accepting } from './validators/judges.ts';

/** What became of a document. `troubles` says all that is not as it should be, in words. */
export type Outcome =
  | { readonly refusal: DocumentRefusal }
  | { readonly acceptedBy: readonly JudgeName[]; readonly troubles: readonly string[]; readonly output: Uint8Array };

/** Dots per inch of the pages that are compared. */
const dpi = 36;
/** Fits on the smallest page of the corpus. */
const box = { left: 10, top: 10, width: 100, height: 40 };

function lookOn(page: number): AppearanceRequest {
  const content = { name: 'ნინო Müller', place: 'branch-12', signedAt: new Date(), entry: 7, qr: 'COUNTERSIGN:V1:BRANCH-12/E1:7:00FF' };
  return { box: { page, ...box }, content };
}

/** Pages as a form draws them itself: a signature takes the wish away that viewers draw its fields anew. */
function drawn(document: Uint8Array): ReturnType<typeof rasters> {
  const text = Buffer.from(document)
    .toString('latin1')
    .replace(/\/NeedAppearances true/g, '/NeedAppearances null');
  return rasters(Buffer.from(text, 'latin1'), dpi);
}

function looks(document: Uint8Array, output: Uint8Array, page: number): readonly string[] {
  const [before, after] = [drawn(document), rasters(output, dpi)];
  const differing = differingPages(before, after, dpi, { page, ...box });
  const seen = differingPages(before, after, dpi).includes(page);
  return [...(seen ? [] : ['the signature is not seen']), ...differing.map((number) => `page ${number} looks different`)];
}

export class CorpusBench {
  readonly signer = new DocumentSigner();
  readonly judges = new Judges(this.signer.root.certificatePath);
  readonly #folder = mkdtempSync(join(tmpdir(), 'countersign-corpus-'));
  readonly #refused = new Map<string, number>();
  #signed = 0;

  end(): void {
    this.judges.end();
    this.signer.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Writes bytes to a file of the bench and gives its path. */
  put(name: string, bytes: Uint8Array): string {
    const path = join(this.#folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  /** How many were signed, and how many were refused for which reason, in one line. */
  report(): string {
    const all = [...this.#refused.values()].reduce((sum, count) => sum + count, 0);
    const reasons = [...this.#refused].map(([reason, count]) => `${reason} ${count}`).sort();
    return `${this.#signed + all} files: ${this.#signed} signed, ${all} refused${all === 0 ? '' : ` (${reasons.join(', ')})`}`;
  }

  refuse(refusal: DocumentRefusal): Outcome {
    this.#refused.set(refusal, (this.#refused.get(refusal) ?? 0) + 1);
    return { refusal };
  }

  async try(path: string): Promise<Outcome> {
    const document = new Uint8Array(readFileSync(path));
    const examined = examine(document);
    if (!examined.ok) return this.refuse(examined.refusal);
    const { pages, signatures: had } = examined.document;
    const once = this.signer.sign(document, { more: { appearance: lookOn(pages) } });
    const twice = this.signer.sign(once, { choice: 'rsa-2048', scheme: 'rsa-pkcs1' });
    const output = this.put('output.pdf', twice);
    this.#signed += 1;
    return {
      acceptedBy: accepting(await this.judges.ask(output, had + 2)),
      troubles: [...this.#structure(path, output), ...looks(document, twice, pages), ...this.#ourselves(document, twice, had)],
      output: twice,
    };
  }

  /** Signs a document that may look like anything, and gives those of two judges who accept it. */
  async acceptedByTwo(document: Uint8Array): Promise<readonly JudgeName[]> {
    const output = this.put('output.pdf', this.signer.sign(document));
    this.#signed += 1;
    return accepting(await this.judges.ask(output, 1, ['pdfsig', 'pdfbox']));
  }

  /** qpdf has nothing to say of the output, or nothing worse than of the document. */
  #structure(path: string, output: string): readonly string[] {
    const check = (file: string): number => (boundedRun('qpdf', ['--check', file]).status ?? 9) % 9;
    const after = check(output);
    return after === 0 || after === check(path) ? [] : [`qpdf --check ends with ${after}`];
  }

  #ourselves(document: Uint8Array, output: Uint8Array, had: number): readonly string[] {
    const troubles: string[] = [];
    if (!Buffer.from(document).equals(output.subarray(0, document.length))) troubles.push('the document was changed');
    const report = verifyPdf(output, { trust: this.signer.trust });
    if (had === 0 && report.outcome !== 'TOTAL-PASSED') troubles.push(`our verification: ${report.sentence}`);
    const again = examine(output);
    if (!again.ok) troubles.push(`examined again: ${again.sentence}`);
    else if (again.document.signatures !== had + 2) troubles.push(`${again.document.signatures} signatures`);
    return troubles;
  }
}
