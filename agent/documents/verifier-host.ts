/**
 * The process that judges the signatures in a file which anybody may have made: one process, one file, one answer, and then it ends. It is handed the
 * file as an open descriptor and opens none, knows no key, and may be killed at any moment.
 */
import { fileSource, pieces } from './byte-source.ts';
import { Digesting } from './content-digest.ts';
import type { ContentReport } from './content-report.ts';
import { mostAdditions, mostChanges } from './verifier-answer.ts';
import { type Task, descriptors, readTask } from './verifier-protocol.ts';
import { verifyContainer } from './verify-container.ts';
import { type DetachedContent, verifyDetached } from './verify-detached.ts';
import { type VerificationReport, verifyPdf } from './verify.ts';

async function receive(): Promise<Uint8Array> {
  const received: Buffer[] = [];
  for await (const piece of process.stdin as AsyncIterable<Buffer>) received.push(piece);
  return Buffer.concat(received);
}

function contentOf(name: string): DetachedContent {
  return {
    name,
    digest(hash) {
      const source = fileSource(descriptors.content);
      const digesting = new Digesting([hash]);
      for (const piece of pieces(source, 0, source.size)) digesting.update(piece);
      return Promise.resolve(digesting.finish().of(hash));
    },
  };
}

async function judge({ kind, content, options }: Task): Promise<VerificationReport | ContentReport> {
  const source = fileSource(descriptors.file);
  switch (kind) {
    case 'container':
      return verifyContainer(source, options);
    case 'detached':
      return verifyDetached(source.read(0, source.size), content === undefined ? undefined : contentOf(content), options);
    case 'pdf': {
      const report = verifyPdf(source.read(0, source.size), options);
      return { ...report, signatures: report.signatures.map(shortened), documentTimestamps: report.documentTimestamps.map(shortened) };
    }
  }
}

/** Lists of what was found with an end, so that a file in which everything was changed has an answer too. */
function shortened<T extends { readonly additions: readonly unknown[]; readonly changes: readonly string[] }>(report: T): T {
  const { additions, changes } = report;
  const more = changes.length - mostChanges + 1;
  return {
    ...report,
    additions: additions.slice(0, mostAdditions),
    changes: more > 1 ? [...changes.slice(0, mostChanges - 1), `${more} more changes`] : changes,
  };
}

const task = readTask(await receive());
if (task !== undefined) {
  const answer = JSON.stringify(await judge(task));
  await new Promise<void>((resolve) => process.stdout.write(answer, () => resolve()));
}
process.exit(0);
