import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Instruction, Stage } from './dockerfile.ts'

const BUILD_MS = 300_000

/** Where the files of a stage lie, as if that were `/`. */
export type Roots = ReadonlyMap<string, string>

/**
 * Does what an engine does with the stages, without images to begin with: copies from the context what `.dockerignore` lets
 * through, and runs npm; for the packages of development those of this checkout are taken. Answers with the root of the last stage; what else is run in it is handed to `onLeftOut`.
 */
export function buildImage(
  stages: readonly Stage[],
  directory: string,
  onLeftOut: (command: string) => void,
): string {
  const roots = new Map<string, string>()
  const allowed = allowedNames(readFileSync('.dockerignore', 'utf8'))
  let root = directory
  for (const [index, { name, instructions }] of stages.entries()) {
    root = join(directory, `stage-${index}`)
    mkdirSync(root, { recursive: true })
    roots.set(name, root)
    let workdir = root
    for (const instruction of instructions) {
      const { word, rest } = instruction
      if (word === 'WORKDIR') workdir = join(root, rest)
      mkdirSync(workdir, { recursive: true })
      if (word === 'COPY') copy(instruction, { roots, allowed, root, workdir })
      // The same packages as here, which were installed from the same lockfile a moment ago.
      else if (word === 'RUN' && /^npm ci(?!.*--omit)/.test(rest))
        symlinkSync(resolve('node_modules'), join(workdir, 'node_modules'))
      else if (word === 'RUN' && rest.startsWith('npm ')) run(['sh', '-c', rest], workdir)
      else if (word === 'RUN') onLeftOut(rest)
    }
  }
  return root
}

/** The names that a context has: all others are left out by the first line. */
function allowedNames(text: string): ReadonlySet<string> {
  const [first, ...rest] = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  if (first !== '*') throw new Error('.dockerignore: it has to begin with *')
  return new Set(rest.map((line) => line.replace(/^!/, '')))
}

interface Place {
  readonly roots: Roots
  readonly allowed: ReadonlySet<string>
  readonly root: string
  readonly workdir: string
}

function copy({ rest }: Instruction, { roots, allowed, root, workdir }: Place): void {
  const words = rest.split(/\s+/)
  const option = words[0]?.startsWith('--from=') === true ? words.shift() : undefined
  const target = words.pop() ?? ''
  const from = option === undefined ? undefined : roots.get(option.slice('--from='.length))
  if (option !== undefined && from === undefined) throw new Error(`COPY ${rest}: there is no such stage`)
  const into = target.startsWith('/') ? join(root, target) : join(workdir, target)
  for (const word of words) {
    if (from === undefined && !allowed.has(word)) throw new Error(`COPY ${word}: .dockerignore leaves it out`)
    mkdirSync(target.endsWith('/') ? into : dirname(into), { recursive: true })
    run(['cp', '-a', from === undefined ? word : join(from, word), into], process.cwd())
  }
}

function run([program = '', ...args]: readonly string[], cwd: string): void {
  const { PATH, HOME } = process.env
  const options = { cwd, env: { PATH, HOME }, timeout: BUILD_MS, encoding: 'utf8' } as const
  const { status, error, stderr } = spawnSync(program, args, options)
  if (status !== 0) throw new Error(`${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}
