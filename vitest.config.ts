import { defineConfig } from 'vitest/config'

/** What others would notice when they share a process with it: parts of ours replaced, or the heap measured. */
const ALONE = [
  'test/commands/commands.test.ts',
  'test/commands/library.test.ts',
  'test/integration/request-path.test.ts',
]

export default defineConfig({
  test: {
    // A third of a run was the loading of the same modules for each file.
    isolate: false,
    globalSetup: './test/support/build.ts',
    setupFiles: './test/support/emissions/set-up.ts',
    reporters: ['default', './test/support/summary-reporter.ts'],
    // The SDK announces on Node 20 that it will give it up one day.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // It reads `import.meta.env`, which a bundler would have replaced.
    server: { deps: { inline: [/@astrojs\/cloudflare/] } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One more than the cores that CI has: some wait for programs, caches and timers.
    maxWorkers: 3,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'origin/**/*.ts', 'samples/**/*.ts'],
      // What runs in a browser is tested in one, where nothing is counted.
      exclude: ['src/browser/**'],
      reporter: ['text-summary', 'text'],
      thresholds: { lines: 91 },
    },
    projects: [
      {
        extends: true,
        test: { name: 'alone', include: ALONE, isolate: true },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/contracts/**/*.test.ts'],
          exclude: ALONE,
        },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...ALONE, 'test/integration/**', 'test/contracts/**'],
        },
      },
    ],
  },
})
