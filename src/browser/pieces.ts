import type { Ticket } from './answers.ts'
import type { Transfer } from './requests.ts'

/** The parts that a ticket asks for, by their numbers; a file that goes in one piece is number 0. */
export function piecesOf(ticket: Ticket): number[] {
  return 'parts' in ticket ? ticket.parts.map(({ partNumber }) => partNumber) : [0]
}

/** How a piece is sent; nothing when the ticket does not ask for it any more, since it has arrived. */
export function transferOf(ticket: Ticket, piece: number, file: File): Transfer | undefined {
  if ('parts' in ticket) {
    const part = ticket.parts.find(({ partNumber }) => partNumber === piece)
    if (part === undefined) return undefined
    const { url, headers } = part
    return { method: 'PUT', url, headers, body: slice(file, piece, ticket.partBytes) }
  }
  const { url } = ticket
  if (ticket.method === 'PUT') return { method: 'PUT', url, headers: ticket.headers, body: file }
  const form = new FormData()
  for (const [name, value] of Object.entries(ticket.fields)) form.append(name, value)
  // The store ignores what comes after the file.
  form.append('file', file)
  return { method: 'POST', url, headers: {}, body: form }
}

/** One part of a file; they count from 1. */
export function slice(file: File, partNumber: number, partBytes: number): Blob {
  return file.slice((partNumber - 1) * partBytes, partNumber * partBytes)
}
