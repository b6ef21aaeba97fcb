import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { ApiRefusal, type Invalidation, Invalidations, type InvalidationsOptions } from './invalidations.ts'

export const DISTRIBUTION = 'E2STANDIN0001'
/** Whom the stand-in lets in. */
export const CREDENTIALS = { accessKeyId: 'edge-key', secretAccessKey: 'edge-secret' } as const

const ROUTE = /^\/2020-05-31\/distribution\/([^/?]+)\/invalidation(?:\/([^/?]+))?(?:\?(.*))?$/
const NAMESPACE = 'http://cloudfront.amazonaws.com/doc/2020-05-31/'

/** The API of the edge over HTTP, in the XML that its SDK speaks: invalidations of one distribution. */
export interface CloudFrontApiServer {
  readonly endpoint: string
  readonly invalidations: Invalidations
  /** What happens to the next calls behind the rules: their answer is lost, or never comes. */
  misbehave(how: 'lose-answer' | 'hang' | 'reset', calls: number): void
  close(): Promise<void>
}

/** Starts it on a port of this machine, by default a free one. */
export async function startCloudFrontApi(
  options: InvalidationsOptions,
  port = 0,
): Promise<CloudFrontApiServer> {
  const invalidations = new Invalidations(options)
  let trouble: { how: 'lose-answer' | 'hang' | 'reset'; calls: number } | undefined

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const how = trouble && trouble.calls > 0 ? trouble.how : undefined
    if (trouble) trouble.calls -= 1
    if (how === 'reset') return void request.socket.destroy()
    if (how === 'hang') return
    const { status, xml, headers } = respond(request, body, invalidations)
    if (how === 'lose-answer') return void request.socket.destroy()
    response.writeHead(status, { 'content-type': 'text/xml', ...headers }).end(xml)
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', resolve),
  )
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    invalidations,
    misbehave: (how, calls) => (trouble = { how, calls }),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface XmlAnswer {
  readonly status: number
  readonly xml: string
  readonly headers?: Record<string, string>
}

function respond(request: IncomingMessage, body: string, invalidations: Invalidations): XmlAnswer {
  try {
    const [, distribution, id, query] = ROUTE.exec(request.url ?? '') ?? []
    if (!request.headers.authorization?.includes(`Credential=${CREDENTIALS.accessKeyId}/`))
      throw new ApiRefusal(403, 'AccessDenied', 'Access denied')
    if (distribution !== DISTRIBUTION)
      throw new ApiRefusal(404, 'NoSuchDistribution', 'The specified distribution does not exist.')
    if (request.method === 'POST') return created(body, invalidations)
    return id === undefined
      ? listed(new URLSearchParams(query), invalidations)
      : { status: 200, xml: toXml(find(id, invalidations), invalidations) }
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error
    const { status, code, message } = error
    const xml = `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escape(message)}</Message></Error><RequestId>r</RequestId></ErrorResponse>`
    return { status, xml }
  }
}

function created(body: string, invalidations: Invalidations): XmlAnswer {
  const [reference] = valuesOf(body, 'CallerReference')
  const [quantity] = valuesOf(body, 'Quantity')
  const items = valuesOf(body, 'Path')
  if (reference === undefined) throw new ApiRefusal(400, 'MissingBody')
  if (Number(quantity) !== items.length) throw new ApiRefusal(400, 'InconsistentQuantities')
  const invalidation = invalidations.create(reference, items)
  const location = `https://cloudfront.amazonaws.com/2020-05-31/distribution/${DISTRIBUTION}/invalidation/${invalidation.id}`
  return { status: 201, xml: toXml(invalidation, invalidations), headers: { location } }
}

function find(id: string, { taken }: Invalidations): Invalidation {
  const found = taken.find((invalidation) => invalidation.id === id)
  if (found === undefined) throw new ApiRefusal(404, 'NoSuchInvalidation')
  return found
}

/** Newest first, page by page. */
function listed(query: URLSearchParams, invalidations: Invalidations): XmlAnswer {
  const maxItems = Number(query.get('MaxItems') ?? 100)
  const all = invalidations.taken.toReversed()
  const start = all.findIndex(({ id }) => id === query.get('Marker')) + 1
  const page = all.slice(start, start + maxItems)
  const isTruncated = start + maxItems < all.length
  const summaries = page.map(
    (one) =>
      `<InvalidationSummary><Id>${one.id}</Id><CreateTime>${timeOf(one)}</CreateTime><Status>${invalidations.statusOf(one)}</Status></InvalidationSummary>`,
  )
  const next = isTruncated ? `<NextMarker>${page.at(-1)?.id}</NextMarker>` : ''
  const xml = `<InvalidationList xmlns="${NAMESPACE}"><Marker>${query.get('Marker') ?? ''}</Marker>${next}<MaxItems>${maxItems}</MaxItems><IsTruncated>${isTruncated}</IsTruncated><Quantity>${page.length}</Quantity><Items>${summaries.join('')}</Items></InvalidationList>`
  return { status: 200, xml }
}

function toXml(one: Invalidation, invalidations: Invalidations): string {
  const paths = one.items.map((item) => `<Path>${escape(item)}</Path>`).join('')
  return `<Invalidation xmlns="${NAMESPACE}"><Id>${one.id}</Id><Status>${invalidations.statusOf(one)}</Status><CreateTime>${timeOf(one)}</CreateTime><InvalidationBatch><Paths><Quantity>${one.items.length}</Quantity><Items>${paths}</Items></Paths><CallerReference>${escape(one.reference)}</CallerReference></InvalidationBatch></Invalidation>`
}

const timeOf = ({ atMs }: Invalidation) => new Date(atMs).toISOString()

const ENTITIES = [
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&apos;', "'"],
] as const

const escape = (value: string) =>
  ENTITIES.reduce((xml, [entity, sign]) => xml.replaceAll(sign, entity), value)
const unescape = (xml: string) =>
  ENTITIES.toReversed().reduce((value, [entity, sign]) => value.replaceAll(entity, sign), xml)

function valuesOf(xml: string, name: string): string[] {
  const pattern = new RegExp(`<${name}>([^<]*)</${name}>`, 'g')
  return [...xml.matchAll(pattern)].map(([, value = '']) => unescape(value))
}
