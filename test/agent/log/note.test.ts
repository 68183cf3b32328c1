import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addSignature, formatNote, type NoteSignature, noteLimit, openNote, parseNote } from '../../../agent/log/note.ts';
import {
  formatVerifierKey,
  makeSigner,
  makeVerifierKey,
  parseVerifierKey,
  privateKeyFromSeed,
  type VerifierKey,
} from '../../../agent/log/note-key.ts';
import { codeOf, headOffice, station, stationKey, stranger } from '../../support/log/log-keys.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8');
const text = 'One line.\n\nAnd one after an empty line: ü — 文.\n';
const signed = (...signatures: readonly NoteSignature[]) => formatNote({ text, signatures });
const note = signed(station.sign(text));
const written = Buffer.from(note).toString('utf8');
const unknown: NoteSignature = { name: 'somebody.example', keyId: Uint8Array.of(1, 2, 3, 4), signature: Uint8Array.of(9) };

describe('a note', () => {
  it('comes back from its bytes as it was', () => {
    const line = fc.string({ unit: 'grapheme' }).map((one) => one.replaceAll(/[\p{Cc}\p{Cs}]/gu, ''));
    const name = line.map((one) => one.replaceAll(/[\p{White_Space}+]/gu, '')).filter((one) => one !== '');
    const signature = fc.record({
      name,
      keyId: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.array(signature, { minLength: 1, maxLength: 20 }), (lines, signatures) => {
        const one = { text: `${lines.join('\n')}\n`, signatures };
        const read = parseNote(formatNote(one));
        expect(read.text).toBe(one.text);
        expect(read.signatures.map((each) => ({ ...each, ...plain(each) }))).toEqual(
          signatures.map((each) => ({ ...each, ...plain(each) })),
        );
      }),
    );
  });

  it('has its text before the last empty line, and one line for each signature', () => {
    expect(parseNote(note)).toMatchObject({ text, signatures: [{ name: station.verifier.name }] });
    expect(written).toMatch(/^One line\.\n\nAnd .*\n\n— branch-12\.example\.org\/e1 [A-Za-z0-9+/]{91}=\n$/);
  });

  it.each([
    ['nothing', ''],
    ['no empty line', 'a\n— a AAAAAAAA\n'],
    ['no text', '\n— a AAAAAAAA\n'],
    ['no signature', 'a\n\n'],
    ['no newline at the end', 'a\n\n— a AAAAAAAA'],
    ['an empty line at the end', 'a\n\n— a AAAAAAAA\n\n'],
    ['a line that is no signature', 'a\n\n— a AAAAAAAA\nb\n'],
    ['a hyphen for the dash', 'a\n\n- a AAAAAAAA\n'],
    ['a shorter dash', 'a\n\n– a AAAAAAAA\n'],
    ['two spaces', 'a\n\n—  a AAAAAAAA\n'],
    ['a space at the end of a line', 'a\n\n— a AAAAAAAA \n'],
    ['no name', 'a\n\n—  AAAAAAAA\n'],
    ['a plus in a name', 'a\n\n— a+b AAAAAAAA\n'],
    ['a no-break space in a name', 'a\n\n— a\u00a0b AAAAAAAA\n'],
    ['an ideographic space in a name', 'a\n\n— a\u3000b AAAAAAAA\n'],
    ['a signature without bytes', 'a\n\n— a AAAAAA==\n'],
    ['base64 without padding', 'a\n\n— a AAAAAAA\n'],
    ['base64 with stray bits', 'a\n\n— a AAAAAAB=\n'],
    ['base64 for addresses', 'a\n\n— a AAAA_-AA\n'],
    ['a carriage return', 'a\r\n\n— a AAAAAAAA\n'],
    ['a tab', 'a\tb\n\n— a AAAAAAAA\n'],
    ['a zero byte', 'a\0\n\n— a AAAAAAAA\n'],
    ['more than 16 KiB', `${'a'.repeat(noteLimit)}\n\n— a AAAAAAAA\n`],
  ])('is refused with %s', (_name, wrong) => {
    expect(codeOf(() => parseNote(bytes(wrong)))).toBe('malformed');
  });

  it('is refused when it is not UTF-8', () => {
    expect(codeOf(() => parseNote(Buffer.concat([Buffer.from([0xff]), note])))).toBe('malformed');
    expect(codeOf(() => parseNote(Buffer.concat([Buffer.from([0xed, 0xa0, 0x80]), note])))).toBe('malformed');
  });

  it('may be 16 KiB long and may have more than 16 signatures', () => {
    const rest = bytes('\n\n— a AAAAAAAA\n').byteLength;
    expect(codeOf(() => parseNote(bytes(`${'a'.repeat(noteLimit - rest)}\n\n— a AAAAAAAA\n`)))).toBe('taken');
    expect(parseNote(bytes(`a\n\n${'— a AAAAAAAA\n'.repeat(40)}`)).signatures).toHaveLength(40);
  });

  it.each([
    ['a text that does not end in a newline', { text: 'a', signatures: [unknown] }],
    ['a text with half a letter', { text: '\ud800\n', signatures: [unknown] }],
    ['no signature', { text, signatures: [] }],
    ['a name with a newline', { text, signatures: [{ ...unknown, name: 'a\nb' }] }],
    ['a key id of five bytes', { text, signatures: [{ ...unknown, keyId: new Uint8Array(5) }] }],
    ['a name that carries a second line', { text, signatures: [{ ...unknown, name: 'a AAAAAAAA\n— b' }] }],
  ])('is never written with %s', (_name, parts) => {
    expect(codeOf(() => formatNote(parts))).toBe('malformed');
  });
});

