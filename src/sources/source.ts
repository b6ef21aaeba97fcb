import type { Access } from '../media/records.ts'
import type { GetOptions, GetResult } from '../storage/object-store.ts'
import type { FocalPoint } from '../transform/rendering-settings.ts'
import type { SourcePath } from '../urls/image-request.ts'

/** One version of a source: which object a path means now. */
export interface Source {
  /** The canonical path: the photo's own, the profile's, or the exact key; never an alias. */
  readonly at: SourcePath
  readonly key: string
  /** The ETag that every read of it must match. */
  readonly etag: string
  /** The media type that the record or the object says; of an exact key it is only what somebody once said. */
  readonly contentType: string
  /** Length in bytes. */
  readonly bytes: number
  /** The source part of the version, 12 characters. */
  readonly version: string
  /** Of a record's path the later of record and source. */
  readonly lastModified: Date
  /** What stays in view when a box is cut out of it, as its owner has set it. */
  readonly focus?: FocalPoint | undefined
  readonly access: Access
  /** Whose it is, by the record; `undefined` where no record says so. */
  readonly owner?: string | undefined
  /** Whether every change of it passes through Halftone, so that caches can be told. */
  readonly managed: boolean
  /** How long the edge may keep what is made of it, in seconds, as its owner has set it. */
  readonly edgeSeconds?: number | undefined
}

/** Hands out the bytes of sources, wherever they lie, and only those of the version that is asked for. */
export interface SourceBodies {
  get(source: Source, options?: Omit<GetOptions, 'ifMatch'>): Promise<GetResult>
}
