import { once } from 'node:events'
import { createServer } from 'node:http'
import { doJobs } from './do-jobs.ts'
import { type BareHttpJob, bareHttpJob } from './jobs.ts'

let answer: BareHttpJob = { status: 503, headers: {}, body: new Uint8Array() }

const server = createServer({ keepAliveTimeout: 75_000 }, (_request, response) => {
  response.writeHead(answer.status, answer.headers)
  response.end(answer.body)
})

doJobs(bareHttpJob, async (job) => {
  answer = { ...job, body: Buffer.from(job.body) }
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
})
