import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { takeTurn } from '../turn.ts'
import { doJobs } from './do-jobs.ts'
import { putJob } from './jobs.ts'

const agent = new Agent({ keepAlive: true })

doJobs(putJob, async ({ url, paths, bytes, seconds }) => {
  const content = randomBytes(bytes)
  const limits = { concurrency: paths.length, seconds, calls: Number.POSITIVE_INFINITY }
  return takeTurn(limits, async (index) => {
    const path = paths[index % paths.length] ?? ''
    return (await put(url + path, content)) === 200
  })
})

async function put(url: string, content: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'PUT', agent, headers: { 'content-length': content.length } })
    sent.once('error', reject)
    sent.once('response', (answer) => {
      answer.once('end', () => resolve(answer.statusCode ?? 0)).resume()
    })
    sent.end(content)
  })
}
