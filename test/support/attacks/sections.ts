/** Cross-reference sections behind a signed file that lie about where its objects stand, or about what came before. */
import { openPdf } from '../../../agent/documents/pdf.ts';
import { updated } from '../attack-pdf.ts';
import { behind } from './attack.ts';

function row(offset: number): string {
  return `${String(offset).padStart(10, '0')} 00000 n\r\n`;
}

function previousOf(sound: Uint8Array): string {
  return /startxref\n(\d+)\n%%EOF\n$/.exec(Buffer.from(sound).toString('latin1'))?.[1] ?? '';
}

/** A section with these lines and trailer entries, behind a file and `objects`. */
function section(sound: Uint8Array, objects: string, lines: string, trailer: string): Uint8Array {
  const start = sound.length + objects.length;
  return behind(sound, `${objects}xref\n${lines}trailer\n<</Size 99/Root 1 0 R${trailer}>>\nstartxref\n${start}\n%%EOF\n`);
}

/** Nothing but cross-references: an object listed at the place of another one, or as free. */
export function relinked(sound: Uint8Array, num: number, to: number | undefined): Uint8Array {
  const offset = to === undefined ? 0 : Buffer.from(sound).toString('latin1').lastIndexOf(`\n${to} 0 obj\n`) + 1;
  return section(sound, '', `${num} 1\n${to === undefined ? '0000000000 00001 f\r\n' : row(offset)}`, `/Prev ${previousOf(sound)}`);
}

/** An object, and another one that stands inside it. */
export function overlapping(sound: Uint8Array): Uint8Array {
  const inner = '81 0 obj\n<</Inside true>>\nendobj\n';
  const head = `80 0 obj\n<</Length ${inner.length}>>\nstream\n`;
  const lines = `80 2\n${row(sound.length)}${row(sound.length + head.length)}`;
  return section(sound, `${head}${inner}\nendstream\nendobj\n`, lines, `/Prev ${previousOf(sound)}`);
}

/** A section that names itself as the one before it. */
export function looped(sound: Uint8Array): Uint8Array {
  return section(sound, '', '0 0\n', `/Prev ${sound.length}`);
}

/** A section that lists every object at its place, and no section before it. */
export function skipping(sound: Uint8Array): Uint8Array {
  const entries = [...openPdf(sound).entries].flatMap(([num, entry]) => (entry.kind === 'plain' ? [`${num} 1\n${row(entry.offset)}`] : []));
  return section(sound, '', entries.join(''), '');
}

/** An update by which the document claims to be another one. */
export function renamed(sound: Uint8Array): Uint8Array {
  const text = Buffer.from(updated(sound, { 90: '<</Nothing true>>' })).toString('latin1');
  return Uint8Array.from(Buffer.from(text.replace(/>>(?=\nstartxref\n\d+\n%%EOF\n$)/, '/ID[<01><01>]>>'), 'latin1'));
}
