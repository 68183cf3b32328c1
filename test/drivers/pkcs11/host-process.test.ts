import { execFile, fork, type ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hostEnvironment, launchWithoutCore } from '../../../drivers/pkcs11/environment.ts';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { countInMemory } from '../../agent/http/memory.ts';
import { buildFaultShim, type FaultShim } from '../../support/fault-shim.ts';
import { createSoftHsm, softhsmModule, type SoftHsm } from '../../support/softhsm.ts';
import { onlyToken } from '../../support/token-waiting.ts';

const run = promisify(execFile);

describe('the process that holds a vendor module', () => {
  let hsm: SoftHsm;
  let shim: FaultShim;
  let key: string;
  let source: Pkcs11Source | undefined;

  beforeAll(async () => {
    hsm = await createSoftHsm();
    shim = await buildFaultShim(hsm);
    key = (await hsm.addKey({ id: '01', type: 'EC:prime256v1', commonName: 'Ada' })).sha256;
  });
  afterEach(async () => {
    await source?.close();
    for (const name of ['OPENSC_DEBUG', 'PKCS11SPY', 'LD_LIBRARY_PATH', 'SOME_SECRET']) Reflect.deleteProperty(process.env, name);
  });
  afterAll(() => hsm.remove());

  const hostPid = (): number => {
    const pid = source?.modules()[0]?.pid;
    if (pid === undefined) throw new Error('there is no host');
    return pid;
  };

  it('sees none of the variables that would write a PIN to disk', async () => {
    Object.assign(process.env, { OPENSC_DEBUG: '9', PKCS11SPY: '/tmp/spy', LD_LIBRARY_PATH: '/tmp/evil', SOME_SECRET: 'x' });
    source = createTokenSource({ modules: [{ name: 'softhsm', path: softhsmModule, env: { ...hsm.env, LD_PRELOAD: '/tmp/evil.so' } }] });
    await onlyToken(source);
    const environment = (await readFile(`/proc/${hostPid()}/environ`, 'utf8')).split('\0').map((line) => line.split('=', 1)[0] ?? '');
    expect(environment).toContain('SOFTHSM2_CONF');
    for (const name of ['OPENSC_DEBUG', 'PKCS11SPY', 'LD_LIBRARY_PATH', 'LD_PRELOAD', 'SOME_SECRET'])
      expect(environment).not.toContain(name);
  });

  it('leaves no core file when it crashes', async () => {
    source = createTokenSource({ modules: [{ name: 'softhsm', path: softhsmModule, env: hsm.env }] });
    await onlyToken(source);
    const limits = await readFile(`/proc/${hostPid()}/limits`, 'utf8');
    const [soft, hard] = /^Max core file size\s+(\S+)\s+(\S+)/mu.exec(limits)?.slice(1) ?? [];
    expect(Number(soft)).toBeLessThanOrEqual(1);
    expect(Number(hard)).toBeLessThanOrEqual(1);
  });

  it('is heard on stderr when it dies, and only there', async () => {
    const library = join(hsm.folder, 'dying.so');
    const text = 'the last words of a vendor';
    await writeFile(
      `${library}.c`,
      `#include <stdio.h>\n#include <stdlib.h>\n__attribute__((constructor)) static void start(void) { fputs("${text}", stderr); abort(); }\n`,
    );
    await run('cc', ['-shared', '-fPIC', '-o', library, `${library}.c`]);
    source = createTokenSource({ modules: [{ name: 'dying', path: library }] });
    await expect.poll(() => source?.modules()[0]?.problem, { timeout: 15_000 }).toMatch(new RegExp(`SIGABRT.*${text}`, 'u'));
  });

  it('has core files off without prlimit too', async () => {
    const { execPath, execArgv } = launchWithoutCore('/bin/cat', ['/proc/self/limits'], false);
    const { stdout } = await run(execPath, execArgv);
    expect(stdout).toMatch(/^Max core file size\s+0\s+0/mu);
  });

  it('gives a module LD_LIBRARY_PATH only where its own configuration says so', () => {
    expect(hostEnvironment({ PATH: '/bin', LD_LIBRARY_PATH: '/a' })).toEqual({ PATH: '/bin' });
    expect(hostEnvironment({}, { LD_LIBRARY_PATH: '/opt/vendor', NODE_OPTIONS: '--inspect', OPENSC_CONF: '/c' })).toEqual({
      LD_LIBRARY_PATH: '/opt/vendor',
      OPENSC_CONF: '/c',
    });
  });

  it.each(['idle', 'hanging', 'logged in'] as const)('does not outlive the agent that is killed while it is %s', async (state) => {
    await shim.order({});
    const agent = await startAgent(hsm, shim);
    const host = await agent.hostPid;
    if (state === 'logged in') {
      agent.process.send(key);
      await new Promise((resolve) => agent.process.once('message', resolve));
      expect(countInMemory(host, Buffer.from(hsm.pin))).toBeGreaterThan(0);
    }
    if (state === 'hanging') {
      await shim.order({ C_GetSlotList: 'hang' });
      await sleep(300);
    }
    expect(isRunning(host)).toBe(true);
    agent.process.kill('SIGKILL');
    await expect.poll(() => isRunning(host), { timeout: 5000 }).toBe(false);
  });

  it('ends when the source is closed, and with it the last child', async () => {
    const closing = createTokenSource({ modules: [{ name: 'softhsm', path: softhsmModule, env: hsm.env }] });
    await onlyToken(closing);
    const pid = closing.modules()[0]?.pid ?? 0;
    await closing.close();
    expect(isRunning(pid)).toBe(false);
  });

  it('may be killed from outside without harm to the agent', async () => {
    source = createTokenSource({ modules: [{ name: 'softhsm', path: softhsmModule, env: hsm.env }], pollMs: 50 });
    const token = await onlyToken(source);
    process.kill(hostPid(), 'SIGKILL');
    await sleep(20);
    await source.read(token.id).catch((error: unknown) => expect(error).toMatchObject({ code: 'module-crashed' }));
    expect((await source.read(token.id)).token).toEqual(token);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A process of its own that holds a source, as the agent does; it tells the pid of its host. */
async function startAgent(hsm: SoftHsm, shim: FaultShim): Promise<{ process: ChildProcess; hostPid: Promise<number> }> {
  const script = join(hsm.folder, 'agent.mts');
  const [module, secret] = ['pkcs11/source.ts', 'secret.ts'].map(
    (file) => pathToFileURL(join(import.meta.dirname, '../../../drivers', file)).href,
  );
  await writeFile(
    script,
    `import { createTokenSource } from ${JSON.stringify(module)};
     import { Secret } from ${JSON.stringify(secret)};
     const source = createTokenSource({ modules: [${JSON.stringify(shim.module)}], pollMs: 20 });
     source.watch(() => process.send(source.modules()[0].pid));
     process.once('message', async (certificateSha256) => {
       const order = { tokenId: source.tokens()[0].id, certificateSha256, scheme: 'ecdsa', hash: 'sha256' };
       await source.openSigning(order, new Secret(Buffer.from(${JSON.stringify(hsm.pin)}))).sign(Buffer.from('first of several'));
       process.send('signed');
     });`,
  );
  const agent = fork(script, { execArgv: ['--import', 'tsx'], stdio: 'ignore' });
  const hostPid = new Promise<number>((resolve, reject) => {
    agent.once('message', (pid) => resolve(Number(pid)));
    agent.once('exit', () => reject(new Error('the agent ended')));
  });
  return { process: agent, hostPid };
}
