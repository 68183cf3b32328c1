/**
 * Classes of documents: what a station does with files of certain names. The organisation names them in the configuration; the first one that fits a
 * file name counts.
 */
import type { OutputFormat } from '../contract/state.ts';
import type { Commitment, TermsView } from '../contract/terms.ts';
import type { AppearanceBox, AppearanceContent } from './appearance-request.ts';
import type { Remark } from './intake-findings.ts';
import type { PadesRequest } from './pades-request.ts';
import { type Refusal, refuse } from './refusal-sentences.ts';

/** How a visible signature looks; sizes in points. */
export interface Look {
  readonly width?: number;
  readonly height?: number;
  /** Language of the words before each line. */
  readonly language?: 'en' | 'de';
  /** False leaves the QR code out. */
  readonly code?: boolean;
}

/** A box that always stands in one place, from the top left corner of the page as it is shown; page -1 is the last one. */
export interface FixedPlace extends Look {
  readonly place: 'fixed';
  readonly page: number;
  readonly left: number;
  readonly top: number;
}

/** A box that the holder may place on the screen; without a place the signature is invisible. */
export interface PlaceByHand extends Look {
  readonly place: 'by-hand';
}

export interface DocumentClass {
  readonly name: string;
  /** Pattern of file names: `*` stands for any characters, `?` for one; case does not count. */
  readonly files: string;
  readonly embeddedFiles?: 'refuse' | 'allow';
  readonly missingFonts?: 'warn' | 'refuse';
  readonly appearance?: FixedPlace | PlaceByHand;
  /** Name of the signature field that the signature goes into. */
  readonly field?: string;
  readonly certify?: boolean;
  readonly commitment?: Commitment;
  readonly reason?: string;
  /** How documents are signed; a PDF in itself, and other files as the rules say, where this is left out. */
  readonly format?: OutputFormat;
}

/** What holds for all documents where no class says otherwise. */
export interface DocumentRules extends Pick<DocumentClass, 'embeddedFiles' | 'missingFonts' | 'appearance'> {
  /** Files that are no PDF. */
  readonly otherFiles?: 'refuse' | 'allow';
  /** How those are signed where no class says it; beside themselves where this is left out. */
  readonly otherFormat?: Exclude<OutputFormat, 'pades'>;
  readonly classes?: readonly DocumentClass[];
}

/** What a class asks of a document: its name, if it has one, and its rules with those of the station behind them. */
export type Handling = Omit<DocumentClass, 'name' | 'files'> & { readonly name?: string };

/** True when the whole of `name` fits the pattern; takes at most as many steps as both lengths multiplied. */
export function fitsPattern(pattern: string, name: string): boolean {
  const [wanted, given] = [Array.from(pattern.toLowerCase()), Array.from(name.toLowerCase())];
  let [at, star, resume] = [0, -1, 0];
  for (let index = 0; index < given.length;) {
    if (at < wanted.length && wanted[at] === '*') {
      star = at;
      resume = index;
      at += 1;
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[index])) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      index = resume;
    } else return false;
  }
  return wanted.slice(at).every((rest) => rest === '*');
}

/** How a file of this name is handled. */
export function handlingOf(rules: DocumentRules, fileName: string): Handling {
  const { classes = [], ...general } = rules;
  const found = classes.find(({ files }) => fitsPattern(files, fileName));
  return { ...general, ...found };
}

/**
 * Intake lets pass what some class may allow and remarks it; here the rules for this file decide. Files that are packed in are refused unless they are
 * allowed, fonts that are missing unless that is forbidden.
 */
export function refusedByRules({ embeddedFiles, missingFonts }: Handling, remarks: readonly Remark[]): Refusal | undefined {
  const remarked = (code: Remark['code']) => remarks.find((remark) => remark.code === code);
  if (embeddedFiles !== 'allow' && remarked('embedded-files') !== undefined) return refuse('embedded-files');
  const fonts = missingFonts === 'refuse' ? remarked('missing-fonts') : undefined;
  return fonts === undefined ? undefined : refuse('fonts-not-embedded', fonts.subjects[0]);
}

/** The size of a box for which a class names none, points: room for five lines and a code that telephones read. */
export const usualBox = { width: 220, height: 80 } as const;

/** Where the box of a class with a fixed place stands in a document with so many pages: on its last page where it has fewer than the place asks for. */
export function fixedBox({ page, left, top, width, height }: FixedPlace, pages: number): AppearanceBox {
  const wanted = page < 0 ? pages + 1 + page : page;
  return {
    page: Math.min(Math.max(wanted, 1), pages),
    left,
    top,
    width: width ?? usualBox.width,
    height: height ?? usualBox.height,
  };
}

/** What the box says: what is known of the signature, as this class shows it. */
export function contentOf({ appearance, reason }: Handling, facts: Omit<AppearanceContent, 'reason' | 'language'>): AppearanceContent {
  const { qr, ...said } = facts;
  return {
    ...said,
    ...(qr === undefined || appearance?.code === false ? {} : { qr }),
    ...(reason === undefined ? {} : { reason }),
    ...(appearance?.language === undefined ? {} : { language: appearance.language }),
  };
}

/** What the signature says besides, as the holder is told; undefined where it says nothing more. A reason and a certification are those of a PDF. */
export function termsOf({ certify, reason, commitment }: Handling, format: OutputFormat): TermsView | undefined {
  const inPdf = format === 'pades';
  const terms: TermsView = {
    ...(inPdf && certify === true ? { certifies: true } : {}),
    ...(inPdf && reason !== undefined ? { reason } : {}),
    ...(commitment === undefined ? {} : { commitment }),
  };
  return Object.keys(terms).length === 0 ? undefined : terms;
}

/** A class that asks for what only a PDF can have, and a file that is none: it is refused, because nobody may be left to think that it was done. */
export function refusedByFormat({ field, certify, reason }: Handling, format: OutputFormat): Refusal | undefined {
  if (format === 'pades' || (field === undefined && certify !== true && reason === undefined)) return undefined;
  return refuse('class-needs-pdf');
}

/** What a class asks of the signature itself. */
export function signatureWishes({
  field,
  certify,
  commitment,
  reason,
}: Handling): Pick<PadesRequest, 'field' | 'certify' | 'commitment' | 'reason'> {
  return {
    ...(field === undefined ? {} : { field }),
    ...(certify === true ? { certify } : {}),
    ...(commitment === undefined ? {} : { commitment }),
    ...(reason === undefined ? {} : { reason }),
  };
}
