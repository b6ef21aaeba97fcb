import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { UsageError } from '../usage-error.ts'

const run = promisify(execFile)
const HERE = fileURLToPath(new URL('../..', import.meta.url))

/** A commit of this repository, built. */
export interface BuiltRef {
  /** What was asked for and the commit that it means. */
  readonly name: string
  /** Has its `dist`. */
  readonly folder: string
  /** Removes it; so does the end of this process. */
  remove(): void
}

/** Builds a branch, tag or commit in a working tree of its own, with the packages that its lock file names. */
export async function buildRef(ref: string): Promise<BuiltRef> {
  const commit = await commitOf(ref)
  const parent = mkdtempSync(join(tmpdir(), 'halftone-bench-ref-'))
  const folder = join(parent, 'tree')
  const remove = () => {
    process.off('exit', remove)
    spawnSync('git', ['worktree', 'remove', '--force', folder], { cwd: HERE })
    rmSync(parent, { recursive: true, force: true })
  }
  process.once('exit', remove)
  try {
    await run('git', ['worktree', 'add', '--quiet', '--detach', folder, commit], { cwd: HERE })
    await providePackages(folder, commit)
    await run('npm', ['run', '--silent', 'build'], { cwd: folder })
  } catch (error) {
    remove()
    throw error
  }
  return { name: ref === commit ? ref : `${ref} (${commit})`, folder, remove }
}

async function commitOf(ref: string): Promise<string> {
  try {
    const { stdout } = await run(
      'git',
      ['rev-parse', '--verify', '--short', '--end-of-options', `${ref}^{commit}`],
      { cwd: HERE },
    )
    return stdout.trim()
  } catch (cause) {
    throw new UsageError(`--compare ${ref}: accepted is a branch, tag or commit of this repository`, {
      cause,
    })
  }
}

/** Ours, where the commit has the same lock file; else its own are installed. */
async function providePackages(folder: string, commit: string): Promise<void> {
  const { status } = spawnSync('git', ['diff', '--quiet', commit, '--', 'package-lock.json'], { cwd: HERE })
  if (status === 0) await symlink(join(HERE, 'node_modules'), join(folder, 'node_modules'))
  else await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder })
}
