import sharp from 'sharp'
import { hardenSharp } from '../../src/pixels/answer-job.ts'
import { encodeAs } from '../../src/pixels/encoders.ts'
import { takeTurn } from '../turn.ts'
import { doJobs } from './do-jobs.ts'
import { bareSharpJob } from './jobs.ts'

hardenSharp()

doJobs(bareSharpJob, ({ pictures, width, format, seconds }) => {
  const limits = { concurrency: 1, seconds, calls: Number.POSITIVE_INFINITY }
  return takeTurn(limits, async (index) => {
    const picture = pictures[index % pictures.length]
    await encodeAs(sharp(picture).resize({ width }), format).toBuffer()
    return true
  })
})
