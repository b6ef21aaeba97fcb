import { beforeEach, describe, expect, test, vi } from 'vitest'
import { createBucketEvents } from '../../src/bucket-events/bucket-events.ts'
import type { MessageQueue } from '../../src/bucket-events/message-queue.ts'
import { QueueReader } from '../../src/bucket-events/queue-reader.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { BUCKET, s3Message } from './notifications.ts'
import { createQueueTwin } from './queue-twin.ts'

let twin: ReturnType<typeof createQueueTwin>
let purged: string[][]
let unreadable: string[]
let failures: unknown[]
let pauses: number[]
let forget: (paths: readonly string[]) => Promise<void>

beforeEach(() => {
  twin = createQueueTwin()
  purged = []
  unreadable = []
  failures = []
  pauses = []
  forget = async (paths) => void purged.push([...paths])
})

function createReader(queue: MessageQueue = twin.queue): QueueReader {
  return new QueueReader({
    queue,
    events: createBucketEvents({
      store: createMemoryObjectStore(),
      bucket: BUCKET,
      sources: ['photos/'],
      forget: async (paths) => forget(paths),
      onOutcome: () => {},
    }),
    clock: { pause: async (ms) => void pauses.push(ms) },
    onUnreadable: (id) => unreadable.push(id),
    onFailure: (error) => failures.push(error),
  })
}

const messageOf = (name: number | string) => s3Message([{ key: `photos/${name}.jpg` }])

describe('a message', () => {
  test('is removed when what it tells of is purged', async () => {
    twin.send(messageOf('a'))
    expect(await createReader().read()).toBe(1)
    expect(purged).toEqual([['photos/a.jpg']])
    expect(twin.left()).toEqual([])
  })

  test('stays, and comes again, when it could not be purged', async () => {
    twin.send(messageOf('a'))
    forget = async () => Promise.reject(new Error('the bucket is away'))
    await expect(createReader().read()).rejects.toThrow('away')
    expect(twin.left()).toEqual(['m1'])
    forget = async (paths) => void purged.push([...paths])
    twin.reappear()
    await createReader().read()
    expect(purged).toEqual([['photos/a.jpg']])
    expect(twin.left()).toEqual([])
  })

  test('is not removed before it is purged', async () => {
    const seen: string[][] = []
    forget = async () => void seen.push(twin.left())
    twin.send(messageOf('a'), messageOf('b'))
    await createReader().read()
    expect(seen).toEqual([['m1', 'm2']])
  })

  test('that is no notification stays for the queue to put aside, and holds back none', async () => {
    twin.send('hello', messageOf('a'), '{}')
    expect(await createReader().read()).toBe(1)
    expect(purged).toEqual([['photos/a.jpg']])
    expect(unreadable).toEqual(['m1', 'm3'])
    expect(twin.left()).toEqual(['m1', 'm3'])
  })

  test('that could not be removed is told of', async () => {
    twin.send(messageOf('a'))
    const queue = { ...twin.queue, remove: async () => ['m1'] }
    await expect(createReader(queue).read()).rejects.toThrow('1 messages could not be removed')
  })
})

test('messages that wait share a purge, up to 200 of them', async () => {
  twin.send(...Array.from({ length: 250 }, (_, index) => messageOf(index)))
  const reader = createReader()
  expect(await reader.read()).toBe(200)
  expect(await reader.read()).toBe(50)
  expect(purged.map((paths) => paths.length)).toEqual([200, 50])
})

test('it waits for messages only where none are known to lie', async () => {
  twin.send(...Array.from({ length: 12 }, (_, index) => messageOf(index)))
  await createReader().read()
  expect(twin.waits).toEqual([20, 0])
})

describe('in the background', () => {
  test('it reads on, and ends while it waits', async () => {
    const reader = createReader()
    reader.start()
    for (const name of ['a', 'b', 'c']) {
      twin.send(messageOf(name))
      await vi.waitFor(() => expect(purged.flat()).toContain(`photos/${name}.jpg`))
    }
    await reader.close()
    expect(twin.left()).toEqual([])
    expect(failures).toEqual([])
  })

  test('a queue that is away is asked less and less often, and at once when it is back', async () => {
    let asked = 0
    const queue: MessageQueue = {
      ...twin.queue,
      receive: async (options) => {
        asked += 1
        if (asked <= 12) throw new Error('the queue is away')
        return twin.queue.receive(options)
      },
    }
    twin.send(messageOf('a'))
    const reader = createReader(queue)
    reader.start()
    await vi.waitFor(() => expect(purged).toEqual([['photos/a.jpg']]))
    await reader.close()
    expect(failures).toHaveLength(12)
    for (const [index, ms] of pauses.entries()) {
      const longest = Math.min(60_000, 500 * 2 ** index)
      expect(ms).toBeGreaterThanOrEqual(longest / 2)
      expect(ms).toBeLessThanOrEqual(longest)
    }
  })
})
