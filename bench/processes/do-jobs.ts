import type { z } from 'zod'

/** Does the jobs that the bench sends, until it lets go of this process. A job that fails ends the process. */
export function doJobs<Job>(schema: z.ZodType<Job>, perform: (job: Job) => Promise<object>): void {
  const answer = async (message: unknown): Promise<void> => {
    process.send?.(await perform(schema.parse(message)))
  }
  process.on('message', (message) => void answer(message))
  process.on('disconnect', () => process.exit(0))
}
