import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { onCore } from '../pin.ts'

/** nginx that serves the files of a directory. */
export interface Nginx {
  readonly url: string
  stop(): Promise<void>
}

const START_MS = 10_000
const LOOK_EVERY_MS = 20

/** Why nginx cannot be measured here; `undefined` when it can. */
export function whyNoNginx(): string | undefined {
  return spawnSync('nginx', ['-v']).status === 0 ? undefined : 'there is no nginx here'
}

/** Starts nginx with one worker and without a log, on one core. */
export async function startNginx(directory: string, root: string, core: number | undefined): Promise<Nginx> {
  const port = await freePort()
  const prefix = join(directory, 'nginx')
  const file = join(prefix, 'nginx.conf')
  await mkdir(prefix, { recursive: true })
  await writeFile(file, configuration(port, prefix, root))
  const [command, ...args] = onCore(core, ['nginx', '-e', 'stderr', '-p', prefix, '-c', file])
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const end = () => child.kill('SIGTERM')
  process.once('exit', end)
  const url = `http://127.0.0.1:${port}`
  await untilAnswered(url, () => child.exitCode === null)
  return {
    url,
    async stop() {
      process.off('exit', end)
      const ended = once(child, 'exit')
      end()
      await ended
    },
  }
}

function configuration(port: number, prefix: string, root: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  // Where it is started by root its worker would be nobody, who may not read the directory.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `${user} daemon off; worker_processes 1; pid ${join(prefix, 'pid')}; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type image/jpeg;
  ${temporary.map((name) => `${name}_temp_path ${join(prefix, name)};`).join(' ')}
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`
}

async function untilAnswered(url: string, isRunning: () => boolean): Promise<void> {
  const deadline = Date.now() + START_MS
  while (isRunning() && Date.now() < deadline) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answered) return
    await pause(LOOK_EVERY_MS)
  }
  throw new Error('nginx does not listen: see its message above')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No port')
  return address.port
}
