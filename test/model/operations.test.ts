import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Origin } from '../../origin/create-origin.ts'
import { encodeKey } from '../conformance/subject.ts'
import { type RawAnswer, type RawRequest, sendSigned } from '../origin/signed-request.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from '../origin/start-test-origin.ts'

const RUNS = 25
const MAX_MS = 120_000

/** Any key: well-formed Unicode of 1 to 1,024 bytes. */
const KEY = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 300 })
  .filter((key) => isWellFormed(key) && Buffer.byteLength(key) <= 1024)

/** What a header may hold: no control characters, no blanks around. */
const METADATA = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((text) => {
  // oxlint-disable-next-line no-control-regex -- what HTTP allows in a header
  return isWellFormed(text) && /^[^\x00-\x1f\x7f]+$/.test(text) && /^[^\s].*[^\s]$|^[^\s]$/s.test(text)
})

const BODY = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 0, max: 1_500_000 }).map((length) => Buffer.alloc(length, `${length}, `)),
)

/** Which of the run's few keys: the same ones are written, read and removed again and again. */
const WHICH = fc.nat({ max: 4 })

const OPERATION = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('put' as const), which: WHICH, body: BODY, metadata: METADATA }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('create' as const),
      which: WHICH,
      body: BODY,
      metadata: METADATA,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('get' as const),
      which: WHICH,
      first: fc.nat(200),
      length: fc.nat(2000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('suffix' as const), which: WHICH, length: fc.nat(200) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), which: WHICH }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy' as const), which: WHICH, to: WHICH }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('list' as const), which: WHICH, units: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
)

type Operation = typeof OPERATION extends fc.Arbitrary<infer Value> ? Value : never

interface Stored {
  readonly body: Buffer
  readonly metadata: string
}

test(
  'any operations on any keys do what they do to a map in memory, with restarts between',
  async () => {
    expect.hasAssertions()
    const run = fc.record({
      keys: fc.uniqueArray(KEY, { minLength: 5, maxLength: 5 }),
      operations: fc.array(OPERATION, { minLength: 5, maxLength: 40 }),
    })
    await fc.assert(
      fc.asyncProperty(run, async ({ keys, operations }) => {
        const pair = await Pair.start(keys)
        try {
          for (const operation of operations) await pair.perform(operation)
          await pair.restart()
          await pair.compareAll()
        } finally {
          await pair.stop()
        }
      }),
      { numRuns: RUNS },
    )
  },
  MAX_MS,
)

/** A server and what it should hold. */
class Pair {
  readonly #keys: readonly string[]
  readonly #model = new Map<string, Stored>()
  readonly #directory: string
  #origin: Origin

  private constructor(keys: readonly string[], origin: Origin, directory: string) {
    this.#keys = keys
    this.#origin = origin
    this.#directory = directory
  }

  static async start(keys: readonly string[]): Promise<Pair> {
    const directory = temporaryDirectory()
    return new Pair(keys, await startTestOrigin({ directory }), directory)
  }

  async restart(): Promise<void> {
    await this.#origin.close()
    this.#origin = await startTestOrigin({ directory: this.#directory })
  }

  async stop(): Promise<void> {
    await this.#origin.close()
  }

  async perform(operation: Operation): Promise<void> {
    if (operation.kind === 'restart') return this.restart()
    const key = this.#keys[operation.which] ?? ''
    switch (operation.kind) {
      case 'put':
      case 'create':
        return this.#put(key, operation, operation.kind === 'create')
      case 'get':
        return this.#get(key, `bytes=${operation.first}-${operation.first + operation.length}`, (body) =>
          body.subarray(operation.first, operation.first + operation.length + 1),
        )
      case 'suffix':
        return this.#get(key, `bytes=-${operation.length}`, (body) =>
          body.subarray(Math.max(0, body.length - operation.length)),
        )
      case 'delete':
        expect((await this.#send('DELETE', key)).status).toBe(204)
        this.#model.delete(key)
        return undefined
      case 'copy':
        return this.#copy(key, this.#keys[operation.to] ?? '')
      case 'list':
        return this.#list(Array.from(key).slice(0, operation.units).join(''))
    }
  }

  /** Every key, whole, and the listing of all. */
  async compareAll(): Promise<void> {
    for (const key of this.#keys) {
      const stored = this.#model.get(key)
      const got = await this.#send('GET', key)
      expect(got.status).toBe(stored === undefined ? 404 : 200)
      if (stored) expectWhole(got, stored)
    }
    await this.#list('')
  }

  async #put(key: string, { body, metadata }: Stored, isNew: boolean): Promise<void> {
    const headers = { 'x-amz-meta-text': metadata, ...(isNew && { 'if-none-match': '*' }) }
    const refused = isNew && this.#model.has(key)
    expect((await this.#send('PUT', key, { body, headers })).status).toBe(refused ? 412 : 200)
    if (!refused) this.#model.set(key, { body, metadata })
  }

  async #get(key: string, range: string, slice: (body: Buffer) => Buffer): Promise<void> {
    const stored = this.#model.get(key)
    const got = await this.#send('GET', key, { headers: { range } })
    const wanted = stored && slice(stored.body)
    const status = wanted === undefined ? 404 : wanted.length === 0 ? 416 : 206
    expect(got.status).toBe(status)
    if (status === 206) expect(got.body.equals(wanted ?? Buffer.alloc(0))).toBe(true)
  }

  async #copy(from: string, to: string): Promise<void> {
    const source = this.#model.get(from)
    const headers = { 'x-amz-copy-source': `${BUCKET}/${encodeURIComponent(from)}` }
    const { status } = await this.#send('PUT', to, { headers })
    // A copy onto itself that changes nothing is refused.
    if (from === to) expect(status).toBe(400)
    else expect(status).toBe(source === undefined ? 404 : 200)
    if (source && from !== to) this.#model.set(to, source)
  }

  async #list(prefix: string): Promise<void> {
    const query = { 'list-type': '2', 'encoding-type': 'url', prefix }
    const { url } = this.#origin
    const { body } = await sendSigned({ url, path: `/${BUCKET}`, query })
    const keys = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) =>
      decodeURIComponent(key),
    )
    const expected = [...this.#model.keys()].filter((key) => key.startsWith(prefix))
    expect(keys).toEqual(
      expected.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))),
    )
  }

  async #send(method: string, key: string, rest: Partial<RawRequest> = {}): Promise<RawAnswer> {
    return sendSigned({ url: this.#origin.url, method, path: `/${BUCKET}/${encodeKey(key)}`, ...rest })
  }
}

/** Without a surrogate that stands alone: such a text has no UTF-8. */
function isWellFormed(text: string): boolean {
  return Buffer.from(text).toString() === text
}

function expectWhole({ body, headers }: RawAnswer, stored: Stored): void {
  expect(body.equals(stored.body)).toBe(true)
  expect(headers).toMatchObject({
    'x-amz-meta-text': stored.metadata,
    etag: `"${createHash('md5').update(stored.body).digest('hex')}"`,
    'content-length': String(stored.body.length),
  })
}
