import { vi } from 'vitest'
import { ownTag } from '../../src/cdn/cache-tags.ts'
import { purgeKey } from '../../src/cdn/forget.ts'
import { listen } from '../../src/http/server.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { parseSourcePath } from '../../src/urls/source-path.ts'
import { by, openLibrary, SHOP } from '../library/library.ts'
import { EDGE_ORIGIN } from '../../src/cdn/distribution.ts'
import { createEdge } from './edge/create-edge.ts'
import { createHttpOrigin } from './edge/http-origin.ts'
import { distribution, type DistributionOptions } from './edge/distribution.ts'
import type { Edge, EdgeAnswer, EdgeOptions, EdgeOrigin, EdgeRules } from './edge/edge.ts'
import { gateStore } from './gated-store.ts'
import { createTestGateway, type TestGatewayOptions } from './gateway.ts'
import { middleColour, plainJpeg } from './library.ts'

export const FRANKFURT = 'FRA56-P1'
export const ASHBURN = 'IAD89-P2'

const SECRET = 'what-the-distribution-says-to-its-origin'
const START = Date.parse('2026-11-01T12:00:00Z')

const COLOURS = { red: '#ff0000', green: '#00ff00', blue: '#0000ff' } as const
export type Colour = keyof typeof COLOURS

/** What is used of the distribution, and whose addresses the gateway may fetch from. */
export type StageOptions = Pick<DistributionOptions, 'accountHash' | 'byHost' | 'mount' | 'bucket'> &
  Pick<TestGatewayOptions, 'allowAddress'>

export interface ViewOptions {
  readonly location?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: 'GET' | 'HEAD'
}

/**
 * A gateway that listens, as the origin of edges, on a clock that is turned by hand. What its library changes the edge
 * forgets at once, by tags, and once more when the stage is told to.
 */
export async function createEdgeStage(
  environment: Readonly<Record<string, string>> = {},
  { allowAddress, ...use }: StageOptions = {},
) {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: START })
  const gates = gateStore(createMemoryObjectStore())
  const gateway = await createTestGateway({
    store: gates.store,
    ...(allowAddress && { allowAddress }),
    environment: {
      HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: 'EDGE',
      HALFTONE_ORIGIN_SECRETS: SECRET,
      ...environment,
    },
  })
  const server = await listen(gateway.app, { host: '127.0.0.1', port: 0 })
  const fromGateway = createHttpOrigin(server.url, {
    readTimeoutMs: EDGE_ORIGIN.readTimeoutS * 1000,
    completionTimeoutMs: EDGE_ORIGIN.completionTimeoutS * 1000,
  })
  let edge: Edge | undefined
  let isUnreachable = false
  let startedAt = START
  /** Everything that the gateway has said. */
  const said: EdgeAnswer[] = []
  const told: string[] = []

  const library = openLibrary(gates.store, {
    edge: {
      async handOver({ id, paths }) {
        await gates.store.delete([purgeKey(id)])
        const items = paths.map((path) => `#${ownTag(parseSourcePath(path.split('/')))}`)
        told.push(...items)
        edge?.invalidate(items)
      },
    },
  })

  const current = (): Edge => {
    if (edge === undefined) throw new Error('There is no edge yet')
    return edge
  }

  return {
    gates,
    gateway,
    library,
    said,
    edge: current,
    /** An empty edge in front of the gateway; `change` says what is unlike our distribution. */
    open(rules: Partial<EdgeRules> = {}, change: (options: EdgeOptions) => EdgeOptions = (same) => same) {
      startedAt = Date.now()
      said.length = 0
      told.length = 0
      const gatewayOrigin: EdgeOrigin = async (request, signal) => {
        if (isUnreachable) throw new Error('The gateway cannot be reached')
        const answer = await fromGateway(request, signal)
        said.push(answer)
        return answer
      }
      const clock = () => Date.now()
      edge = createEdge(
        change(distribution({ ...use, clock, rules, gateway: gatewayOrigin, originSecret: SECRET })),
      )
    },
    /** Turns the clock to so many seconds after the edge was opened; the gateway reads the journal on the way. */
    async passTo(seconds: number) {
      vi.advanceTimersByTime(startedAt + seconds * 1000 - Date.now())
      await gateway.journal.read()
    },
    /** Takes the gateway away from the edge, or gives it back. */
    setUnreachable(value: boolean) {
      isUnreachable = value
    },
    /** What a viewer gets, whatever else is in the air. */
    viewAtOnce: async (target: string) => current().view(FRANKFURT, { method: 'GET', target, headers: {} }),
    /** The second purge of everything that has changed. */
    purgeAgain: () => current().invalidate(told),
    async view(
      target: string,
      { location = FRANKFURT, headers = {}, method = 'GET' }: ViewOptions = {},
    ): Promise<EdgeAnswer> {
      const answer = await current().view(location, { method, target, headers })
      await current().settled()
      await gateway.writeBack.drain()
      return answer
    },
    /** A photo's file of one colour, as an upload puts it, or of bytes that are no picture. */
    async putFile(itemId: string, photoId: string, colour: Colour | 'broken') {
      const bytes = colour === 'broken' ? Buffer.from('no picture') : await pictureOf(colour)
      const key = `items/${itemId}/photos/${photoId}/original-${crypto.randomUUID()}.jpg`
      const put = await gates.store.put(key, bytes, { contentType: 'image/jpeg' })
      if (put.outcome !== 'stored') throw new Error(`${key} is there already`)
      const facts = { contentType: 'image/jpeg', bytes: bytes.length, width: 400, height: 300 }
      return { photoId, key, etag: put.etag, ...facts, addedAt: new Date().toISOString() }
    },
    /** An item with photos `a`, `b`, … of these colours. */
    async createItem(itemId: string, ...colours: readonly (Colour | 'broken')[]) {
      await library.albums.create(itemId, SHOP, by)
      for (const [index, colour] of colours.entries()) {
        const photo = await this.putFile(itemId, 'abc'.charAt(index), colour)
        await library.albums.add(itemId, photo, by)
      }
      await gateway.journal.read()
    },
    async close() {
      await server.close(0)
      await gateway.close()
      vi.useRealTimers()
    },
  }
}

export type EdgeStage = Awaited<ReturnType<typeof createEdgeStage>>

/** A picture of one colour. */
export const pictureOf = async (colour: Colour): Promise<Buffer> => plainJpeg(COLOURS[colour], 400, 300)

/** The colour that a picture shows in its middle. */
export async function colourOf(picture: Uint8Array): Promise<Colour> {
  const channels = await middleColour(picture)
  const strongest = channels.indexOf(Math.max(...channels))
  return (['red', 'green', 'blue'] as const)[strongest] ?? 'red'
}
