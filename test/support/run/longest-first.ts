/**
 * The files that take longest are begun first: on a fresh checkout nothing is known of any file but its size, and a long one that is begun last has the
 * machine to itself. Whoever is not named comes after them, in the order that vitest would give.
 */
import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest files, the longest first, by their paths in the repository. */
export const longest: readonly string[] = [
  'test/stories/matrix/before-the-finger.test.ts',
  'test/stories/matrix/from-finger-to-signature.test.ts',
  'test/agent/signing/machine-exploration.test.ts',

  'test/drivers/pkcs11/host-thousand.test.ts',
  'test/stories/agent-killed.test.ts',
  'test/stories/matrix/after-the-signature.test.ts',
  'test/stories/matrix/checking-a-file.test.ts',
  'test/agent/commands/demo-folder.test.ts',
  'test/corpus/producers.test.ts',
  'test/stories/matrix/out-of-service.test.ts',
  'test/agent/commands/token-test.test.ts',
  'test/agent/log/power-cut.test.ts',
  'test/agent/log/bit-flips.test.ts',
  'test/agent/log/injected-faults.test.ts',
  'test/agent/log/crash.test.ts',
  'test/stories/bad-input.test.ts',
  'test/drivers/pkcs11/faults.test.ts',
  'test/stories/pin-pad.test.ts',
  'test/drivers/pkcs11/pin-pad.test.ts',
  'test/browser/trouble.spec.ts',
  'test/stories/module-killed.test.ts',
  'test/drivers/pkcs11/hotplug.test.ts',
  'test/drivers/pkcs11/failing-card.test.ts',
  'test/drivers/pkcs11/other-middleware.test.ts',
];

/** Paths of files in the order in which they are begun, when `rest` is the order of all without this list. */
export function longestFirst(root: string, rest: readonly string[]): readonly string[] {
  const long = longest.map((path) => join(root, path)).filter((path) => rest.includes(path));
  return [...long, ...rest.filter((path) => !long.includes(path))];
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rest = await super.sort(files);
    const order = longestFirst(
      this.ctx.config.root,
      rest.map(({ moduleId }) => moduleId),
    );
    return [...rest].sort((one, other) => order.indexOf(one.moduleId) - order.indexOf(other.moduleId));
  }
}
