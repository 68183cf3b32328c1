/** A visit with a person at a terminal: what it asks them, and what it tells them. */
import type { DocumentView } from '../contract/state.ts';
import { consentText } from '../signing/consent.ts';
import type { CommandIo } from './io.ts';
import { askLine, readPin, yes } from './keyboard.ts';
import type { FilesWalker } from './sign-files.ts';
import { lengthOf, tellState } from './tell.ts';

export function terminalWalker(io: CommandIo): FilesWalker {
  return {
    tell: (state) => tellState(state, io),
    async chooseCertificate({ certificates }) {
      certificates.forEach(({ name, issuer, serial, validTo }, index) => {
        io.err(`  ${index + 1}  ${name}, issued by ${issuer}, serial ${serial}, valid to ${validTo}\n`);
      });
      const answer = Number(await askLine('Which certificate (number, Enter ends)? '));
      return certificates[answer - 1]?.certificateSha256;
    },
    async consent({ documents, vouched = false }) {
      if (documents.length > 1)
        documents.forEach((document, index) =>
          io.err(`  ${index + 1}  ${document.name}, ${lengthOf(document)}, SHA-256 ${document.digest}\n`),
        );
      for (const line of documents.flatMap(otherLines)) io.err(`${line}\n`);
      for (const line of documents.flatMap(termLines)) io.err(`${line}\n`);
      io.err(`${consentText(documents.length, documents.filter(({ other }) => other !== undefined).length, vouched)}\n`);
      const [only] = documents.length === 1 ? documents : [];
      return yes(await askLine(`Sign ${only === undefined ? `these ${documents.length} documents` : only.name}? Type yes: `));
    },
    async pin({ pin }) {
      const tries = pin.triesLeft === undefined ? '' : ` (${pin.triesLeft} tries left)`;
      return readPin(`PIN${tries}: `);
    },
    goOn: async () => yes(await askLine('Go on? Type yes: ')),
  };
}

/** What the signature will say besides. */
function termLines({ name, terms }: DocumentView): readonly string[] {
  if (terms === undefined) return [];
  const { certifies, reason, commitment } = terms;
  return [
    ...(certifies === undefined ? [] : [`The signature certifies ${name}: nobody can change or sign it afterwards.`]),
    ...(reason === undefined ? [] : [`The signature gives as its reason for ${name}: "${reason}".`]),
    ...(commitment === undefined ? [] : [`The signature on ${name} is a ${commitment.replaceAll('-', ' ')}.`]),
  ];
}

/** What is known of a file that cannot be shown: its kind, its whole digest, and what is in a container. */
function otherLines({ name, other, digest }: DocumentView): readonly string[] {
  if (other === undefined) return [];
  return [
    `${name} is no PDF (${other.mimeType}) and cannot be shown. Its SHA-256 is`,
    `  ${inFours(digest)}`,
    ...(other.files.length === 0 ? [] : ['In it are']),
    ...other.files.map((file) => `  ${file.name}, SHA-256 ${file.digest}`),
  ];
}

function inFours(hex: string): string {
  return (hex.match(/.{1,4}/g) ?? []).join(' ');
}
