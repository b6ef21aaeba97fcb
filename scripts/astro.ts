/**
 * What Astro's Cloudflare adapter prints, read by us: `npm run test:astro` installs it in a folder of its own, as it
 * comes with half a gigabyte of other programs, and runs the test that calls its code.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ADAPTER = '@astrojs/cloudflare@14.3.3'

const folder = mkdtempSync(join(tmpdir(), 'halftone-astro-'))

/** Whether a program ends well. */
function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv },
): boolean {
  return spawnSync(command, args, { stdio: 'inherit', ...options }).status === 0
}

const quietly = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
try {
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  if (!run('npm', ['install', ...quietly, ADAPTER], { cwd: folder })) {
    process.stdout.write(`left out: ${ADAPTER} cannot be installed here\n`)
  } else if (
    !run('npx', ['vitest', 'run', 'test/cloudflare/astro.test.ts'], {
      env: { ...process.env, ASTRO_INSTALLED: folder },
    })
  ) {
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
