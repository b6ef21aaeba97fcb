import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { ImageSettings } from './dockerfile.ts'

/** Where a machine of ours has an empty folder that an image can be shown at. */
const MOUNT_POINT = '/mnt'

/** A tree with the image's files in it, and where a container would see them. */
export interface Image {
  /** Holds `app/`, and the Node that the image has as `node`. */
  readonly tree: string
  readonly settings: ImageSettings
}

/** Something like a container: how near to one this machine comes. */
export interface Confinement {
  readonly name: string
  /** Runs a command of the image in it. */
  readonly start: (image: Image, command: readonly string[], env: Environment) => ChildProcess
  /**
   * Runs a shell's command as the same user, beside a process that `start` has started, with the folder of the program as `$1`.
   * Answers with its exit code.
   */
  readonly beside: (image: Image, id: number, script: string) => number | null
}

type Environment = Readonly<Record<string, string>>

/** The file system read-only but for a `/tmp` in memory, another user, no capabilities. */
const namespaces: Confinement = {
  name: 'a read-only file system, another user, no capabilities',
  start({ tree, settings }, command, env) {
    const prepare = [
      `mount --bind "${tree}" ${MOUNT_POINT}`,
      `mount -o remount,bind,ro ${MOUNT_POINT}`,
      'mount -t tmpfs tmpfs /tmp',
      'mount -o remount,bind,ro /',
      `cd ${MOUNT_POINT}/app`,
      `exec ${asUser(settings)} env -i "$@"`,
    ]
    // Not the environment of the programs that prepare: they are not made for another allocator.
    const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const words = [...pairs, ...resolved(MOUNT_POINT, command)]
    const args = ['--mount', 'sh', '-c', prepare.join(' && '), 'sh', ...words]
    return spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  },
  beside({ settings }, id, script) {
    const user = asUser(settings).split(' ')
    return spawnSync('nsenter', [
      '--target',
      `${id}`,
      '--mount',
      ...user,
      ...shell(script, `${MOUNT_POINT}/app`),
    ]).status
  },
}

/** Files that belong to somebody else and that nobody may write; without root not even another user. */
const permissions = (isRoot: boolean): Confinement => ({
  name: isRoot ? 'another user, files that it cannot write' : 'files that nobody may write',
  start({ tree, settings }, command, env) {
    const [program = '', ...args] = resolved(tree, command)
    const user = isRoot ? { uid: settings.uid, gid: settings.gid } : {}
    return spawn(program, args, {
      cwd: join(tree, 'app'),
      env,
      ...user,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  },
  beside({ tree, settings }, _id, script) {
    const user = isRoot ? { uid: settings.uid, gid: settings.gid } : {}
    const [program, ...args] = shell(script, join(tree, 'app'))
    return spawnSync(program, args, user).status
  },
})

/** The nearest to a container that this machine allows. */
export function nearestConfinement(): Confinement {
  const isRoot = process.getuid?.() === 0
  const probe = `mount --bind /usr ${MOUNT_POINT} && mount -t tmpfs tmpfs /tmp && mount -o remount,bind,ro / && setpriv --version`
  const canMount = isRoot && spawnSync('unshare', ['--mount', 'sh', '-c', probe]).status === 0
  return canMount ? namespaces : permissions(isRoot)
}

const shell = (script: string, app: string) => ['sh', '-c', script, 'sh', app] as const

function asUser({ uid, gid }: ImageSettings): string {
  return `setpriv --reuid ${uid} --regid ${gid} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all`
}

function resolved(tree: string, [program, ...args]: readonly string[]): string[] {
  return [program === 'node' ? join(tree, 'node') : (program ?? ''), ...args]
}
