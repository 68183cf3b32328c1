/** What an outside expert reads first: which file is what, what is shown by all of them together, and what is not. */
import type { FoundDocument } from './evidence-documents.ts';
import type { ProvenOperation } from './evidence-entries.ts';
import { notShownOfHolder, shownOfHolder, withoutFinger } from './evidence-finger-words.ts';

/** The README of a package. */
export function evidenceReadme(proven: ProvenOperation, documents: readonly FoundDocument[]): string {
  const { operation, checkpoint, rows, logKey } = proven;
  const entries = rows.map(({ entry: { seq, at, event } }) => {
    const beside = event.operation === operation ? '' : ' (not of the operation; needed to judge it)';
    return `| ${seq} | ${event.op} | ${at.time} |${beside === '' ? '' : beside} |`;
  });
  return `# Evidence for one operation of a signing station

Operation \`${operation}\` in the operation log \`${checkpoint.origin}\`, under a checkpoint of ${checkpoint.size} entries.

Check it with a POSIX shell, sha256sum and OpenSSL 3 alone:

    sh verify.sh --log-key LOG-KEY --anchors ISSUERS.pem

LOG-KEY is the public key of the log **as you got it from somebody other than whoever gave you this folder** (head office, or a receipt of the time).
Without it the script believes the key in this folder, and says so. Its 32 bytes, in hex, are

    ${Buffer.from(logKey).toString('hex')}

ISSUERS.pem holds certificates of issuers that you trust; without them the script says who signed, and not who vouches for that name.
\`verify.sh\` is plain text and was written to be read. A script that comes with the evidence can be forged like the evidence: compare it with one
that you got elsewhere, or do its steps by hand.

${documentWords(documents)}
${withoutFinger(proven)}
## What is here

| file | what it is |
| --- | --- |
| \`entries/N.json\` | entry N of the log, byte for byte; its leaf is SHA-256 over a zero byte and these bytes |
| \`entries/N.proof\` | as text: the number, the size of the log, the leaf, and the hashes ("node") that lead from it to the root, lowest first (RFC 9162, 2.1.3.2) |
| \`entries/N.tlog-proof\` | the same for programs (C2SP tlog-proof), for example \`countersign log check-proof\`; verify.sh does not read it |
| \`checkpoint\` | what the log signed about itself (C2SP signed-note): origin, size, root, and an Ed25519 signature |
| \`consent/N.signed\` | what was hashed for the consent in entry N: a fixed first line, and the statement as it stands in the entry |
| \`assertion/N.*\` | what the fingerprint reader gave in entry N: authenticator data (WebAuthn, 6.1), the hash that it was asked to sign, its signature (ECDSA, DER) over both, one behind the other |
| \`vouch/N.signed\`, \`vouch/N.signature\` | where no finger was used: what whoever vouched in entry N signed (a fixed first line, and the entry without what the log added), and their signature (ECDSA as DER) |
| \`documents/N.signed.*\` | the signed document of entry N (sign.done); \`documents/N.original\` is what a .p7s is the signature of, or the container that was agreed to where one more signature was put into it |
| \`keys/log.pem\` | the key of the log |
| \`keys/finger-N.pem\` | the key of the fingerprint credential that entry N (enrol) enrolled |
| \`keys/vouch-N.pem\` | the key of whoever vouched in entry N (vouch) |
| \`keys/signer-N.pem\` | the certificate that the document of entry N was signed with, as it stands in the document |
| \`operation\`, \`rp-id\` | the id of the operation; the name that the fingerprint credential is bound to |
| \`SHA256SUMS\` | the sums of all other files: whether the copy is whole. Nobody signed it |

| entry | kind | time by the station's clock | |
| --- | --- | --- | --- |
${entries.join('\n')}

## What is shown when verify.sh says HOLDS

- Exactly these bytes stand in the log in these places, and the holder of the log's key signed a log that has them.
- The consent names the documents by their digests, the certificate, this station and this operation, and was used once: it holds a random number.
${shownOfHolder(proven)}
- Each signed document has the digest that the log recorded when it was made; its own signature is good; the signer is the certificate that the consent
  names; and a PDF begins with the very bytes that were consented to.

It says HOLDS, AND NOTHING WAS SIGNED (or HOLDS, AND NOBODY KNOWS WHETHER ANYTHING WAS SIGNED) where no entry says that a document was signed. Exit codes:
0 everything holds and something was signed, 3 everything holds and nothing was signed or nobody knows, 1 something does not hold or could not be checked.

## What is NOT shown

- **The time.** Every time here is the station's own clock. A timestamp by a third party would have to be in the document, and this script does not judge it.
${notShownOfHolder(proven)}
- **Who the person is.** The entries hold a pseudonym. The name stands in the certificate, and its issuer vouches for it; whether it had been revoked or
  had run out is not judged here.
- **That the log shows everybody the same.** Only a checkpoint that head office has witnessed shows that there is no second log with the same key; there is no
  witness's signature here. Whoever had the station's key could have made another log.
- **That nothing was left out.** Each entry is proven by itself. Whether the operation has more entries is seen in the log as a whole
  (\`countersign log verify\`, or head office's copy).
- **What was in a container that was agreed to, where the last line says NOT CHECKED.** A container that was signed already takes one more signature into
  itself and is another file then. verify.sh compares the files in both where it has both; else bring the one that was agreed to, or compare them yourself.
- **What the person understood.** The log has the digest of what was on the screen, and not the screen.
`;
}

function documentWords(documents: readonly FoundDocument[]): string {
  if (documents.length === 0)
    return '**No document was signed in this operation**, as far as these entries say. verify.sh says so in its last line, with exit code 3.';
  const lines = documents.map(({ done, format, signed, ofContainer, original }) => {
    if (signed === undefined)
      return `- Entry ${done}: **the signed document is not in this package.** verify.sh fails without it; give it with --document FILE.`;
    const beside =
      format !== 'p7s' || original !== undefined
        ? ''
        : ' **The file that it is the signature of is not here**; give it with --document FILE.';
    const inside = ofContainer ? containerWords(original !== undefined) : '';
    return `- Entry ${done}: the signed document is \`documents/${String(done).padStart(9, '0')}.signed.${format}\`.${beside}${inside}`;
  });
  return `Documents that were signed:\n\n${lines.join('\n')}`;
}

function containerWords(isHere: boolean): string {
  return isHere
    ? ' What the holder agreed to was a container, which is beside it; verify.sh compares the files in both.'
    : ' What the holder agreed to was a container itself, and it is not here: **that the files in the signed one are its files is NOT CHECKED** until it is given with --document FILE.';
}
