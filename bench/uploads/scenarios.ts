import type { Scenario } from '../contest.ts'
import { openDownload } from './download.ts'
import { openThreeVariants } from './three-variants.ts'
import { openUpload } from './upload.ts'

/** What a person at the other end of a slow line waits for. */
export const UPLOAD_SCENARIOS: readonly Scenario[] = [
  {
    name: 'upload',
    measures: 'a photo of 5 MB with a ticket to the bucket, checked and named, over 30 ms and 50 Mbit/s',
    baseline: 'a PUT of the same bytes by the SDK over the same line',
    optional: true,
    open: openUpload({ way: 'direct', concurrency: 1 }),
  },
  {
    name: 'upload-through',
    measures: 'the same photo as a form through the gateway',
    baseline: 'the same PUT',
    optional: true,
    open: openUpload({ way: 'through', concurrency: 1 }),
  },
  {
    name: 'uploads-50',
    measures: '50 photos of 1 MB at once, none lost',
    baseline: '50 such PUTs at once',
    optional: true,
    open: openUpload({ way: 'direct', concurrency: 50 }),
  },
  {
    name: 'download',
    measures: 'an original of 1 MB through the gateway, over the same line',
    baseline: 'a GET of it by the SDK',
    optional: true,
    open: openDownload,
  },
  {
    name: 'three-variants',
    measures: 'three sizes of a photo of 12 megapixels at once, nothing stored, over the same line',
    baseline: 'a GET of the three from the bucket by the SDK',
    optional: true,
    open: openThreeVariants,
  },
]
