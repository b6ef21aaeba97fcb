import { createHash } from 'node:crypto'
import { Agent, request } from 'undici'
import { takeTurn } from '../turn.ts'
import { doJobs } from './do-jobs.ts'
import { type CrowdJob, crowdJob } from './jobs.ts'

doJobs(crowdJob, crowd)

/** A turn, and how many different pictures came. */
async function crowd({ url, paths, concurrency, seconds }: CrowdJob) {
  const dispatcher = new Agent({ connections: concurrency, pipelining: 1 })
  const pictures = new Set<string>()
  const turn = await takeTurn({ concurrency, seconds, calls: paths.length }, async (index) => {
    try {
      const { statusCode, body } = await request(`${url}${paths[index] ?? ''}`, { dispatcher })
      const bytes = await body.bytes()
      pictures.add(createHash('sha256').update(bytes).digest('hex'))
      return statusCode === 200
    } catch {
      // No answer is a wrong answer.
      return false
    }
  })
  await dispatcher.close()
  return { ...turn, pictures: pictures.size }
}
