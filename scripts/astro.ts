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

/** Runs a program, and ends this one where it fails. */
function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv },
): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit', ...options })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`)
}

try {
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ADAPTER], {
    cwd: folder,
  })
  run('npx', ['vitest', 'run', 'test/cloudflare/astro.test.ts'], {
    env: { ...process.env, ASTRO_INSTALLED: folder },
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
