/**
 * `npm run bench:documents`: what a large document costs in memory and time, how the whole signing path stands beside the bare signature on the same
 * token, and beside two signers of others. `-- --size MB --batch N` makes it quick. The built station is measured.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type * as driver from '../../drivers/pkcs11/source.ts';
import { Secret } from '../../drivers/secret.ts';
import type { SigningOrder, TokenInfo, TokenSource } from '../../drivers/token.ts';
import { agreementPath } from '../support/sample-pdf.ts';
import { createSoftHsm, softhsmModule } from '../support/softhsm.ts';
import { onlyToken } from '../support/token-waiting.ts';
import { BareToken } from './bare-token.ts';
import { bigDocument, countedDocument } from './big-document.ts';
import { line, median, ms, timesOf } from './measure.ts';
import { otherSigners } from './other-signers.ts';
import { type Signer, SigningPath } from './signing-path.ts';

const { createTokenSource } = (await import(new URL('../../dist/drivers/pkcs11/source.js', import.meta.url).href)) as typeof driver;
const rounds = 20;

const { values } = parseArgs({ options: { size: { type: 'string', default: '500' }, batch: { type: 'string', default: '100' } } });
const [megabytes, batch] = [Number(values.size), Number(values.batch)];
if (!Number.isInteger(megabytes) || megabytes < 1 || megabytes > 500)
  throw new Error('--size takes a whole number of megabytes from 1 to 500');
if (!Number.isInteger(batch) || batch < 2) throw new Error('--batch takes a whole number from 2');

const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
const hsm = await createSoftHsm();
Object.assign(process.env, hsm.env);
const keys = [
  {
    name: 'RSA-2048',
    type: 'rsa',
    scheme: 'rsa-pkcs1',
    id: '01',
    ...(await hsm.addKey({ id: '01', type: 'rsa:2048', commonName: 'Ada RSA' })),
  },
  {
    name: 'P-256',
    type: 'ec',
    scheme: 'ecdsa',
    id: '02',
    ...(await hsm.addKey({ id: '02', type: 'EC:prime256v1', commonName: 'Ada EC' })),
  },
] as const;

process.stdout.write(`node ${process.version}, SoftHSM2; medians\n\n`);
try {
  const [{ certificate, sha256 }] = keys;
  await bigDocument(folder, megabytes, { pin: hsm.pin, env: hsm.env, certificate: certificate.toString('base64'), sha256 });
  await countedDocument(folder);
  const token = await smallDocuments();
  await others(token);
} finally {
  await hsm.remove();
  await rm(folder, { recursive: true });
}

/** Milliseconds for one document; `examined` is the part that is over before a visit begins. */
interface Cost {
  readonly whole: number;
  readonly examined: number;
}

/** Gives what one document cost with RSA-2048, alone and in the batch. */
async function smallDocuments(): Promise<{ readonly one: Cost; readonly each: Cost }> {
  const source = createTokenSource({ modules: [{ name: 'softhsm', path: softhsmModule, env: hsm.env }], pollMs: 500 });
  const bare = new BareToken(softhsmModule, hsm.pin);
  const documents = Array.from({ length: batch }, (_, index) => join(folder, `document-${index}.pdf`));
  for (const document of documents) await copyFile(agreementPath, document);
  const path = await SigningPath.make(join(folder, 'small'), 50_000_000);
  const token = await onlyToken(source);
  const costs: { one: Cost; each: Cost }[] = [];
  try {
    for (const key of keys) {
      const yardstick = median(await timesOf(rounds, () => bare.sign(key.id, key.type, Buffer.from('what the holder agreed to'))));
      line(`${key.name}: bare signature on the token`, ms(yardstick));
      const beside = ({ whole, examined }: Cost): string =>
        `${(whole / yardstick).toFixed(1)} x the bare signature; ${((whole - examined) / yardstick).toFixed(1)} x without the examination`;
      const examinations: number[] = [];
      const once = async (): Promise<unknown> => examinations.push(await signAll([agreementPath], path, source, token, key));
      const whole = median(await timesOf(rounds, once, { before: () => source.read(token.id) }));
      const one = { whole, examined: median(examinations) };
      line(`${key.name}: from file to signed file, one document`, ms(whole), beside(one));
      await source.read(token.id);
      const start = performance.now();
      const examined = (await signAll(documents, path, source, token, key)) / batch;
      const each = { whole: (performance.now() - start) / batch, examined };
      line(`${key.name}: from file to signed file, ${batch} documents, each`, ms(each.whole), beside(each));
      costs.push({ one, each });
    }
  } finally {
    path.close();
    bare.close();
    await source.close();
  }
  const [rsa] = costs;
  if (rsa === undefined) throw new Error('nothing was measured');
  return rsa;
}

/** One login, one document after the other, as a visit does it. Gives the milliseconds that the examinations took. */
async function signAll(
  documents: readonly string[],
  path: SigningPath,
  source: TokenSource,
  token: TokenInfo,
  { sha256, certificate, scheme }: (typeof keys)[number],
): Promise<number> {
  const order: SigningOrder = { tokenId: token.id, certificateSha256: sha256, scheme, hash: 'sha256' };
  const session = source.openSigning(order, new Secret(Buffer.from(hsm.pin)));
  const signer: Signer = { request: { certificate, chain: [], hash: 'sha256', scheme }, session };
  let examined = 0;
  try {
    for (const document of documents) examined += (await path.sign(document, signer)).look;
    return examined;
  } finally {
    await session.close();
  }
}

/** Their keys lie in files, ours on the token; each of theirs is a process, ours run in the agent. */
async function others({ one, each }: { readonly one: Cost; readonly each: Cost }): Promise<void> {
  const beside = ({ whole, examined }: Cost, theirs: number): string =>
    `ours is ${(whole / theirs).toFixed(2)} x, ${((whole - examined) / theirs).toFixed(2)} x without the examination`;
  for (const signer of await otherSigners(folder)) {
    const { name } = signer;
    const theirs = median(await timesOf(rounds, () => signer.sign(agreementPath)));
    line(`${name}: one document`, ms(theirs), beside(one, theirs));
    const [all = 0] = await timesOf(
      1,
      async () => {
        for (let count = 0; count < batch; count += 1) await signer.sign(agreementPath);
      },
      { warmUp: 0 },
    );
    line(`${name}: ${batch} documents, each`, ms(all / batch), beside(each, all / batch));
  }
}
