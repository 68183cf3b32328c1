/** One idea in several disguises: a PDF as it is described, with its objects packed away, with its names escaped, and as an update of a harmless one. */
import { handMade, onePage } from './sample-pdf.ts';

type Bodies = Readonly<Record<number, string>>;

const isStream = (body: string): boolean => /\bstream\n/.test(body);

/** Every character of every name as #xx (ISO 32000-1 section 7.3.5); strings and the bytes of streams stay as they are. */
function escapedNames(body: string): string {
  const at = body.search(/\bstream\n/);
  const [syntax, rest] = at === -1 ? [body, ''] : [body.slice(0, at), body.slice(at)];
  const escaped = syntax.replace(/\((?:\\.|[^\\)])*\)|\/([A-Za-z0-9]+)/g, (all: string, name: string | undefined) => {
    if (name === undefined) return all;
    return `/${Array.from(name, (character) => `#${character.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')}`;
  });
  return escaped + rest;
}

/** A PDF with an incremental update appended that sets these objects. */
export function updated(base: Uint8Array, bodies: Bodies): Uint8Array {
  let file = Buffer.from(base).toString('latin1');
  const previous = /startxref\n(\d+)\n%%EOF\n$/.exec(file)?.[1] ?? '';
  const size = Math.max(Number(/\/Size (\d+)/.exec(file)?.[1] ?? 0), ...Object.keys(bodies).map((num) => Number(num) + 1));
  const sections = Object.entries(bodies).map(([num, body]) => {
    const offset = file.length;
    file += `${num} 0 obj\n${body}\nendobj\n`;
    return `${num} 1\n${String(offset).padStart(10, '0')} 00000 n\r\n`;
  });
  const start = file.length;
  file += `xref\n${sections.join('')}trailer\n<</Size ${size}/Root 1 0 R/Prev ${previous}>>\nstartxref\n${start}\n%%EOF\n`;
  return Uint8Array.from(Buffer.from(file, 'latin1'));
}

/** The disguises, by name. Each makes a file of one page with these objects set. */
export const disguises: Readonly<Record<string, (bodies: Bodies) => Uint8Array>> = {
  plainly: (bodies) => handMade({ objects: onePage(bodies) }),
  'in an object stream': (bodies) => {
    const objects = onePage(bodies);
    const hidden = Object.keys(objects).map(Number);
    return handMade({ objects, style: 'stream', hidden: hidden.filter((num) => !isStream(objects[num] ?? '')) });
  },
  'in a hybrid file': (bodies) => {
    const objects = onePage(bodies);
    const added = Object.keys(bodies).map(Number);
    return handMade({ objects, hidden: [3, ...added.filter((num) => num > 4 && !isStream(objects[num] ?? ''))] });
  },
  'behind escaped names': (bodies) => {
    const objects = Object.entries(onePage(bodies)).map(([num, body]) => [num, escapedNames(body)]);
    return handMade({ objects: Object.fromEntries(objects) as Record<number, string> });
  },
  'in an update': (bodies) => updated(handMade({ objects: onePage() }), bodies),
  'behind escaped names in an update of packed objects': (bodies) => {
    // The highest number keeps the numbers of the object stream out of the way.
    const packed = handMade({ objects: onePage({ 20: 'null' }), hidden: [3] });
    return updated(packed, Object.fromEntries(Object.entries(bodies).map(([num, body]) => [num, escapedNames(body)])));
  },
};

/** The body of a stream. */
export function streamBody(dict: string, data: string): string {
  return `<<${dict}/Length ${data.length}>>\nstream\n${data}\nendstream`;
}
