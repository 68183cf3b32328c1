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
    // As many as the machine that counts has processors: with one more, devices that are healthy ran out of the time that a driver gives them.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