describe('opening a note', () => {
  const keys: readonly VerifierKey[] = [station.verifier, headOffice.verifier];

  it('says which known keys signed it, and keeps the lines of others', () => {
    const whole = signed(unknown, station.sign(text), headOffice.cosign(text, 1_700_000_000), unknown);
    const opened = openNote(whole, keys);
    expect(opened.verified).toEqual([{ key: station.verifier }, { key: headOffice.verifier, seconds: 1_700_000_000 }]);
    expect(opened.unknown.map(({ name }) => name)).toEqual([unknown.name, unknown.name]);
    expect(opened.text).toBe(text);
  });

  it('ignores a line that has only the name or only the id of a known key', () => {
    const name = { ...station.sign(text), keyId: unknown.keyId };
    const id = { ...station.sign(text), name: unknown.name };
    expect(codeOf(() => openNote(signed(name, id), keys))).toBe('unsigned');
    expect(openNote(signed(name, id, station.sign(text)), keys).unknown).toHaveLength(2);
  });

  it.each([
    ['unsigned', 'nobody who is known signed it', [unknown]],
    ['unsigned', 'a stranger signed it under the same name', [stranger.sign(text)]],
    ['forged', 'a stranger signed it under the same name and id', [{ ...stranger.sign(text), keyId: station.verifier.id }]],
    ['forged', 'a signature is of another text', [station.sign('other\n')]],
    ['forged', 'one of two known signatures is bad', [station.sign(text), { ...headOffice.cosign('other\n', 1) }]],
    ['forged', 'a signature is cut', [{ ...station.sign(text), signature: station.sign(text).signature.subarray(1) }]],
    ['forged', 'a cosignature has no room for its time', [{ ...headOffice.cosign(text, 1), signature: new Uint8Array(3) }]],
    ['forged', 'a cosignature is a byte too long', [{ ...headOffice.cosign(text, 1), signature: new Uint8Array(73) }]],
    ['repeated', 'a known key signed twice', [station.sign(text), station.sign(text)]],
    ['repeated', 'a witness signed at two times', [headOffice.cosign(text, 1), headOffice.cosign(text, 2)]],
  ])('is refused as %s when %s', (code, _name, signatures) => {
    expect(codeOf(() => openNote(signed(...signatures), keys))).toBe(code);
  });

  it('takes no cosignature whose time was changed', () => {
    const { signature, ...rest } = headOffice.cosign(text, 1_700_000_000);
    const later = Uint8Array.from(signature);
    later[7] = (later[7] ?? 0) + 1;
    expect(codeOf(() => openNote(signed({ ...rest, signature: later }), keys))).toBe('forged');
    expect(codeOf(() => openNote(signed({ ...rest, signature: Uint8Array.from(signature).fill(0xff, 0, 8) }), keys))).toBe('forged');
  });

  it('takes no note of which any byte was changed', () => {
    for (let place = 0; place < note.byteLength; place += 1) {
      const changed = Uint8Array.from(note);
      changed[place] = (changed[place] ?? 0) ^ 1;
      expect(codeOf(() => openNote(changed, keys))).toMatch(/malformed|forged|unsigned/);
    }
  });

  it('takes a second signature, but not by a key that signed already', () => {
    const both = addSignature(note, headOffice.cosign(text, 5));
    expect(Buffer.from(both).toString('utf8').startsWith(written)).toBe(true);
    expect(openNote(both, keys).verified).toHaveLength(2);
    expect(codeOf(() => addSignature(both, headOffice.cosign(text, 6)))).toBe('repeated');
  });

  it('openssl says the same of a signature', () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-note-'));
    try {
      const path = (name: string) => join(folder, name);
      writeFileSync(path('key.pem'), createPublicKey(stationKey).export({ format: 'pem', type: 'spki' }));
      writeFileSync(path('text'), text);
      writeFileSync(path('signature'), parseNote(note).signatures[0]?.signature ?? '');
      const call = [
        'pkeyutl',
        '-verify',
        '-pubin',
        '-inkey',
        path('key.pem'),
        '-rawin',
        '-in',
        path('text'),
        '-sigfile',
        path('signature'),
      ];
      expect(execFileSync('openssl', call, { encoding: 'utf8' })).toContain('Verified Successfully');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a verifier key', () => {
  it('has an id that says its name, its type and its bytes', () => {
    const { name, publicKey, id } = headOffice.verifier;
    const hash = createHash('sha256').update(`${name}\n\u0004`).update(publicKey).digest();
    expect(Buffer.from(id).toString('hex')).toBe(hash.toString('hex').slice(0, 8));
    expect(makeVerifierKey(name, 'ed25519', publicKey).id).not.toEqual(id);
  });

  it.each([station.verifier, headOffice.verifier])('comes back from its text as it was', (key) => {
    const read = parseVerifierKey(formatVerifierKey(key));
    expect(formatVerifierKey(read)).toBe(formatVerifierKey(key));
    expect([read.name, read.type, read.key.equals(key.key)]).toEqual([key.name, key.type, true]);
  });

  it('is the one of the seed that RFC 8032 begins its examples with', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const { publicKey } = makeSigner('a', privateKeyFromSeed(seed)).verifier;
    expect(Buffer.from(publicKey).toString('hex')).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    expect(() => privateKeyFromSeed(seed.subarray(1))).toThrow(RangeError);
  });

  const good = formatVerifierKey(station.verifier);
  const [name = '', id = '', material = ''] = good.split('+', 2).concat(good.split('+').slice(2).join('+'));
  it.each([
    ['nothing', ''],
    ['another id', `${name}+00000000+${material}`],
    ['another name', `x${name}+${id}+${material}`],
    ['a name with a space', `a b+${id}+${material}`],
    ['an id in capitals', `${name}+${id.toUpperCase()}A+${material}`],
    ['another type', `${name}+${id}+Aw${material.slice(2)}`],
    ['a key that is cut', `${name}+${id}+${material.slice(0, -4)}`],
    ['base64 with a newline', `${good}\n`],
  ])('is refused with %s', (_name, text) => {
    expect(codeOf(() => parseVerifierKey(text))).toBe('malformed');
  });
});

function plain({ keyId, signature }: NoteSignature): object {
  return { keyId: Buffer.from(keyId).toString('hex'), signature: Buffer.from(signature).toString('hex') };
}
