import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.spec.ts'],
    // Child processes that a test forks run the TypeScript sources too: fork() hands execArgv on.
    pool: 'forks',
    execArgv: ['--import', 'tsx'],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
