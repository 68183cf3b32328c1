/** The document desk: joins inbox and outbox with the log. Every document that comes in, and every one that is refused, is an entry. */
import type { DocumentView, OutputFormat, RefusedDocumentView } from '../contract/state.ts';
import { type DocumentRules, type Handling, handlingOf, refusedByFormat, refusedByRules } from '../documents/document-class.ts';
import { readBytes } from '../documents/document-file.ts';
import type { Inbox, InboxContents, InboxDocument, InboxRefusal } from '../documents/inbox.ts';
import { readDocument, type Examining } from '../documents/intake.ts';
import type { Originals } from '../documents/originals.ts';
import type { Outbox } from '../documents/outbox.ts';
import { formatFor, signedName } from '../documents/output-format.ts';
import { pageSizes } from '../documents/page-sizes.ts';
import { PdfRefused } from '../documents/pdf-objects.ts';
import { printable } from '../documents/printable.ts';
import type { Refusal } from '../documents/refusal-sentences.ts';
import type { AppendableEvent } from '../log/events.ts';
import { documentView } from './document-view.ts';
import { markOf } from './mark.ts';
import type { ChosenDocument, OpenDocument } from './model.ts';
import { documentProblem, SigningProblem } from './problem.ts';

export interface DeskParts {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly originals: Originals;
  readonly examiner: Examining;
  /** What holds for which documents. */
  readonly rules: DocumentRules;
  /** How everything is signed, where somebody at a terminal said so; otherwise the station's policy decides. */
  readonly format?: OutputFormat | undefined;
  readonly record: (event: AppendableEvent) => Promise<unknown>;
  /** A document has left between two looks, or is no longer what was listed: nobody is to be offered it. */
  readonly onLeft?: (view: DeskView) => void;
}

export interface DeskView {
  readonly documents: readonly DocumentView[];
  readonly refused: readonly RefusedDocumentView[];
}

const station = { id: 'station', role: 'station' } as const;

export class Desk {
  readonly #parts: DeskParts;
  readonly #known: Set<string>;
  readonly #refused = new Set<string>();
  #listedLast: DeskView = { documents: [], refused: [] };
  #shown = '';
  #shownLast: WeakRef<OpenDocument> | undefined;

  /** `known` are the digests that `document-in` entries name already. */
  constructor(parts: DeskParts, known: Iterable<string>) {
    this.#parts = parts;
    this.#known = new Set(known);
  }

  /** The log has the entry of a document although nobody was told: it is not entered again. */
  knows(digest: string): void {
    this.#known.add(digest);
  }

