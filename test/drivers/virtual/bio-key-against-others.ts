/**
 * Lets clients that others wrote check the virtual bio key, by hand: Debian's python3-fido2 and libfido2.
 * `npx tsx test/drivers/virtual/bio-key-against-others.ts python-fido2` or `... libfido2`. Not part of the suite, because the product needs no Python.
 */
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { VirtualBioKey } from '../../../drivers/virtual/bio-key.ts';
import { demoRootCertificate } from '../../../drivers/virtual/bio-key-identity.ts';

const key = VirtualBioKey.create({ fingers: ['right index'], keepaliveMs: 20 });
key.autoTouch('right index');

const folder = await mkdtemp(join(tmpdir(), 'bio-key-'));
const path = join(folder, 'key.sock');
const root = join(folder, 'root.der');
await writeFile(root, demoRootCertificate);

const server = createServer((socket) => {
  const open = key.transport.open('virtual-bio-key', { onReport: (report) => socket.write(report), onGone: () => socket.destroy() });
  let rest = Buffer.alloc(0);
  socket.on('data', (data) => {
    rest = Buffer.concat([rest, data]);
    void open.then(async (channel) => {
      while (rest.length >= 64) {
        const report = rest.subarray(0, 64);
        rest = rest.subarray(64);
        await channel.write(new Uint8Array(report));
      }
    });
  });
  socket.on('error', () => undefined);
});
server.listen(path);
await once(server, 'listening');

const [who = 'python-fido2'] = process.argv.slice(2);
const script = new URL(`./bio-key-against-${who}.py`, import.meta.url).pathname;
const python = spawn('/usr/bin/python3', [script, path, root], { stdio: ['pipe', 'pipe', 'inherit'] });
createInterface({ input: python.stdout }).on('line', (line) => {
  process.stdout.write(`${line}\n`);
  if (line === 'wrong finger') {
    key.autoTouch('left thumb');
    python.stdin.write('laid on\n');
  } else if (line === 'no finger') {
    key.autoTouch(undefined);
    key.unlock();
    python.stdin.write('unlocked\n');
  } else if (line === 'finger to enrol') {
    const left = { finger: 'left index' };
    key.nextTouches({ ...left, manner: 'dirty' }, left, { ...left, manner: 'too-fast' }, left, left, { finger: 'left thumb' }, left);
    python.stdin.write('coming\n');
  }
});
const [code] = (await once(python, 'exit')) as [number | null];
server.close();
await rm(folder, { recursive: true });
process.exitCode = code ?? 1;
