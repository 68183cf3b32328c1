/**
 * A process that starts hosts, as the agent does, and either kills each at a random moment or waits to be killed itself. It runs on the compiled drivers
 * that lie in its current folder. Arguments: how many, `kill` or `wait`, and as JSON the environment and path of a module that hangs in C_GetSlotList.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [, , count, then, module] = process.argv;
const { path, env } = JSON.parse(module ?? '{}');
const { HostProcess } = await import(pathToFileURL(`${process.cwd()}/drivers/pkcs11/child.js`).href);
const atOnce = 4;
const counts = { starting: 0, loaded: 0, hanging: 0 };

/** One host, brought into a state by chance: still starting, with its module loaded, or hanging in a call of it. */
async function start() {
  const host = new HostProcess(env);
  const wanted = ['starting', 'loaded', 'hanging'][Math.floor(Math.random() * 3)];
  const loaded = new Promise((resolve) => {
    host.onReply = resolve;
  });
  if (wanted !== 'starting') {
    host.send({ type: 'load', module: 'shim', path, slotEvents: false });
    const reply = await Promise.race([loaded, host.ended]);
    if (reply.type !== 'loaded') throw new Error(`the host did not load its module: ${JSON.stringify(reply)} ${host.lastWords}`);
    if (wanted === 'hanging') host.send({ type: 'list', id: 1 });
  }
  counts[wanted] += 1;
  return host;
}

async function work(own) {
  for (let nth = 0; nth < own; nth += 1) {
    const host = await start();
    if (then !== 'kill') continue;
    await sleep(Math.random() * 60);
    host.kill();
    const origin = await host.ended;
    if (origin.value !== 'SIGKILL') throw new Error(`the host ended otherwise: ${JSON.stringify(origin)} ${host.lastWords}`);
  }
}

await Promise.all(Array.from({ length: atOnce }, () => work(Number(count) / atOnce)));
process.send(counts);
if (then === 'kill') process.disconnect();
