/** A visit with a person at a terminal: what it asks them, and what it tells them. */
import { consentText } from '../signing/consent.ts';
import type { CommandIo } from './io.ts';
import { askLine, readPin, yes } from './keyboard.ts';
import type { FilesWalker } from './sign-files.ts';
import { tellState } from './tell.ts';

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
    async consent({ documents }) {
      if (documents.length > 1)
        documents.forEach(({ name, pages, digest }, index) => io.err(`  ${index + 1}  ${name}, ${pages} pages, SHA-256 ${digest}\n`));
      io.err(`${consentText(documents.length)}\n`);
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
