/** What a station takes in: limits, and the few things on which organisations differ. Everything else that is refused is refused everywhere. */

export interface IntakePolicy {
  readonly maxBytes: number;
  readonly maxPages: number;
  /** Files packed into the document, as invoices carry them (PDF/A-3). They are signed with it, and nobody reads them on the screen. Refused unless allowed. */
  readonly embeddedFiles?: 'refuse' | 'allow';
  /** Fonts that the document does not carry: its text may look different in another program. A remark unless refused. */
  readonly missingFonts?: 'warn' | 'refuse';
  /** Files that are no PDF: nobody can read them on the screen. Refused unless allowed. */
  readonly otherFiles?: 'refuse' | 'allow';
}

export const defaultIntakePolicy: IntakePolicy = {
  maxBytes: 50 * 1024 * 1024,
  maxPages: 500,
  embeddedFiles: 'refuse',
  missingFonts: 'warn',
};
