/** At most so many bucket calls at once while a scenario is prepared. */
const AT_ONCE = 8

/** Does something with each item, several at a time. */
export async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values()
  const line = async () => {
    // Every line takes from the same iterator.
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, line))
}
