/** Whether the files that entries name are there as they were: asked for each while the log is verified, and said behind its verdict. */
import type { NamedAttachment } from '../log/verify/confirmations.ts';
import { lookAtAttachment } from '../records/attachments.ts';

/** Most findings that are kept; the rest is counted. */
const most = 100;

export class AttachmentCheck {
  readonly #folder: string;
  readonly #found: { readonly entry: number; readonly sha256: string; readonly problem: 'missing' | 'changed' }[] = [];
  #there = 0;
  #wrong = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get allThere(): boolean {
    return this.#wrong === 0;
  }

  /** Looks at one file. Throws on I/O errors. */
  readonly take = async (named: NamedAttachment): Promise<void> => {
    const state = await lookAtAttachment(this.#folder, named);
    if (state === 'there') this.#there += 1;
    else if (this.#wrong++ < most) this.#found.push({ entry: named.seq, sha256: named.sha256, problem: state });
  };

  lines(): readonly string[] {
    const more = this.#wrong - this.#found.length;
    return [
      ...(this.#there === 0 ? [] : [`${this.#there} attached ${this.#there === 1 ? 'file is' : 'files are'} there, unchanged.`]),
      ...this.#found.map(({ entry, sha256, problem }) =>
        problem === 'missing'
          ? `ATTACHMENT MISSING: entry ${entry} names the file ${sha256}, and it is not in ${this.#folder}.`
          : `ATTACHMENT CHANGED: entry ${entry} names the file ${sha256}, and what lies in ${this.#folder} under this name is not that file.`,
      ),
      ...(more === 0 ? [] : [`${more} more are missing or changed.`]),
    ];
  }

  /** Nothing where no entry names a file. */
  forProgram(): object {
    if (this.#there + this.#wrong === 0) return {};
    return { attachments: { there: this.#there, missing_or_changed: this.#wrong, findings: this.#found } };
  }
}
