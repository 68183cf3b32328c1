/** The fingers that a virtual bio key has enrolled. A template is an id, the name of the finger that matches it, and the name that an officer gave it. */

export interface Template {
  readonly id: Uint8Array;
  readonly finger: string;
  /** Friendly name (CTAP 2.1 section 6.7), where one was given. */
  name?: string;
}

/** A template as JSON; the id is base64. */
export interface TemplateJson {
  readonly id: string;
  readonly finger: string;
  readonly name?: string;
}

export class FingerTemplates {
  readonly max: number;
  #templates: Template[];
  readonly #onChange: () => void;

  constructor(json: readonly TemplateJson[], max: number, onChange: () => void) {
    this.max = max;
    this.#templates = json.map(({ id, ...rest }) => ({ id: Buffer.from(id, 'base64'), ...rest }));
    this.#onChange = onChange;
  }

  toJSON(): TemplateJson[] {
    return this.#templates.map(({ id, ...rest }) => ({ id: Buffer.from(id).toString('base64'), ...rest }));
  }

  get all(): readonly Template[] {
    return this.#templates;
  }

  /** Names of the fingers that match. */
  get fingers(): ReadonlySet<string> {
    return new Set(this.#templates.map(({ finger }) => finger));
  }

  get full(): boolean {
    return this.#templates.length >= this.max;
  }

  add(template: Template): void {
    this.#templates.push(template);
    this.#onChange();
  }

  /** False when there is no such template. */
  rename(id: Uint8Array, name: string): boolean {
    const template = this.#templates.find((one) => Buffer.compare(one.id, id) === 0);
    if (template === undefined) return false;
    template.name = name;
    this.#onChange();
    return true;
  }

  /** False when there is no such template. */
  remove(id: Uint8Array): boolean {
    const kept = this.#templates.filter((one) => Buffer.compare(one.id, id) !== 0);
    if (kept.length === this.#templates.length) return false;
    this.#templates = kept;
    this.#onChange();
    return true;
  }

  clear(): void {
    this.#templates = [];
    this.#onChange();
  }
}