  /** Looks into the inbox and records what is new. Gives the new list when it differs from the last one. */
  async look(): Promise<DeskView | undefined> {
    await this.#parts.inbox.scan();
    await this.#record(this.#contents());
    const view = this.view();
    if (JSON.stringify(view) === this.#shown) return undefined;
    this.#list(view);
    return view;
  }

  view(): DeskView {
    const { documents, refused } = this.#contents();
    return {
      documents: documents.filter(({ id }) => !this.#parts.originals.isSigned(id)).map((document) => this.#viewOf(document)),
      refused: refused.map(({ fileName, ...why }) => ({ name: printable(fileName, 120), ...why })),
    };
  }

  /** Reads the document once: these bytes are shown, hashed and signed. Throws SigningProblem document-refused or document-changed. */
  async open(documentId: string): Promise<OpenDocument> {
    const listed = this.#listed(documentId);
    const read = await readDocument(this.#parts.inbox.path(listed.fileName), this.#parts.examiner);
    if (!read.ok) throw documentProblem(read.refusal);
    if (read.document.digest !== listed.digest) throw this.#changed(listed);
    const { bytes, digest, stamp } = read.document;
    this.#parts.inbox.remember(listed.fileName, digest, stamp);
    const opened = { fileName: listed.fileName, bytes, ...this.#marked(listed, bytes) };
    this.#shownLast = new WeakRef(opened);
    return opened;
  }

  /** Throws document-changed when the file is not what the holder has read (any more). */
  async mustBeUnchanged(document: ChosenDocument): Promise<void> {
    if (!(await this.#parts.inbox.holds(document.fileName, document.view.digest))) throw this.#changed(document);
  }

  /**
   * The document again, without another examination: its digest says that it is the one that was examined and shown. While the bytes that were shown are
   * still in memory they are given, so that a large document is not held twice. Throws document-changed.
   */
  async reread(document: ChosenDocument): Promise<OpenDocument> {
    const { view, fileName } = document;
    const shown = this.#shownLast?.deref();
    if (shown?.view.id === view.id && shown.view.digest === view.digest) return { view, fileName, bytes: shown.bytes };
    const read = await readBytes(this.#parts.inbox.path(document.fileName), this.#parts.examiner.policy.maxBytes);
    if (typeof read === 'string' || read.digest !== view.digest) throw this.#changed(document);
    return { view, fileName, bytes: read.bytes };
  }

  /**
   * Writes the signed document durably where nobody looks; gives the name that it will get, and the SHA-256 (hex) of what was written: `digest` where it is
   * known already. `signature` names the signature (`signatureName`).
   */
  async stage(
    signature: string,
    document: ChosenDocument,
    output: Uint8Array,
    digest?: string,
  ): Promise<{ readonly name: string; readonly digest: string }> {
    const name = signedName(document.fileName, document.view.format ?? 'pades');
    return { name, digest: await this.#parts.outbox.stage(signature, name, output, digest) };
  }

  /**
   * After `sign.done`: the signed document appears, the original leaves the inbox. Gives the name in the outbox. Throws on I/O errors. Whatever could not
   * be done is done at the next start (`recovery.ts`).
   */
  async publish(signature: string, { view, fileName, bytes }: OpenDocument): Promise<string> {
    const { originals, outbox } = this.#parts;
    originals.signed(view.id);
    const name = await outbox.publish(signature);
    const kept = await originals.keep(signature, { id: view.id, fileName, digest: view.digest, bytes });
    if (kept) await outbox.discard(signature).catch(() => undefined);
    this.#tell();
    return name;
  }

  /** Puts the receipt of a document beside it in the outbox; gives its name. Throws on I/O errors. */
  putReceipt(outputName: string, proof: Uint8Array): Promise<string> {
    return this.#parts.outbox.putBeside(outputName, '.tlog-proof', proof);
  }

  discard(signature: string): Promise<void> {
    return this.#parts.outbox.discard(signature);
  }

  /** How documents of this name are handled. */
  handling(fileName: string): Handling {
    return handlingOf(this.#parts.rules, fileName);
  }

  /** Why the rules refuse a document that intake let pass; undefined when they do not. */
  refusal(document: Pick<InboxDocument, 'fileName' | 'remarks' | 'other'>): Refusal | undefined {
    const handling = this.handling(document.fileName);
    return refusedByRules(handling, document.remarks) ?? refusedByFormat(handling, this.#formatOf(document));
  }

  /** The view with the mark that its class asks for, and the pages on which it may stand. Throws SigningProblem document-refused. */
  #marked(listed: InboxDocument, bytes: Uint8Array): Pick<OpenDocument, 'view' | 'pageSizes'> {
    const view = this.#viewOf(listed);
    const handling = this.handling(listed.fileName);
    // Only a PDF that is signed in itself has a place for a mark.
    if (handling.appearance === undefined || view.format !== undefined) return { view };
    try {
      const pages = pageSizes(bytes);
      const mark = markOf(handling, pages);
      return { view: mark === undefined ? view : { ...view, mark }, pageSizes: pages };
    } catch (error) {
      throw error instanceof PdfRefused ? documentProblem(error.refusal) : error;
    }
  }

  /** What the inbox holds, after the rules of the classes were applied. */
  #contents(): InboxContents {
    const { documents, refused } = this.#parts.inbox.contents();
    const judged = documents.map((document) => ({ document, refusal: this.refusal(document) }));
    const byRules = judged.flatMap(({ document: { fileName }, refusal }): InboxRefusal[] => {
      if (refusal === undefined) return [];
      const { refusal: code, subject } = refusal;
      return [{ fileName, refusal: code, ...(subject === undefined ? {} : { subject }) }];
    });
    return {
      documents: judged.flatMap(({ document, refusal }) => (refusal === undefined ? [document] : [])),
      refused: [...refused, ...byRules],
    };
  }

  async #record(contents: InboxContents): Promise<void> {
    for (const { digest, size, pages, signatures, remarks, other } of contents.documents) {
      if (this.#known.has(digest)) continue;
      const facts = {
        document_sha256: digest,
        size,
        pages,
        signatures,
        ...(remarks.length === 0 ? {} : { remarks: remarks.map(({ code }) => code) }),
        ...(other === undefined ? {} : { kind: other.kind }),
      };
      await this.#parts.record({ op: 'document-in', actor: station, ...facts });
      this.#known.add(digest);
    }
    for (const { fileName, refusal } of contents.refused) {
      const key = `${fileName}\0${refusal}`;
      if (this.#refused.has(key)) continue;
      await this.#parts.record({ op: 'document-refused', actor: station, refusal });
      this.#refused.add(key);
    }
  }

  #listed(documentId: string): InboxDocument {
    const found = this.#contents().documents.find(({ id }) => id === documentId);
    if (found === undefined) {
      this.#tell();
      throw new SigningProblem('document-changed');
    }
    return found;
  }

  #changed(listed: { readonly fileName: string }): SigningProblem {
    this.#parts.inbox.forget(listed.fileName);
    this.#tell();
    return new SigningProblem('document-changed');
  }

  /** Takes away from the list what is gone; what is new comes with the next look, which writes its entry first. */
  #tell(): void {
    const there = new Set(this.view().documents.map(({ id }) => id));
    const left = this.#listedLast.documents.filter(({ id }) => there.has(id));
    if (left.length === this.#listedLast.documents.length) return;
    this.#list({ ...this.#listedLast, documents: left });
    this.#parts.onLeft?.(this.#listedLast);
  }

  #list(view: DeskView): void {
    this.#listedLast = view;
    this.#shown = JSON.stringify(view);
  }

  #viewOf(document: InboxDocument): DocumentView {
    return documentView(document, this.handling(document.fileName), this.#formatOf(document));
  }

  #formatOf({ fileName, other }: Pick<InboxDocument, 'fileName' | 'other'>): OutputFormat {
    const { format, rules } = this.#parts;
    const byClass = format ?? this.handling(fileName).format;
    return formatFor(other, byClass ?? (other === undefined ? undefined : rules.otherFormat));
  }
}
