/**
 * The one program of ours that the guest starts: it does over HTTP what a test on the host asks for, with the real drivers of this checkout on the real
 * kernel. Bundled into one plain file before the boot, because reading many small files takes a guest without KVM long. With the word "open" it
 * only tries to open a hidraw device, for another user to start; with the word "station" it is a station.
 */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { createHidrawTransport } from '../../../drivers/fido/hidraw.ts';
import { runStation } from './station.ts';

const [word = '', path = '', ...more] = process.argv.slice(2);

if (word === 'open') await openOnly();
else if (word === 'station') await runStation(path, more[0] ?? '', Number(more[1]));
else await serve(Number(word));

async function openOnly(): Promise<void> {
  try {
    const channel = await createHidrawTransport().open(path, { onReport: () => undefined, onGone: () => undefined });
    await channel.close();
    process.stdout.write('opened');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stdout.write(`${error.message} (${error.cause instanceof Error ? error.cause.message : 'no cause'})`);
  }
}

async function serve(port: number): Promise<void> {
  // Only here: the calls begin to watch devices when they are loaded.
  const { calls } = await import('./calls.ts');
  const perform = async ({ name, args }: { readonly name: string; readonly args: readonly unknown[] }): Promise<object> => {
    try {
      const call = (calls as Readonly<Record<string, (...given: readonly never[]) => unknown>>)[name];
      if (call === undefined) throw new Error(`the guest knows no call ${name}`);
      return { value: await call(...(args as readonly never[])) };
    } catch (error) {
      const about = error instanceof Error ? error : new Error(String(error));
      // What a DeviceError carries besides its message goes along.
      return { error: Object.assign({ name: about.name, message: about.message, stack: about.stack }, about) };
    }
  };
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
}
