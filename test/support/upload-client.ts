import type { Ticket } from '../../src/uploads/uploads.ts'

/** What a store says to an upload: `stored`, or its status and its name for the fault. */
export type Sent = 'stored' | `${number} ${string}`

/** Does with a ticket what a browser does: a form, a PUT, or the parts one after the other. The first refusal ends it. */
export async function sendTicket(ticket: Ticket, file: Buffer): Promise<Sent> {
  if ('fields' in ticket) return sendForm(ticket.url, ticket.fields, file)
  if (!('parts' in ticket)) return sendPut(ticket.url, ticket.headers, file)
  for (const { partNumber, bytes, url, headers } of ticket.parts) {
    const at = (partNumber - 1) * ticket.partBytes
    const sent = await sendPut(url, headers, file.subarray(at, at + bytes))
    if (sent !== 'stored') return sent
  }
  return 'stored'
}

/** Sends a form; fields that are `undefined` are left out. */
export async function sendForm(
  url: string,
  fields: Readonly<Record<string, string | undefined>>,
  file: Buffer,
): Promise<Sent> {
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) body.append(name, value)
  body.append('file', new Blob([new Uint8Array(file)]), 'front.jpg')
  return read(await fetch(url, { method: 'POST', body }))
}

export async function sendPut(
  url: string,
  headers: Readonly<Record<string, string>>,
  file: Buffer,
): Promise<Sent> {
  return read(await fetch(url, { method: 'PUT', headers, body: new Uint8Array(file) }))
}

async function read(answer: Response): Promise<Sent> {
  const text = await answer.text()
  if (answer.ok) return 'stored'
  return `${answer.status} ${/<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? 'unnamed'}`
}
