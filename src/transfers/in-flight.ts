/** What is worked on, and by how many at once. */
export interface Flow<T> {
  readonly pieces: AsyncIterable<T>
  readonly width: number
  /** Told of the first failure while others are under way, so that it can stop them and the source of the pieces. */
  readonly onFailure: (reason: unknown) => void
}

/** Works on pieces as they come, `width` at a time; ends, well or not, when none is under way any more. */
export async function inFlight<T>(
  { pieces, width, onFailure }: Flow<T>,
  work: (piece: T) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>()
  try {
    for await (const piece of pieces) {
      const working = work(piece).finally(() => underWay.delete(working))
      underWay.add(working)
      // It is awaited below; until then nobody may be looking.
      working.catch(onFailure)
      if (underWay.size >= width) await Promise.race(underWay)
    }
    await Promise.all(underWay)
  } finally {
    await Promise.allSettled(underWay)
  }
}
