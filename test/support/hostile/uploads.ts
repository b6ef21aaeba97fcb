import { z } from 'zod'
import { tokenOf } from '../api.ts'
import { createClient } from '../journey.ts'
import type { Format, HostileFile } from './hostile-file.ts'
import type { Judgement } from './judge.ts'
import type { Stage } from './stage.ts'

const problem = z.object({ code: z.string() })

/** Codes that an upload can be refused with for what it is. */
const REFUSALS: ReadonlySet<string> = new Set([
  '415 upload_type_refused',
  '422 upload_refused',
  '413 upload_too_large',
  '400 invalid_request',
])

/** A file is uploaded, by ticket and through the gateway, as a photo of an item of its own; what is taken is asked for. */
export async function createUploader(
  stage: Stage,
): Promise<(file: HostileFile & { readonly format: Format }) => Promise<Judgement>> {
  const as = await tokenOf('eve')
  const { call, upload, look } = createClient(stage.url)
  let items = 0
  return async ({ format, bytes }) => {
    const contentType = `image/${format}`
    items += 1
    const ownerId = `fuzz-${items}`
    const ticketed = await upload(as, { kind: 'item-photo', ownerId, contentType }, bytes)
    const sent = await call(`POST /items/${ownerId}/photos`, as, {
      method: 'POST',
      body: formOf(bytes, contentType),
    })
    const answers = await Promise.all([ticketed, sent].map(nameOf))
    const faults = answers
      .filter((answer) => answer !== 'taken' && !REFUSALS.has(answer))
      .map((answer) => `uploaded: ${answer}`)
    // A ticket for nothing is refused before anything is read.
    if (new Set(answers).size > 1 && bytes.length > 0)
      faults.push(`by ticket ${answers[0]}, through the gateway ${answers[1]}`)
    if (!answers.includes('taken')) return { answers, faults }
    const shown = await look(`/img/items/${ownerId}/64x48.webp`)
    await shown.arrayBuffer()
    return {
      answers,
      faults: shown.status === 200 ? faults : [...faults, `was taken, but is shown as ${shown.status}`],
    }
  }
}

function formOf(bytes: Buffer, type: string): FormData {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(bytes)], { type }), 'a.jpg')
  return form
}

async function nameOf(answer: Response): Promise<string> {
  const said: unknown = await answer.json()
  return answer.ok ? 'taken' : `${answer.status} ${problem.parse(said).code}`
}
