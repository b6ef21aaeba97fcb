import { z } from 'zod'
import { OUTPUT_FORMATS } from '../../src/transform/spec.ts'

/** Every job, by the program that does it. */

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** `load`: each connection always has a request under way, and goes round all paths from a place of its own. */
export const loadJob = z.object({
  url: z.string(),
  paths: z.array(z.string()).min(1),
  connections: z.int(),
  seconds: z.number(),
  headers: z.record(z.string(), z.string()),
  /** The status of a right answer. */
  status: z.int(),
})
export type LoadJob = z.infer<typeof loadJob>

/** `open-loop`: each path once, when it is due, whatever became of those before it. */
export const openLoopJob = z.object({
  url: z.string(),
  paths: z.array(z.string()).min(1),
  /** When the first is due, on the clock of `monotonicMs`. */
  startAt: z.number(),
  everyMs: z.number().positive(),
  /** Whom a proxy would name, in turns; without any nobody is named. */
  clients: z.array(z.string()),
  /** How long after the last was due answers are waited for. */
  patienceMs: z.number(),
})
export type OpenLoopJob = z.infer<typeof openLoopJob>

/** `crowd`: each path once, so many at a time. */
export const crowdJob = z.object({
  url: z.string(),
  paths: z.array(z.string()),
  concurrency: z.int(),
  seconds: z.number(),
})
export type CrowdJob = z.infer<typeof crowdJob>

/** `bare-http`: from now on every request gets this answer. */
export const bareHttpJob = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  body: bytes,
})
export type BareHttpJob = z.infer<typeof bareHttpJob>

const bucket = z.object({
  bucket: z.string(),
  endpoint: z.string(),
  region: z.string(),
  credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  forcePathStyle: z.boolean(),
})

/** `bare-bucket`: objects from the bucket, round and round. */
export const bareBucketJob = z.object({
  bucket,
  keys: z.array(z.string()).min(1),
  concurrency: z.int(),
  seconds: z.number(),
})
export type BareBucketJob = z.infer<typeof bareBucketJob>

/** `bare-mixed`: from now on it serves the pictures of this bucket, and remembers so many bytes of them. */
export const bareMixedJob = z.object({ bucket, memoryBytes: z.int() })
export type BareMixedJob = z.infer<typeof bareMixedJob>

/** `bare-sharp`: one picture at a time, from the given ones in turn. */
export const bareSharpJob = z.object({
  pictures: z.array(bytes).min(1),
  width: z.int(),
  format: z.enum(OUTPUT_FORMATS),
  seconds: z.number(),
})
export type BareSharpJob = z.infer<typeof bareSharpJob>

/** `put`: a line of PUTs for each path, one after the other. */
export const putJob = z.object({
  url: z.string(),
  paths: z.array(z.string()).min(1),
  bytes: z.int(),
  seconds: z.number(),
})
export type PutJob = z.infer<typeof putJob>

/** `bare-write`: write, fsync, rename, fsync of the directory. */
export const bareWriteJob = z.object({
  directory: z.string(),
  bytes: z.int(),
  concurrency: z.int(),
  seconds: z.number(),
})
export type BareWriteJob = z.infer<typeof bareWriteJob>

/** `bare-put`: from now on the bodies of PUTs become files of this directory. */
export const barePutJob = z.object({ directory: z.string() })
export type BarePutJob = z.infer<typeof barePutJob>

/** `slow-line`: a line to `target` for the rest of the process; answers with its address. */
export const slowLineJob = z.object({
  target: z.url(),
  /** One way. */
  delayMs: z.number(),
  /** Each way. */
  bytesPerSecond: z.number(),
})
export type SlowLineJob = z.infer<typeof slowLineJob>
