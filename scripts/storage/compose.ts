import { spawnSync } from 'node:child_process'
import { COMPOSE_FILE, StorageError } from './settings.ts'

/** Why Docker cannot be used here; `undefined` when it can. */
export function dockerObstacle(): string | undefined {
  const client = spawnSync('docker', ['compose', 'version'], { encoding: 'utf8' })
  if (client.error !== undefined) return 'there is no Docker'
  if (client.status !== 0) return 'Docker has no compose'
  const engine = spawnSync('docker', ['info'], { encoding: 'utf8' })
  return engine.status === 0 ? undefined : 'no Docker engine answers'
}

/** Starts both servers in containers, and returns when they are healthy. */
export function startContainers(): void {
  compose(['up', '--detach', '--wait', 'localstack'])
}

/** Ends and removes all containers of the file; `false` when there are none. */
export function stopContainers(): boolean {
  const { stdout } = spawnSync('docker', ['compose', '-f', COMPOSE_FILE, 'ps', '--all', '--quiet'], {
    encoding: 'utf8',
  })
  if (stdout.trim() === '') return false
  compose(['down'])
  return true
}

function compose(args: readonly string[]): void {
  const { status } = spawnSync('docker', ['compose', '-f', COMPOSE_FILE, ...args], { stdio: 'inherit' })
  if (status !== 0) throw new StorageError(`docker compose ${args.join(' ')}: exited with ${status}`)
}
