/** Resolves with the first signal that asks this process to stop. A second one is not waited for. */
export async function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.once(name, () => {
        // An impatient second Ctrl-C ends the process at once.
        process.once(name, () => process.exit(1))
        resolve(name)
      })
    }
  })
}
