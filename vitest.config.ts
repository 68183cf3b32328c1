import { defineConfig } from 'vitest/config';
import { buildIsCurrent, childrenFromBuild } from './test/support/run/children-from-build.ts';
import { LongestFirst } from './test/support/run/longest-first.ts';

const root = import.meta.dirname;
const built = buildIsCurrent(root);

export default defineConfig({
  plugins: built ? [childrenFromBuild(root)] : [],
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.spec.ts'],
    pool: 'forks',
    // What the agent starts from sources runs with the flags of the process that starts it.
    execArgv: built ? [] : ['--import', 'tsx'],
    // One more than the processors of the machine that counts: a story waits for its devices a good part of its time.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
