import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { BucketAddress } from '../support/program.ts'

const IDENTITY = {
  bucket: 'halftone-test',
  accessKeyId: 'test-key',
  secretAccessKey: 'test-secret-of-origin',
}

/** Why no file system can be mounted here; `undefined` where one can. */
export const NO_MOUNTS = (() => {
  const { error, stderr, status } = spawnSync(
    'unshare',
    ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt'],
    { encoding: 'utf8' },
  )
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
})()

/** An origin whose directory is a small file system of its own, which only it and this shell see. */
export interface OriginOnSmallDisk extends BucketAddress {
  /** Runs a command where its disk is; `DIR` is its place. */
  atDisk(command: string): Promise<void>
  stop(): Promise<void>
}

/** Starts the compiled origin on a disk of so many megabytes. */
export async function startOnSmallDisk(megabytes: number): Promise<OriginOnSmallDisk> {
  const directory = mkdtempSync(join(tmpdir(), 'halftone-disk-'))
  const script = `
    mount -t tmpfs -o size=${megabytes}m tmpfs "$DIR" || exit 1
    "$NODE" dist/origin/main.js </dev/null & origin=$!
    while read -r command; do eval "$command"; echo "did $?"; done
    kill $origin; wait $origin`
  const shell = spawn('unshare', ['-rm', 'sh', '-c', script], {
    // What fails is told in the answers; the log of it would stand between the lines of the tests.
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      NODE: process.execPath,
      DIR: directory,
      ORIGIN_DIR: directory,
      ORIGIN_PORT: '0',
      ORIGIN_CREDENTIALS: `${IDENTITY.accessKeyId}:${IDENTITY.secretAccessKey}`,
      ORIGIN_BUCKETS: IDENTITY.bucket,
    },
  })
  const lines = createInterface({ input: shell.stdout })
  const listening: unknown = JSON.parse(await next(lines, (line) => line.includes('origin listening')))
  const url = typeof listening === 'object' && listening && 'url' in listening ? String(listening.url) : ''
  return {
    ...IDENTITY,
    url,
    async atDisk(command) {
      const done = next(lines, (line) => line.startsWith('did '))
      shell.stdin.write(`${command}\n`)
      const line = await done
      if (line !== 'did 0') throw new Error(`${command}: ${line}`)
    },
    stop: () => stop(shell, directory),
  }
}

function next(lines: Interface, isMeant: (line: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const read = (line: string): void => {
      if (!isMeant(line)) return
      lines.off('line', read)
      resolve(line)
    }
    lines.on('line', read)
    lines.once('close', () => reject(new Error('The shell at the disk has ended')))
  })
}

async function stop(shell: ChildProcessByStdio<Writable, Readable, null>, directory: string): Promise<void> {
  const ended = once(shell, 'exit')
  shell.stdin.end()
  await ended
  rmSync(directory, { recursive: true, force: true })
}
