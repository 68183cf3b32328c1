/** openssl as the judge of a detached CMS object: it shares no code with us. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** openssl's verdict on a .p7s beside its content, against the root at `rootPath`; `-cades` checks the signing certificate too. */
export function opensslAcceptsDetached(p7s: Uint8Array, content: Uint8Array, rootPath: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-judge-'));
  try {
    writeFileSync(join(folder, 'p7s'), p7s);
    writeFileSync(join(folder, 'content'), content);
    const options = ['cms', '-verify', '-binary', '-inform', 'DER', '-in', join(folder, 'p7s'), '-content', join(folder, 'content')];
    const { status } = spawnSync('openssl', [...options, '-CAfile', rootPath, '-purpose', 'any', '-cades', '-out', join(folder, 'out')]);
    return status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
