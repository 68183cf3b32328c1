/**
 * The one program of ours that the guest starts: it does over HTTP what a test on the host asks for, with the real drivers of this checkout on the real
 * kernel. Bundled into one plain file before the boot, because reading many small files takes a guest without KVM long.
 */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { calls } from './calls.ts';

const port = Number(process.argv[2]);

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    response.end('up');
    return;
  }
  void text(request)
    .then((body) => perform(JSON.parse(body) as { name: string; args: readonly unknown[] }))
    .then((answer) => response.end(JSON.stringify(answer)));
});
server.listen(port, '10.0.2.15');

async function perform({ name, args }: { readonly name: string; readonly args: readonly unknown[] }): Promise<object> {
  try {
    const call = (calls as Readonly<Record<string, (...given: readonly never[]) => unknown>>)[name];
    if (call === undefined) throw new Error(`the guest knows no call ${name}`);
    return { value: await call(...(args as readonly never[])) };
  } catch (error) {
    const about = error instanceof Error ? error : new Error(String(error));
    // What a DeviceError carries besides its message goes along.
    return { error: Object.assign({ name: about.name, message: about.message, stack: about.stack }, about) };
  }
}
