import { randomBytes } from 'node:crypto'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { takeTurn } from '../turn.ts'
import { doJobs } from './do-jobs.ts'
import { bareWriteJob } from './jobs.ts'

doJobs(bareWriteJob, async ({ directory, bytes, concurrency, seconds }) => {
  const content = randomBytes(bytes)
  return takeTurn({ concurrency, seconds, calls: Number.POSITIVE_INFINITY }, async (index) => {
    const draft = join(directory, `draft-${index}`)
    const file = await open(draft, 'wx')
    await file.writeFile(content)
    await file.sync()
    await file.close()
    await rename(draft, join(directory, `file-${index % concurrency}`))
    const names = await open(directory, 'r')
    await names.sync()
    await names.close()
    return true
  })
})
