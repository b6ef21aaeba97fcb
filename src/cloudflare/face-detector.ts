/** The smallest box around all faces, as fractions of the turned picture's sides from its left and upper edge. */
export interface FaceBox {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Looks for faces. None ships: it takes a model, which an operator would bring. */
export interface FaceDetector {
  /**
   * `undefined` where there is no face, or nothing that it can read. `picture` is the whole file, of whatever type; it is
   * not asked twice about the same one as long as the answer is remembered.
   */
  find(picture: Uint8Array, signal: AbortSignal): Promise<FaceBox | undefined>
}
