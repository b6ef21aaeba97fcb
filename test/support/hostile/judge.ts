import sharp from 'sharp'
import { z } from 'zod'
import type { Format, HostileFile } from './hostile-file.ts'
import { one } from './mutations.ts'
import type { Stage } from './stage.ts'

/** What became of one file: every answer as its status and code, and what is wrong with them. */
export interface Judgement {
  readonly answers: readonly string[]
  readonly faults: readonly string[]
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly sniffing: string | null
  readonly bytes: Buffer
}

interface Sides {
  readonly width: number
  readonly height: number
}

interface Question {
  /** What stands behind the path of the source, or in front of it where it ends with a slash. */
  readonly ask: string
  readonly type: string
  /** What the picture has to measure, by the sides that the gateway tells of its source. */
  readonly sides?: (source: Sides, format: Format) => Sides
}

const JSON_TYPE = 'application/json'
const problem = z.object({ code: z.string(), detail: z.string().min(10), status: z.int() })
const sides = z.object({ width: z.int().positive(), height: z.int().positive() })

const BOX = { width: 64, height: 48 }

/** A width that enlarges nothing but drawings. */
const wide = (width: number) => (source: Sides, format: Format) => {
  const shown = format === 'svg' ? width : Math.min(width, source.width)
  return { width: shown, height: Math.max(1, Math.round((source.height * shown) / source.width)) }
}

/** Asked of every file. */
const FIRST: Question = { ask: '64x48.webp', type: 'image/webp', sides: () => BOX }

/** Of these each file is asked a few. */
const QUESTIONS: readonly Question[] = [
  { ask: '80.jpg', type: 'image/jpeg', sides: wide(80) },
  { ask: '64x48.avif', type: 'image/avif', sides: () => BOX },
  { ask: '64x48.gif', type: 'image/gif', sides: () => BOX },
  { ask: '96.webp', type: 'image/webp', sides: wide(96) },
  { ask: '64x48.png', type: 'image/png', sides: () => BOX },
  { ask: '64x48,fit=pad,background=ff0000.png', type: 'image/png', sides: () => BOX },
  { ask: '64,trim=border___.png', type: 'image/png' },
  { ask: '64x48,fit=squeeze,flip=h,rotate=90,sharpen=2,blur=4.webp', type: 'image/webp', sides: () => BOX },
  { ask: '64x48,trim=sides_1_1_1_1.jpg', type: 'image/jpeg' },
  { ask: '64,metadata=keep.jpg', type: 'image/jpeg' },
  { ask: 'info.json', type: JSON_TYPE },
  { ask: 'thumbhash', type: 'application/octet-stream' },
  { ask: '80.json', type: JSON_TYPE },
  { ask: '/cdn-cgi/image/width=64,height=48,fit=cover,format=webp/', type: 'image/webp', sides: () => BOX },
  { ask: '/cdn-cgi/image/width=64,format=json/', type: JSON_TYPE },
]

const DRAWING: Question = { ask: 'drawing.svg', type: 'image/svg+xml' }

/** How a picture can be refused, natively and in the numbers of Cloudflare's dialect. */
const REFUSALS: ReadonlySet<string> = new Set([
  '415 source_broken',
  '415 source_crashed',
  '415 source_not_a_picture',
  '415 source_too_large',
  '415 source_overran',
  '400 size_not_allowed',
  '415 ERROR 9412',
  '422 ERROR 9516',
  '403 ERROR 9413',
  '415 ERROR 9529',
])

/** A file is put into the bucket and asked for over HTTP; `more` is how many questions beyond the first. */
export async function judge(
  stage: Stage,
  file: HostileFile & { readonly format: Format },
  random: () => number,
  more = 2,
): Promise<Judgement> {
  const key = `photos/${crypto.randomUUID()}.${one(['jpg', 'png', 'svg', 'webp', 'bin'], random)}`
  const contentType = one(['image/jpeg', 'image/png', 'text/html', 'application/octet-stream'], random)
  await stage.store.put(key, file.bytes, { contentType })
  // What an SVG is says its name where its type is any file's: Cloudflare's dialect resizes none (docs/cloudflare.md).
  const isDrawn = file.format === 'svg' && key.endsWith('.svg') && contentType === 'application/octet-stream'
  const isPassedThrough = ({ ask }: Question) => isDrawn && ask.startsWith('/cdn-cgi/')
  const chosen = Array.from({ length: more }, () =>
    one(file.format === 'svg' ? [DRAWING, ...QUESTIONS] : QUESTIONS, random),
  )
  const answers: string[] = []
  const faults: string[] = []
  for (const question of [FIRST, ...chosen]) {
    const answer = await get(stage, key, question.ask)
    const said = nameOf(answer)
    answers.push(said)
    const fault =
      answer.status === 200
        ? await faultOf(stage, key, {
            question: isPassedThrough(question) ? { ...DRAWING, ask: question.ask } : question,
            answer,
            format: file.format,
          })
        : REFUSALS.has(said)
          ? undefined
          : `answered ${answer.bytes.toString().slice(0, 300)}`
    if (fault !== undefined) faults.push(`${question.ask}: ${said}: ${fault}`)
  }
  await stage.store.delete([key])
  return { answers, faults }
}

async function get(stage: Stage, key: string, ask: string): Promise<Answer> {
  const target = ask.startsWith('/') ? `${ask}${key}` : `/img/${key}/${ask}`
  const answer = await fetch(stage.url + target, { redirect: 'manual' })
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? '',
    sniffing: answer.headers.get('x-content-type-options'),
    bytes: Buffer.from(await answer.arrayBuffer()),
  }
}

/** `200`, or a status with its code: that of a problem, or of Cloudflare's dialect in its words. */
function nameOf({ status, type, bytes }: Answer): string {
  if (status === 200) return '200'
  if (type !== 'application/problem+json') return `${status} ${bytes.toString().split(':', 1)[0]}`
  const said = problem.parse(JSON.parse(bytes.toString()))
  return `${said.status === status ? status : `${status}/${said.status}`} ${said.code}`
}

/** What is wrong with a picture; `undefined` when it is what was asked for. */
async function faultOf(
  stage: Stage,
  key: string,
  { question, answer, format }: { question: Question; answer: Answer; format: Format },
): Promise<string | undefined> {
  if (answer.sniffing !== 'nosniff') return 'may be sniffed'
  if (!answer.type.startsWith(question.type)) return `is ${answer.type}`
  if (question.type === JSON_TYPE)
    return sides.safeParse(JSON.parse(answer.bytes.toString())).success
      ? undefined
      : `says ${answer.bytes.toString()}`
  if (question.type === 'application/octet-stream')
    return answer.bytes.length > 4 ? undefined : 'is too short'
  const seen = await sharp(answer.bytes, {
    failOn: 'warning',
    pages: question.type === 'image/svg+xml' ? 1 : -1,
  }).metadata()
  await sharp(answer.bytes, { failOn: 'warning' }).raw().toBuffer()
  if (question.sides === undefined) return undefined
  const info = sides.safeParse(JSON.parse((await get(stage, key, 'info.json')).bytes.toString()))
  // A picture that cannot be described may still be shown as a part of itself.
  if (!info.success) return undefined
  const expected = question.sides(info.data, format)
  const height = seen.pageHeight ?? seen.height
  return seen.width === expected.width && height === expected.height
    ? undefined
    : `is ${seen.width}×${height} instead of ${expected.width}×${expected.height}`
}
