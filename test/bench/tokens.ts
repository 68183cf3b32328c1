/**
 * `npm run bench:tokens`: what the driver costs beside bare pkcs11js, how fast a host starts and a card shows, and whether memory stays flat.
 * The built driver is measured, as a station runs it. `-- --signatures N` sets how many are made for the memory line.
 */
import { parseArgs } from 'node:util';
import type * as driver from '../../drivers/pkcs11/source.ts';
import { Secret } from '../../drivers/secret.ts';
import type { SigningOrder, SignRequest } from '../../drivers/token.ts';
import { createSoftHsm, softhsmModule, type SoftHsm } from '../support/softhsm.ts';
import { onlyToken } from '../support/token-waiting.ts';
import { BareToken } from './bare-token.ts';
import { timeFromCardToScreen } from './card-to-screen.ts';
import { line, median, ms, quantile, timesOf } from './measure.ts';

const built = (await import(new URL('../../dist/drivers/pkcs11/source.js', import.meta.url).href)) as typeof driver;
const message = Buffer.from('what the holder agreed to');
const rounds = 60;

const { values } = parseArgs({ options: { signatures: { type: 'string', default: '10000' } } });
const signatures = Number(values.signatures);
if (!Number.isInteger(signatures) || signatures < 100) throw new Error('--signatures takes a whole number from 100');

const hsm = await createSoftHsm();
const rsa = await hsm.addKey({ id: '01', type: 'rsa:2048', commonName: 'Ada RSA' });
const ec = await hsm.addKey({ id: '02', type: 'EC:prime256v1', commonName: 'Ada EC' });
Object.assign(process.env, hsm.env);

const newSource = ({ env } = hsm) => built.createTokenSource({ modules: [{ name: 'softhsm', path: softhsmModule, env }], pollMs: 500 });

process.stdout.write(`node ${process.version}, SoftHSM2; medians, 95 of 100 below the second number\n\n`);
try {
  await compareWithBare(hsm);
  await hostStart();
  const shown = await timeFromCardToScreen(8);
  line(
    'card inserted to screen (aim: under 700 ms)',
    ms(median(shown)),
    `p95 ${ms(quantile(shown, 0.95))}, virtual card, pcscd polls every 400 ms`,
  );
  await memory();
} finally {
  await hsm.remove();
}

async function compareWithBare({ pin }: SoftHsm): Promise<void> {
  const source = newSource();
  const bare = new BareToken(softhsmModule, pin);
  const token = await onlyToken(source);
  for (const [name, type, key, ckaId] of [
    ['RSA-2048', 'rsa', rsa, '01'],
    ['P-256', 'ec', ec, '02'],
  ] as const) {
    const order: SigningOrder = {
      tokenId: token.id,
      certificateSha256: key.sha256,
      scheme: type === 'rsa' ? 'rsa-pkcs1' : 'ecdsa',
      hash: 'sha256',
    };
    const request: SignRequest = { ...order, message };
    // A station has read the token long before the PIN is typed, so a host is ready; what it costs to start one has a line of its own.
    const before = (): Promise<unknown> => source.read(token.id);
    const ours = await timesOf(rounds, () => source.sign(request, new Secret(Buffer.from(pin))), { before });
    const yardstick = await timesOf(rounds, () => bare.sign(ckaId, type, message));
    const [mine, theirs] = [median(ours), median(yardstick)];
    const [aim, met] = type === 'rsa' ? ['at most 1.25 x', mine <= 1.25 * theirs] : ['at most 0.25 ms more', mine <= theirs + 0.25];
    line(`${name}: bare pkcs11js in process`, ms(theirs), `p95 ${ms(quantile(yardstick, 0.95))}`);
    line(
      `${name}: through the driver`,
      ms(mine),
      `p95 ${ms(quantile(ours, 0.95))}; ${(mine / theirs).toFixed(2)} x, ${ms(mine - theirs)} more (aim: ${aim}: ${met ? 'met' : 'MISSED'})`,
    );
    const session = source.openSigning(order, new Secret(Buffer.from(pin)));
    const later = await timesOf(rounds, () => session.sign(message));
    await session.close();
    line(`${name}: each further one under the same login`, ms(median(later)), `p95 ${ms(quantile(later, 0.95))}`);
  }
  bare.close();
  await source.close();
}

async function hostStart(): Promise<void> {
  const starts = await timesOf(
    12,
    async () => {
      const source = newSource();
      await onlyToken(source);
      await source.close();
    },
    { warmUp: 1 },
  );
  line('start of a host to its first look at the slots', ms(median(starts)), `p95 ${ms(quantile(starts, 0.95))}, its end included`);
}

/**
 * Every signature takes a host of its own, so what could grow is the agent's side. Several drivers share the work to keep both cores busy, each with a token
 * of its own: SoftHSM writes its token's file at each login, and whoever looks at that moment sees a token that is not initialized.
 */
async function memory(): Promise<void> {
  const desks = await Promise.all(
    [1, 2, 3].map(async () => {
      const own = await createSoftHsm();
      const { sha256 } = await own.addKey({ id: '02', type: 'EC:prime256v1', commonName: 'Ada EC' });
      return { own, sha256, source: newSource(own) };
    }),
  );
  const sizes: number[] = [];
  let made = 0;
  const start = performance.now();
  await Promise.all(
    desks.map(async ({ own, sha256, source }) => {
      const token = await onlyToken(source);
      const request: SignRequest = { tokenId: token.id, certificateSha256: sha256, scheme: 'ecdsa', hash: 'sha256', message };
      while (made < signatures) {
        if (made++ % Math.ceil(signatures / 10) === 0) {
          sizes.push(rssMegabytes());
          process.stderr.write(`${made - 1} of ${signatures} signatures, ${sizes.at(-1) ?? 0} MB\n`);
        }
        await source.sign(request, new Secret(Buffer.from(own.pin)));
      }
    }),
  );
  sizes.push(rssMegabytes());
  const each = (performance.now() - start) / signatures;
  line(`memory of the agent's side over ${signatures} signatures`, `${sizes.at(-1) ?? 0} MB`, `at each tenth: ${sizes.join(' ')} MB`);
  line('throughput of three drivers, a host of its own for each signature', ms(each), 'per signature');
  await Promise.all(desks.map(({ own, source }) => source.close().then(() => own.remove())));
}

function rssMegabytes(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}
