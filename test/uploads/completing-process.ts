import { Readable } from 'node:stream'
import { z } from 'zod'
import { createDeferred } from '../../src/render/deferred.ts'
import { createTestPool } from '../render/pool.ts'
import { ADMIN, openOriginBucket, openUploads, photoRequest, type UploadBucket } from '../support/uploads.ts'

/** What the process is told: which uploads to complete or to take in, and before which call of each to stop. */
const order = z.object({
  steps: z.array(z.object({ uploadId: z.string().optional(), itemId: z.string(), dieAt: z.number() })),
  /** What it takes in, in base64. */
  file: z.string(),
  origin: z.object({
    url: z.string(),
    bucket: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
  }),
})

export type Order = z.infer<typeof order>

/** A bucket whose n-th call, and every one after it, is never made and never answered. */
function mortal({ store, transfers, multiparts, presigner }: UploadBucket, dieAt: number) {
  let calls = 0
  const reached = createDeferred<'dying'>()
  const live = async () => {
    calls += 1
    if (calls < dieAt) return
    reached.resolve('dying')
    await createDeferred<never>().promise
  }
  const bucket: UploadBucket = {
    presigner,
    store: {
      head: async (...call) => (await live(), store.head(...call)),
      get: async (...call) => (await live(), store.get(...call)),
      put: async (...call) => (await live(), store.put(...call)),
      delete: async (...call) => (await live(), store.delete(...call)),
      async *list(...call) {
        await live()
        yield* store.list(...call)
      },
    },
    transfers: {
      ...transfers,
      upload: async (...call) => (await live(), transfers.upload(...call)),
      copy: async (...call) => (await live(), transfers.copy(...call)),
    },
    multiparts: {
      ...multiparts,
      list: async (...call) => (await live(), multiparts.list(...call)),
      complete: async (...call) => (await live(), multiparts.complete(...call)),
      abort: async (...call) => (await live(), multiparts.abort(...call)),
    },
  }
  return { bucket, reached: reached.promise }
}

/** Goes as far as the n-th call with each; then the process is killed with all of them. */
async function run({ steps, file, origin }: Order): Promise<void> {
  const bytes = Buffer.from(file, 'base64')
  const pool = createTestPool()
  const shared = openOriginBucket(origin)
  await Promise.all(
    steps.map(async ({ uploadId, itemId, dieAt }) => {
      const { bucket, reached } = mortal(shared, dieAt)
      const { uploads } = openUploads(bucket, { checks: { renderer: pool } })
      const work =
        uploadId === undefined
          ? uploads.receive(photoRequest(bytes, { ownerId: itemId }), Readable.from([bytes]), ADMIN)
          : uploads.complete(uploadId, ADMIN)
      await Promise.race([work, reached])
    }),
  )
  process.kill(process.pid, 'SIGKILL')
}

let told = ''
for await (const piece of process.stdin) told += String(piece)
await run(order.parse(JSON.parse(told)))
