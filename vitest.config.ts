import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: './test/support/build.ts',
    setupFiles: './test/support/emissions/set-up.ts',
    reporters: ['default', './test/support/summary-reporter.ts'],
    // The SDK announces on Node 20 that it will give it up one day.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // It reads `import.meta.env`, which a bundler would have replaced.
    server: { deps: { inline: [/@astrojs\/cloudflare/] } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
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
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**', 'test/contracts/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/contracts/**/*.test.ts'],
        },
      },
    ],
  },
})
