/** Two people, or two scripts, set the same checkout up at the same time. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SmallCheckout } from '../support/small-checkout.ts';

let small: SmallCheckout;
beforeEach(() => {
  small = new SmallCheckout();
});
afterEach(() => {
  small.remove();
});

describe('two set-ups at once', () => {
  const lock = (): string => join(small.path, '.cache/setup.lock');
  /** An npm that counts its calls and takes until it is let go. */
  function slowNpm(): void {
    small.dpkgKnowsAllBut();
    small.command(
      'npm',
      `echo x >> ${join(small.folder, 'calls')}`,
      `until [ -e ${join(small.folder, 'go')} ]; do /bin/sleep 0.05; done`,
      'exit 3',
    );
  }

  it('the second waits for the first and says for whom', async () => {
    slowNpm();
    const start = (): Promise<string> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [join(small.path, 'scripts/setup.mjs')], {
          env: { PATH: small.bin },
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        let out = '';
        child.stdout.on('data', (bytes: Buffer) => {
          out += bytes.toString();
          if (out.includes('another set-up')) small.put('go', '');
        });
        child.once('close', () => {
          resolve(out);
        });
      });
    const outs = await Promise.all([start(), start()]);
    expect(outs.filter((out) => /another set-up is at work \(process \d+\)/.test(out))).toHaveLength(1);
    expect(readFileSync(join(small.folder, 'calls'), 'utf8')).toBe('x\nx\n');
  });

  it.each([
    ['is gone', '4194399 1\n'],
    ['has a number that another process bears now', `${process.pid} 1\n`],
  ])('a lock whose holder %s is taken over', (_name, content) => {
    slowNpm();
    small.put('go', '');
    small.put('checkout/.cache/setup.lock', content);
    const { out } = small.setup([]);
    expect(out).not.toContain('waiting');
    expect(existsSync(join(small.folder, 'calls'))).toBe(true);
    expect(existsSync(lock())).toBe(false);
  });
});
