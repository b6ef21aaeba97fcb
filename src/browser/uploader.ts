import type { Uploader, UploaderOptions } from './contract.ts'
import { createApi, createGate } from './requests.ts'
import { Session } from './session.ts'

export type { UploadedDocument, UploadedPhoto, UploadResult } from './answers.ts'
export type * from './contract.ts'
export { UploadError } from './requests.ts'

const DEFAULTS = {
  api: '/api/v1',
  concurrency: 3,
  attempts: 6,
  retryDelayMs: 1_000,
  stallMs: 30_000,
}

/** Uploads from this page; nothing happens before the first file. */
export function createUploader(options: UploaderOptions = {}): Uploader {
  const settings = { ...DEFAULTS, ...options }
  const files = createGate(settings.concurrency)
  const shared = {
    ...settings,
    api: createApi(settings),
    transfers: createGate(settings.concurrency),
    storage: options.storage === undefined ? openStorage() : options.storage,
    underWay: new Set<string>(),
  }
  return {
    upload: (file, target, { onProgress } = {}) =>
      new Session({ ...shared, file, target, onProgress }).start(files),
    watch(element, onFiles) {
      const undo = new AbortController()
      const listen = { signal: undo.signal }
      if (element instanceof HTMLInputElement) {
        element.addEventListener('change', () => choose(element, onFiles), listen)
      } else {
        element.addEventListener('dragover', (event) => event.preventDefault(), listen)
        element.addEventListener('drop', (event) => drop(event, onFiles), listen)
      }
      return () => undo.abort()
    },
  }
}

type OnFiles = (files: readonly File[]) => void

function choose(input: HTMLInputElement, onFiles: OnFiles): void {
  const files = [...(input.files ?? [])]
  // So that choosing the same file again is a change too.
  input.value = ''
  if (files.length > 0) onFiles(files)
}

function drop(event: DragEvent, onFiles: OnFiles): void {
  event.preventDefault()
  const files = [...(event.dataTransfer?.files ?? [])]
  if (files.length > 0) onFiles(files)
}

/** Nothing where the browser keeps nothing for this page: uploads work, they are only not resumed. */
function openStorage(): Storage | null {
  try {
    return localStorage
  } catch {
    return null
  }
}
