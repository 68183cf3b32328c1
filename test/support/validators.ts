/** Outside judges of a signed PDF: poppler's pdfsig, openssl cms, qpdf and poppler's renderer. None of them shares code with us. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function inFolder<T>(use: (path: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-judge-'));
  try {
    return use((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What pdfsig says of each signature, in the order of the file ("Signature is Valid."), and whether each covers the whole document. */
export function pdfsig(pdf: Uint8Array): readonly { readonly verdict: string; readonly whole: boolean }[] {
  return inFolder((path) => {
    writeFileSync(path('signed.pdf'), pdf);
    const { stdout } = spawnSync('pdfsig', ['-nocert', path('signed.pdf')], { encoding: 'utf8', env: { ...process.env, HOME: path('') } });
    return stdout
      .split(/^Signature #\d+:/m)
      .slice(1)
      .map((part) => ({
        verdict: /Signature Validation: (.*)/.exec(part)?.[1] ?? 'no verdict',
        whole: part.includes('Total document signed'),
      }));
  });
}

/** The byte ranges of all signatures, found in the bytes and not in our objects. */
function ranges(pdf: Uint8Array): readonly (readonly number[])[] {
  const found = Buffer.from(pdf)
    .toString('latin1')
    .matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g);
  return [...found].map((match) => match.slice(1, 5).map(Number));
}

/** True when signature number `index` calls itself a PAdES signature, which has to name its certificate. */
function isPades(pdf: Uint8Array, index: number): boolean {
  const text = Buffer.from(pdf).toString('latin1');
  const at = [...text.matchAll(/\/ByteRange\s*\[/g)][index]?.index ?? 0;
  return text.slice(text.lastIndexOf(' obj', at), text.indexOf('endobj', at)).includes('/ETSI.CAdES.detached');
}

/** Signature number `index` as openssl prints it, every attribute by name. */
export function cmsPrinted(pdf: Uint8Array, index = 0): string {
  return inFolder((path) => {
    const [, length = 0, second = 0] = ranges(pdf)[index] ?? [];
    writeFileSync(path('cms'), Buffer.from(Buffer.from(pdf.subarray(length + 1, second - 1)).toString('latin1'), 'hex'));
    return execFileSync('openssl', ['cms', '-cmsout', '-print', '-inform', 'DER', '-in', path('cms')], { encoding: 'utf8' });
  });
}

/** openssl's verdict on signature number `index`: its exit code 0, against the root at `rootPath`. */
export function opensslAccepts(pdf: Uint8Array, rootPath: string, index = 0): boolean {
  return inFolder((path) => {
    const [start = 0, length = 0, second = 0, rest = 0] = ranges(pdf)[index] ?? [];
    const contents = Buffer.from(Buffer.from(pdf.subarray(length + 1, second - 1)).toString('latin1'), 'hex');
    writeFileSync(path('content'), Buffer.concat([pdf.subarray(start, length), pdf.subarray(second, second + rest)]));
    writeFileSync(path('cms'), contents);
    const options = ['cms', '-verify', '-binary', '-inform', 'DER', '-in', path('cms'), '-content', path('content')];
    const cades = isPades(pdf, index) ? ['-cades'] : [];
    const { status } = spawnSync('openssl', [...options, '-CAfile', rootPath, '-purpose', 'any', ...cades, '-out', path('out')]);
    return status === 0;
  });
}

/** Throws when `qpdf --check` finds anything to say. */
export function qpdfCheck(pdf: Uint8Array): void {
  inFolder((path) => {
    writeFileSync(path('signed.pdf'), pdf);
    execFileSync('qpdf', ['--check', path('signed.pdf')], { stdio: ['ignore', 'pipe', 'pipe'] });
  });
}

/** Digests of the rendered pages. */
export function rendered(pdf: Uint8Array): readonly string[] {
  return inFolder((path) => {
    writeFileSync(path('document.pdf'), pdf);
    execFileSync('pdftoppm', ['-r', '40', path('document.pdf'), path('page')], { stdio: ['ignore', 'pipe', 'pipe'] });
    const pages = readdirSync(path('')).filter((name) => name.endsWith('.ppm'));
    return pages.sort().map((name) =>
      createHash('sha256')
        .update(readFileSync(path(name)))
        .digest('hex'),
    );
  });
}

/** The fonts that poppler finds: whether each is carried along, whether as a subset, and whether its text can be copied. */
export function pdffonts(pdf: Uint8Array): readonly { readonly embedded: boolean; readonly subset: boolean; readonly unicode: boolean }[] {
  return inFolder((path) => {
    writeFileSync(path('signed.pdf'), pdf);
    const lines = execFileSync('pdffonts', [path('signed.pdf')], { encoding: 'utf8' })
      .split('\n')
      .slice(2);
    const columns = lines.flatMap((line) => [/ (yes|no) +(yes|no) +(yes|no) +\d+ +\d+$/.exec(line)]).filter((found) => found !== null);
    return columns.map(([, embedded, subset, unicode]) => ({
      embedded: embedded === 'yes',
      subset: subset === 'yes',
      unicode: unicode === 'yes',
    }));
  });
}
