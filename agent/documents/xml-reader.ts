/**
 * A small strict reader for XML 1.0 with namespaces, for manifests and nothing larger: elements, attributes and text. A document type, entities of its
 * own, processing instructions and other encodings than UTF-8 are refused, so nothing in a document can refer to anything outside of it.
 */

export interface XmlElement {
  /** URI; '' where there is none. */
  readonly namespace: string;
  readonly name: string;
  /** By name; those with a prefix are left out, because none of them means anything here. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All text directly inside it, in one piece. */
  readonly text: string;
}

/** The bytes are no XML that is read here. */
export class XmlRefused extends Error {
  override readonly name = 'XmlRefused';
}

const deepest = 16;
const mostElements = 20_000;
const nameForm = /[A-Za-z_\u00c0-\ufffd][A-Za-z0-9_.\-\u00b7-\ufffd]*(?::[A-Za-z_\u00c0-\ufffd][A-Za-z0-9_.\-\u00b7-\ufffd]*)?/y;
const declaration =
  /^<\?xml\s+version\s*=\s*(["'])1\.0\1(?:\s+encoding\s*=\s*(["'])utf-8\2)?(?:\s+standalone\s*=\s*(["'])(?:yes|no)\3)?\s*\?>/i;
const builtIn: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);
const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';

/** Characters that XML 1.0 has (section 2.2). */
function isCharacter(code: number): boolean {
  return (
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code !== 0xfffe && code !== 0xffff)
  );
}

/** Text with its references resolved: the five names and numbers of characters. */
function resolveText(raw: string): string {
  const text = raw.replace(/&([^;&]*)(;?)/g, (_, name: string, semicolon: string) => {
    const number = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
    const code = number?.[1] === undefined ? Number(number?.[2]) : Number.parseInt(number[1], 16);
    const character = number === null ? builtIn.get(name) : code <= 0x10ffff && isCharacter(code) ? String.fromCodePoint(code) : undefined;
    if (semicolon === '' || character === undefined) throw new XmlRefused('a reference to something that is not known');
    return character;
  });
  for (const character of text) if (!isCharacter(character.codePointAt(0) ?? 0)) throw new XmlRefused('a character that XML does not have');
  return text;
}

type Prefixes = ReadonlyMap<string, string>;

class Parser {
  readonly #text: string;
  #at = 0;
  #elements = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): XmlElement {
    const head = declaration.exec(this.#text);
    if (head !== null) this.#at = head[0].length;
    this.#between();
    if (this.#text[this.#at] !== '<') throw new XmlRefused('no element');
    const root = this.#element(new Map([['xml', xmlNamespace]]), 0);
    this.#between();
    if (this.#at !== this.#text.length) throw new XmlRefused('something stands behind the element');
    return root;
  }

  /** White space and comments. */
  #between(): void {
    for (;;) {
      this.#space();
      if (!this.#text.startsWith('<!--', this.#at)) return;
      this.#comment();
    }
  }

  #space(): boolean {
    const from = this.#at;
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#at > from;
  }

  #comment(): void {
    const end = this.#text.indexOf('--', this.#at + 4);
    if (end < 0 || this.#text[end + 2] !== '>') throw new XmlRefused('a comment without an end');
    resolveText(this.#text.slice(this.#at + 4, end).replaceAll('&', ''));
    this.#at = end + 3;
  }

  #take(expected: string): void {
    if (!this.#text.startsWith(expected, this.#at)) throw new XmlRefused(`no "${expected}" where one is needed`);
    this.#at += expected.length;
  }

  #name(): string {
    nameForm.lastIndex = this.#at;
    const found = nameForm.exec(this.#text)?.[0];
    if (found === undefined) throw new XmlRefused('no name where one is needed');
    this.#at += found.length;
    return found;
  }

  #attributeValue(): string {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") throw new XmlRefused('an attribute without quotes');
    const end = this.#text.indexOf(quote, this.#at + 1);
    const raw = this.#text.slice(this.#at + 1, end);
    if (end < 0 || raw.includes('<')) throw new XmlRefused('an attribute without an end');
    this.#at = end + 1;
    // White space in an attribute is a space (section 3.3.3).
    return resolveText(raw.replace(/\r\n?|[\t\n]/g, ' '));
  }

  #attributes(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    while (this.#space() && !/[/>]/.test(this.#text[this.#at] ?? '>')) {
      const name = this.#name();
      this.#space();
      this.#take('=');
      this.#space();
      if (found.has(name)) throw new XmlRefused('an attribute stands twice');
      found.set(name, this.#attributeValue());
    }
    return found;
  }

  #element(outer: Prefixes, depth: number): XmlElement {
    this.#elements += 1;
    if (depth > deepest || this.#elements > mostElements) throw new XmlRefused('too many elements');
    this.#take('<');
    const tag = this.#name();
    const attributes = this.#attributes();
    const prefixes = new Map(outer);
    for (const [name, value] of attributes) {
      if (name === 'xmlns') prefixes.set('', value);
      else if (name.startsWith('xmlns:')) {
        if (value === '' || name === 'xmlns:xml' || name === 'xmlns:xmlns') throw new XmlRefused('a prefix that cannot be');
        prefixes.set(name.slice('xmlns:'.length), value);
      }
    }
    const resolve = (name: string): readonly [string, string] => {
      const colon = name.indexOf(':');
      const namespace = prefixes.get(colon < 0 ? '' : name.slice(0, colon));
      if (colon >= 0 && namespace === undefined) throw new XmlRefused('a prefix that nobody declared');
      return [namespace ?? '', name.slice(colon + 1)];
    };
    const [namespace, name] = resolve(tag);
    const plain = new Map([...attributes].filter(([key]) => !key.includes(':') && key !== 'xmlns'));
    for (const key of attributes.keys()) if (key.includes(':') && !key.startsWith('xmlns:')) resolve(key);
    if (this.#text.startsWith('/>', this.#at)) {
      this.#at += 2;
      return { namespace, name, attributes: plain, children: [], text: '' };
    }
    this.#take('>');
    const { children, text } = this.#content(prefixes, depth);
    this.#take(`</${tag}`);
    this.#space();
    this.#take('>');
    return { namespace, name, attributes: plain, children, text };
  }

  #content(prefixes: Prefixes, depth: number): Pick<XmlElement, 'children' | 'text'> {
    const children: XmlElement[] = [];
    let text = '';
    for (;;) {
      const next = this.#text.indexOf('<', this.#at);
      if (next < 0) throw new XmlRefused('an element without an end');
      const raw = this.#text.slice(this.#at, next);
      if (raw.includes(']]>')) throw new XmlRefused('the end of a section that did not begin');
      text += resolveText(raw);
      this.#at = next;
      if (this.#text.startsWith('</', next)) return { children, text };
      if (this.#text.startsWith('<!--', next)) this.#comment();
      else children.push(this.#element(prefixes, depth + 1));
    }
  }
}

/** Reads one document, UTF-8 with or without a byte order mark. Throws XmlRefused. */
export function readXml(bytes: Uint8Array): XmlElement {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new XmlRefused('not UTF-8', { cause });
  }
  return new Parser(text).document();
}
