/** Others who sign PDFs: poppler and LibreOffice with NSS, MuPDF. Each has its key from one issuer and writes its own kind of signature. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Issued, type KeyRing, endEntity } from './signing-keys.ts';
import { boundedRun } from './validators/bounded.ts';

export class ForeignSigners {
  readonly #ring: KeyRing;
  readonly #store: string;
  readonly #packed: string;

  /** Its files lie in the folder of the key ring, and go with it. */
  constructor(ring: KeyRing, issuer: Issued) {
    this.#ring = ring;
    const signer = ring.issue('/CN=Other Signer/O=Northwind', 'rsa-2048', endEntity, issuer);
    this.#packed = ring.path('other.p12');
    this.#store = ring.path('other-nss');
    mkdirSync(this.#store);
    const pack = ['-inkey', signer.keyPath, '-in', signer.certificatePath, '-name', 'other', '-passout', 'pass:x', '-out', this.#packed];
    execFileSync('openssl', ['pkcs12', '-export', ...pack]);
    const store = ['-d', `sql:${this.#store}`];
    this.#run('certutil', ['-N', ...store, '--empty-password']);
    this.#run('certutil', ['-A', ...store, '-n', 'issuer', '-t', 'C,C,C', '-i', issuer.certificatePath]);
    this.#run('pk12util', ['-i', this.#packed, ...store, '-W', 'x', '-K', '']);
  }

  /** Poppler, in a field of its own. */
  poppler(document: Uint8Array): Uint8Array {
    return this.#through(document, (from, to) => ['pdfsig', '-nssdir', this.#store, '-add-signature', '-nick', 'other', from, to]);
  }

  /** Poppler, in a field that waits. */
  popplerInField(document: Uint8Array, field: string): Uint8Array {
    return this.#through(document, (from, to) => ['pdfsig', '-nssdir', this.#store, '-sign', field, '-nick', 'other', from, to]);
  }

  /** MuPDF, in the waiting field with this object number; it signs with SHA-1. */
  mupdf(document: Uint8Array, object: number): Uint8Array {
    return this.#through(document, (from, to) => ['mutool', 'sign', '-s', this.#packed, '-P', 'x', '-o', to, from, String(object)]);
  }

  /** LibreOffice, when it makes the PDF of this page. */
  office(html: string): Uint8Array {
    const text = (value: string): { type: string; value: string } => ({ type: 'string', value });
    const settings = { SignPDF: { type: 'boolean', value: 'true' }, SignCertificateSubjectName: text('O=Northwind,CN=Other Signer') };
    writeFileSync(this.#ring.path('page.html'), html);
    const profile = `-env:UserInstallation=file://${this.#ring.path('office')}`;
    const convert = ['--infilter=HTML (StarWriter)', '--convert-to', `pdf:writer_pdf_Export:${JSON.stringify(settings)}`, 'page.html'];
    this.#run('soffice', [profile, '--headless', '--norestore', ...convert], 8000);
    return new Uint8Array(readFileSync(this.#ring.path('page.pdf')));
  }

  #through(document: Uint8Array, command: (from: string, to: string) => readonly string[]): Uint8Array {
    const [from, to] = [this.#ring.path('unsigned.pdf'), this.#ring.path('signed.pdf')];
    writeFileSync(from, document);
    const [tool = '', ...args] = command(from, to);
    this.#run(tool, args);
    return new Uint8Array(readFileSync(to));
  }

  #run(command: string, args: readonly string[], megabytes = 1500): void {
    const env = { HOME: this.#ring.folder, MOZILLA_CERTIFICATE_FOLDER: this.#store };
    const { status, stdout, stderr } = boundedRun(command, args, { cwd: this.#ring.folder, env, megabytes, seconds: 60 });
    if (status !== 0) throw new Error(`${command} does not sign: ${stdout.toString('utf8')}${stderr}`);
  }
}
