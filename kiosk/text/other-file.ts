/** Texts about files that are no PDF: they cannot be shown, and are known by name, kind and digest. */
import type { OtherKind } from '../../agent/contract/state.ts';

export interface OtherFileText {
  readonly title: string;
  readonly lead: string;
  readonly kind: string;
  readonly kinds: Readonly<Record<OtherKind, string>>;
  /** Above the whole digest. */
  readonly digest: string;
  /** Above the names of the files in a container. */
  readonly inside: string;
  readonly compare: string;
  readonly done: string;
  readonly otherFile: string;
  /** What takes the place of "you have read the document" in the consent. */
  readonly point: string;
  readonly pointAmongMany: string;
  /** Beside it, where some of the documents could be shown. */
  readonly pointOthers: string;
}
