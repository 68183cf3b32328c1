/** What becomes of a limited process when whoever started it is gone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { limitedLaunch } from '../../../agent/documents/limited-launch.ts';
import { defaultVerifierLimits } from '../../../agent/documents/verifier.ts';

const hostAt = (name: string): string => fileURLToPath(new URL(`../../support/hosts/${name}.mjs`, import.meta.url));
const started: number[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) if (isThere(pid)) process.kill(pid, 'SIGKILL');
});

/** Neither ended nor about to be waited for. */
function isThere(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Starts a limited process by way of another one, kills that one, and says whether the process is gone. */
async function isGoneWithParent(setpriv: boolean, signal: NodeJS.Signals): Promise<boolean> {
  const launch = limitedLaunch(hostAt('sleeper'), [], defaultVerifierLimits, 0, { prlimit: true, setpriv });
  const parent = spawn(process.execPath, [hostAt('starter'), JSON.stringify(launch)], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  started.push(pid);
  // By then it is the program that was meant, and the kernel knows.
  await expect.poll(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0], { timeout: 10_000 }).toBe(process.execPath);
  const ended = once(parent, 'exit');
  parent.kill(signal);
  await ended;
  for (let tried = 0; tried < 20 && isThere(pid); tried += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  return !isThere(pid);
}

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('it ends too when that one ends by %s', async (signal) => {
  expect(await isGoneWithParent(true, signal)).toBe(true);
});

test('the control: without the word to the kernel it stays, to the end of its processor time', async () => {
  expect(await isGoneWithParent(false, 'SIGKILL')).toBe(false);
});
