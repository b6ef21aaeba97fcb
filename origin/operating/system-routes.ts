import type { IncomingMessage } from 'node:http'
import type { Registry } from 'prom-client'
import type { Reply } from '../protocol/reply.ts'

/** The routes that are not S3's. No bucket can be named `-`, so they hide none. */
const ROUTES: ReadonlyMap<string, (registry: Registry) => Promise<Reply>> = new Map([
  ['/-/health', health],
  ['/-/metrics', metrics],
])

/** Answers what operators ask, without a signature; `undefined` when a request is not for one of these routes. */
export function systemReply(incoming: IncomingMessage, registry: Registry): Promise<Reply> | undefined {
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') return undefined
  const { url = '' } = incoming
  // Not looked up as it is: to hash a presigned URL costs more than the rest of this.
  return url.startsWith('/-/') ? ROUTES.get(url)?.(registry) : undefined
}

async function health(): Promise<Reply> {
  return reply('application/json', '{"status":"ok"}\n')
}

async function metrics(registry: Registry): Promise<Reply> {
  return reply(registry.contentType, await registry.metrics())
}

function reply(type: string, body: string): Reply {
  return { status: 200, headers: { 'content-type': type, 'cache-control': 'no-store' }, body }
}
