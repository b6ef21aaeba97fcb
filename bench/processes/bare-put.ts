import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { open, rename } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { basename, join } from 'node:path'
import { doJobs } from './do-jobs.ts'
import { barePutJob } from './jobs.ts'

let directory = ''

const server = createServer((incoming, response) => {
  store(incoming).then(
    (etag) => response.writeHead(200, { etag, 'content-length': 0 }).end(),
    (error: unknown) => response.writeHead(500).end(String(error)),
  )
})

doJobs(barePutJob, async (job) => {
  directory = job.directory
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
})

/** Makes a body the file that its path names, on the disk when this returns, and answers with its MD5. */
async function store(incoming: IncomingMessage): Promise<string> {
  const md5 = createHash('md5')
  const pieces: Buffer[] = []
  incoming.on('data', (piece: Buffer) => {
    md5.update(piece)
    pieces.push(piece)
  })
  await once(incoming, 'end')
  const draft = join(directory, randomBytes(16).toString('hex'))
  const file = await open(draft, 'wx')
  await file.writev(pieces)
  await file.sync()
  await file.close()
  await rename(draft, join(directory, basename(incoming.url ?? '')))
  const names = await open(directory, 'r')
  await names.sync()
  await names.close()
  return md5.digest('hex')
}
