import { type ChildProcess, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ForeignServer } from './foreign-server.ts'
import { freePort } from './free-port.ts'
import { answers, type Command, runAll, startProcess, stopProcess, untilReady } from './processes.ts'

const INSTALL_MS = 180_000
const COMMAND_MS = 30_000
const PACKAGES = ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-common']
const [accessKey, secret] = ['halftone-ceph', 'halftone-ceph-secret']
const AS_ROOT = ['--setuser', 'root', '--setgroup', 'root'] as const

/** The gateway of a real Ceph cluster: one monitor, one store in memory, on a machine of the Debian family, as root. */
export const ceph: ForeignServer = {
  name: 'ceph',
  accessKey,
  secret,
  // `If-Match` with a quoted ETag never holds there; conditions on copies, completions and deletes are not looked at.
  // What is completed twice at once is answered with 500.
  lacks: [
    'archives',
    'complete-conditions',
    'conditional-deletes',
    'control-characters',
    'copy-conditions',
    'if-match',
    'missing-uploads',
    'source-conditions',
  ],
  without: {
    'a journey': 'the library needs `If-Match`, which this version never grants',
    'bucket events': 'it has no queues',
    invalidations: 'it has no distributions',
  },
  install() {
    if (process.getuid?.() !== 0) return 'its programs want to be started by root'
    if (spawnSync('radosgw', ['--version']).status === 0) return undefined
    return runAll([['apt-get', 'install', '-y', '--no-install-recommends', ...PACKAGES]], INSTALL_MS)
  },
  async start(port, directory) {
    rmSync(directory, { recursive: true, force: true })
    for (const part of ['mon', 'osd', 'run']) mkdirSync(join(directory, part), { recursive: true })
    const cluster = new Cluster(directory)
    try {
      await cluster.start(port)
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  },
}

/** The processes of a cluster, ended in the opposite order. */
class Cluster {
  readonly #directory: string
  readonly #children: ChildProcess[] = []

  constructor(directory: string) {
    this.#directory = directory
  }

  async start(port: number): Promise<void> {
    const [monitorPort, id] = [await freePort(), randomUUID()]
    const file = join(this.#directory, 'ceph.conf')
    writeFileSync(file, configuration({ directory: this.#directory, id, monitorPort, port }))
    const map = join(this.#directory, 'monmap')
    this.#do(['monmaptool', '--create', '--fsid', id, '--addv', 'a', `v1:127.0.0.1:${monitorPort}`, map])
    this.#do(['ceph-mon', '-c', file, '-i', 'a', '--mkfs', '--monmap', map, ...AS_ROOT])
    const monitor = this.#run(['ceph-mon', '-c', file, '-i', 'a', '-f', ...AS_ROOT])
    await untilReady(monitor, async () => succeeds(['ceph', '-c', file, '-s']))
    const store = randomUUID()
    this.#do(['ceph', '-c', file, 'osd', 'new', store])
    this.#do(['ceph-osd', '-c', file, '-i', '0', '--mkfs', '--osd-uuid', store, ...AS_ROOT])
    await untilReady(monitor, this.#startStore(file))
    const gateway = this.#run(['radosgw', '-c', file, '-f', '-n', 'client.rgw.a', ...AS_ROOT])
    await untilReady(gateway, async () => answers(`http://127.0.0.1:${port}/`, () => true))
    const user = [
      '--uid',
      'test',
      '--display-name',
      'test',
      '--access-key',
      accessKey,
      '--secret-key',
      secret,
    ]
    this.#do(['radosgw-admin', '-c', file, '-n', 'client.rgw.a', 'user', 'create', ...user])
  }

  async stop(): Promise<void> {
    for (const child of this.#children.toReversed()) await stopProcess(child)
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** A store may end at its first start, when it speaks to the monitor before it knows the cluster: it is started again. */
  #startStore(file: string): () => Promise<boolean> {
    let store: ChildProcess | undefined
    return async () => {
      if (store === undefined || store.exitCode !== null)
        store = this.#run(['ceph-osd', '-c', file, '-i', '0', '-f', ...AS_ROOT])
      const { stdout } = spawnSync('ceph', ['-c', file, 'osd', 'stat', '-f', 'json'], { encoding: 'utf8' })
      return /"num_up_osds":1,/.test(stdout)
    }
  }

  #run(command: Command): ChildProcess {
    const child = startProcess(command, { cwd: this.#directory })
    this.#children.push(child)
    return child
  }

  #do(command: Command): void {
    const obstacle = runAll([command], COMMAND_MS)
    if (obstacle !== undefined) throw new Error(`${command[0]}: ${obstacle}`)
  }
}

function succeeds([program, ...args]: Command): boolean {
  return spawnSync(program, args, { timeout: COMMAND_MS, stdio: 'ignore' }).status === 0
}

interface Settings {
  readonly directory: string
  readonly id: string
  readonly monitorPort: number
  readonly port: number
}

/** One copy of everything, no authentication inside of the cluster, nothing outside of the loopback interface. */
function configuration({ directory, id, monitorPort, port }: Settings): string {
  return `[global]
fsid = ${id}
monmap = ${directory}/monmap
mon initial members = a
mon host = v1:127.0.0.1:${monitorPort}
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
mon max pg per osd = 1000
ms bind msgr2 = false
paxos propose interval = 0.05
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd objectstore = memstore
memstore device bytes = 3221225472
run dir = ${directory}/run
admin socket = ${directory}/run/$name.asok
log file = ${directory}/$name.log
pid file = ${directory}/run/$name.pid
keyring = /dev/null
[mon.a]
mon data = ${directory}/mon
[osd.0]
osd data = ${directory}/osd
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw dns name = localhost
rgw crypt require ssl = false
rgw enable usage log = false
rgw enable gc threads = false
rgw lifecycle work time = 00:00-24:00
`
}
