import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { LRUCache } from 'lru-cache'
import sharp from 'sharp'
import { hardenSharp } from '../../src/pixels/answer-job.ts'
import { encodeAs } from '../../src/pixels/encoders.ts'
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { doJobs } from './do-jobs.ts'
import { type BareMixedJob, bareMixedJob } from './jobs.ts'

const TARGET = /^\/(img\/(.+)\/(\d+)\.webp)$/
const FACTS = { contentType: 'image/webp' }

hardenSharp()
doJobs(bareMixedJob, serve)

/** The least that serves such a stream: memory, bucket, sharp. It checks nothing, and limits nothing but its memory. */
async function serve({ bucket, memoryBytes }: BareMixedJob): Promise<{ url: string }> {
  const store = createS3ObjectStore(bucket)
  const memory = new LRUCache<string, Buffer>({
    maxSize: memoryBytes,
    sizeCalculation: ({ length }) => length,
  })
  async function read(key: string): Promise<Buffer | undefined> {
    const found = await store.get(key)
    return found.outcome === 'found' ? found.object.body : undefined
  }
  async function answer(target: string, response: ServerResponse): Promise<void> {
    const [, key = '', source = '', width = ''] = TARGET.exec(target) ?? []
    const known = memory.get(key) ?? (await read(key))
    const bytes = known ?? (await render(await read(source), Number(width)))
    memory.set(key, bytes)
    response.writeHead(200, { 'content-type': FACTS.contentType, 'content-length': bytes.length }).end(bytes)
    if (known === undefined) await store.put(key, bytes, FACTS)
  }
  const server = createServer((request, response) => {
    answer(request.url ?? '', response).then(undefined, (error: unknown) =>
      response.writeHead(500).end(String(error)),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
}

function render(source: Buffer | undefined, width: number): Promise<Buffer> {
  return encodeAs(sharp(source).resize({ width }), 'webp').toBuffer()
}
