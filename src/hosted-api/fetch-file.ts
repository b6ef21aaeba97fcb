import { GatewayError } from '../errors.ts'
import type { BroughtFile } from '../hosted/new-image.ts'
import type { Source, SourceBodies } from '../sources/source.ts'
import type { SourcePath } from '../urls/image-request.ts'

/** What lies on other servers, behind the guard that decides which of them may be asked. */
export interface OtherServers<P extends SourcePath> {
  /** Throws where the server of this URL may not be asked. */
  parse(url: URL): P
  lookUp(path: P, signal?: AbortSignal): Promise<Source | undefined>
  readonly bodies: SourceBodies
}

/** Fetches the file of a URL that an image is to be made of: `upload_refused` when nothing is there. */
export function createFetchUrl<P extends SourcePath>(others: OtherServers<P>) {
  return async function fetchUrl(
    text: string,
    { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
  ): Promise<BroughtFile> {
    const url = new URL(text)
    const source = await others.lookUp(others.parse(url), signal)
    const read = source && (await others.bodies.get(source, { maxBytes, signal }))
    if (read?.outcome === 'too-large')
      throw new GatewayError(
        'upload_too_large',
        `url: the file has ${read.bytes} bytes, accepted are ${maxBytes}`,
      )
    if (read?.outcome !== 'found') throw new GatewayError('upload_refused', 'url: there is no file')
    return { fileName: nameOf(url), bytes: read.object.body }
  }
}

/** What a file is called by the end of its URL. */
function nameOf({ pathname }: URL): string {
  const last = pathname.slice(pathname.lastIndexOf('/') + 1)
  try {
    return decodeURIComponent(last)
  } catch (error) {
    if (error instanceof URIError) return last
    throw error
  }
}
