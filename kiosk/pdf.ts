/**
 * Opens the document and draws its pages: pdf.js on a canvas and nothing else. Appearances of signatures, stamps and filled-in fields are
 * drawn, because they are part of what is signed; links, forms and scripts do not exist here. Nothing is fetched from outside the station.
 */
import { AnnotationMode, getDocument, GlobalWorkerOptions, type PDFDocumentProxy, type PDFPageProxy } from 'pdfjs-dist';
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url';

GlobalWorkerOptions.workerSrc = workerUrl;

/** Largest canvas, pixels: beyond it the page is drawn coarser. */
const canvasLimit = 16_777_216;

const assets = (folder: string) => new URL(`${import.meta.env.BASE_URL}pdf/${folder}/`, location.href).href;

/** One page on a canvas: settled when it is drawn or given up. */
export interface Drawing {
  readonly done: Promise<void>;
  readonly cancel: () => void;
}

export class OpenPage {
  readonly #page: PDFPageProxy;
  /** Width divided by height, as it is shown. */
  readonly ratio: number;
  /** As it is shown, points (1/72 inch). */
  readonly width: number;
  readonly height: number;

  constructor(page: PDFPageProxy) {
    this.#page = page;
    const { width, height } = page.getViewport({ scale: 1 });
    this.ratio = width / height;
    const [left = 0, bottom = 0, right = 0, top = 0] = page.view;
    const lying = page.rotate % 180 !== 0;
    this.width = lying ? top - bottom : right - left;
    this.height = lying ? right - left : top - bottom;
  }

  /** Draws the page `cssWidth` CSS pixels wide. */
  draw(canvas: HTMLCanvasElement, cssWidth: number): Drawing {
    const { width, height } = this.#page.getViewport({ scale: 1 });
    const wanted = (cssWidth * devicePixelRatio) / width;
    const scale = Math.min(wanted, Math.sqrt(canvasLimit / (width * height)));
    const viewport = this.#page.getViewport({ scale });
    canvas.width = Math.max(1, Math.floor(viewport.width));
    canvas.height = Math.max(1, Math.floor(viewport.height));
    const task = this.#page.render({ canvas, viewport, annotationMode: AnnotationMode.ENABLE });
    return { done: task.promise, cancel: () => task.cancel() };
  }

  /** The words of the page, for a screen reader. */
  async words(): Promise<string> {
    const { items } = await this.#page.getTextContent();
    return items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
  }
}

export class OpenDocument {
  readonly #pdf: PDFDocumentProxy;
  /** Width divided by height of the first page: the guess for those not seen yet. */
  readonly firstRatio: number;

  constructor(pdf: PDFDocumentProxy, firstRatio: number) {
    this.#pdf = pdf;
    this.firstRatio = firstRatio;
  }

  get pages(): number {
    return this.#pdf.numPages;
  }

  /** Page by its number, from 1. */
  async page(number: number): Promise<OpenPage> {
    return new OpenPage(await this.#pdf.getPage(number));
  }

  /** Ends the worker, and with it every copy of the document that this page holds. */
  close(): void {
    void this.#pdf.loadingTask.destroy();
  }
}

/** Takes the bytes over and opens them. Throws when they are not a PDF that can be drawn. */
export async function openPdf(data: Uint8Array<ArrayBuffer>): Promise<OpenDocument> {
  const pdf = await getDocument({
    data,
    cMapUrl: assets('cmaps'),
    cMapPacked: true,
    standardFontDataUrl: assets('standard_fonts'),
    wasmUrl: assets('wasm'),
    iccUrl: assets('iccs'),
    useWasm: false,
    useSystemFonts: false,
    isEvalSupported: false,
    enableXfa: false,
    verbosity: 0,
  }).promise;
  const first = new OpenPage(await pdf.getPage(1));
  return new OpenDocument(pdf, first.ratio);
}
