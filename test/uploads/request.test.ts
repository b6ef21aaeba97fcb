import { describe, expect, it } from 'vitest'
import { checkRequest } from '../../src/uploads/request.ts'
import type { UploadRequest } from '../../src/uploads/uploads.ts'
import { KINDS } from '../support/uploads.ts'

const NOW = new Date('2026-11-22T10:00:00.000Z')
const LIMIT = KINDS['item-photo'].maxBytes

const PHOTO: UploadRequest = {
  kind: 'item-photo',
  ownerId: '42',
  fileName: 'front.jpg',
  contentType: 'image/jpeg',
  bytes: 1000,
}
const DOCUMENT: UploadRequest = {
  ...PHOTO,
  kind: 'verification-document',
  ownerId: 'ana',
  fileName: 'pass.pdf',
  contentType: 'application/pdf',
  documentType: 'passport',
}

function refusalOf(request: UploadRequest): { code: unknown; message: string } {
  try {
    checkRequest(request, KINDS, NOW)
  } catch (error) {
    if (error instanceof Error) return { code: 'code' in error && error.code, message: error.message }
  }
  return { code: 'nothing was refused', message: '' }
}

describe('what is let through', () => {
  it.each([
    ['a photo', PHOTO, 'jpeg'],
    ['a photo of the largest size', { ...PHOTO, bytes: LIMIT }, 'jpeg'],
    ['a photo for a slot', { ...PHOTO, photoId: 'p1' }, 'jpeg'],
    ['a photo for a place', { ...PHOTO, at: 0 }, 'jpeg'],
    ['a photo of a user', { ...PHOTO, kind: 'profile-photo', contentType: 'image/avif' }, 'avif'],
    ['a name in another script', { ...PHOTO, fileName: '正面 – «été».jpg' }, 'jpeg'],
    ['a name of 200 characters', { ...PHOTO, fileName: 'x'.repeat(200) }, 'jpeg'],
    ['a document', DOCUMENT, 'pdf'],
    ['a document that expires', { ...DOCUMENT, documentExpiresAt: '2031-05-01T00:00:00.000Z' }, 'pdf'],
    ['a checksum', { ...PHOTO, sha256: 'ab'.repeat(32) }, 'jpeg'],
  ] as const)('%s', (_, request, format) => {
    expect(checkRequest(request, KINDS, NOW)).toBe(format)
  })
})

describe('names that are paths, or look like another name', () => {
  it.each([
    [''],
    ['.'],
    ['..'],
    ['../../verification/ana/passport/x.pdf'],
    ['a/b.jpg'],
    ['a\\b.jpg'],
    ['a\0.jpg'],
    ['a\n.jpg'],
    ['a\u007f.jpg'],
    ['a\u2028.jpg'],
    ['gpj.\u202efront'],
    ['half \ud83d.jpg'],
    ['${filename}'],
    ['x'.repeat(201)],
    ['語'.repeat(200) + 'x'],
    ['𠀀'.repeat(151)],
  ])('%j', (fileName) => {
    expect(refusalOf({ ...PHOTO, fileName })).toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('fileName: accepted is 1 to 200 characters'),
    })
  })
})

describe('what could never be completed is refused, with what is accepted', () => {
  it.each([
    ['an owner that is a path', { ...PHOTO, ownerId: '../ana' }, 'invalid_request', 'ownerId'],
    ['an owner that is none', { ...PHOTO, ownerId: '' }, 'invalid_request', 'ownerId'],
    ['no bytes', { ...PHOTO, bytes: 0 }, 'invalid_request', 'bytes'],
    ['half a byte', { ...PHOTO, bytes: 1.5 }, 'invalid_request', 'bytes'],
    ['a byte too many', { ...PHOTO, bytes: LIMIT + 1 }, 'upload_too_large', `at most ${LIMIT}`],
    [
      'a type that is none of ours',
      { ...PHOTO, contentType: 'text/html' },
      'upload_type_refused',
      'image/webp',
    ],
    [
      'a type that is no picture',
      { ...PHOTO, contentType: 'application/pdf' },
      'upload_type_refused',
      'JPEG',
    ],
    ['a type with parameters', { ...PHOTO, contentType: 'image/jpeg; x=1' }, 'upload_type_refused', 'JPEG'],
    ['a type in other letters', { ...PHOTO, contentType: 'image/JPEG' }, 'upload_type_refused', 'JPEG'],
    ['a drawing', { ...PHOTO, contentType: 'image/svg+xml' }, 'upload_type_refused', 'PNG'],
    ['a HEIC', { ...PHOTO, contentType: 'image/heic' }, 'upload_type_refused', 'Most Compatible'],
    [
      'a GIF as a document',
      { ...DOCUMENT, contentType: 'image/gif' },
      'upload_type_refused',
      'JPEG, PNG and PDF',
    ],
    ['no checksum', { ...PHOTO, sha256: 'abc' }, 'invalid_request', 'sha256'],
    ['a slot that is a path', { ...PHOTO, photoId: 'p1/../p2' }, 'invalid_request', 'photoId'],
    ['a slot and a place', { ...PHOTO, photoId: 'p1', at: 0 }, 'invalid_request', 'at'],
    ['a place before the first', { ...PHOTO, at: -1 }, 'invalid_request', 'at'],
    ['a slot of a user', { ...PHOTO, kind: 'profile-photo', photoId: 'p1' }, 'invalid_request', 'photoId'],
    ['a document of no type', { ...DOCUMENT, documentType: undefined }, 'invalid_request', 'documentType'],
    ['a type that is a path', { ...DOCUMENT, documentType: '../x' }, 'invalid_request', 'documentType'],
    [
      'a photo with a type of document',
      { ...PHOTO, documentType: 'passport' },
      'invalid_request',
      'documentType',
    ],
    [
      'a document that has expired',
      { ...DOCUMENT, documentExpiresAt: NOW.toISOString() },
      'invalid_request',
      'documentExpiresAt',
    ],
    [
      'an expiry in words',
      { ...DOCUMENT, documentExpiresAt: 'tomorrow' },
      'invalid_request',
      'documentExpiresAt',
    ],
  ] as const)('%s', (_, request, code, words) => {
    expect(refusalOf(request)).toMatchObject({ code, message: expect.stringContaining(words) })
  })
})
