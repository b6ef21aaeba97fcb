import { get, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { BareHttpJob } from '../processes/jobs.ts'

/** node:http sets these itself, in every server. */
const OF_THE_CONNECTION = new Set(['connection', 'date', 'keep-alive'])

/** The answer to a GET, as the bare server can give it. */
export async function fetchAnswer(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<BareHttpJob> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers }, resolve).once('error', reject)
  })
  const body = await buffer(answer)
  const own = Object.entries(answer.headers).filter(([name]) => !OF_THE_CONNECTION.has(name))
  return {
    status: answer.statusCode ?? 0,
    headers: Object.fromEntries(own.map(([name, value]) => [name, String(value)])),
    body,
  }
}
