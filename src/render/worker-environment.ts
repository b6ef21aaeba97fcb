/** Set for every worker: few malloc arenas, one thread a picture, and one thread of the pool a job and two to spare. */
const FIXED = { MALLOC_ARENA_MAX: '2', UV_THREADPOOL_SIZE: '3', VIPS_CONCURRENCY: '1' }

/** Passed on where the operator has set them: another allocator, and where its library and the fonts lie. */
const PASSED_ON = [
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'MALLOC_CONF',
  'MALLOC_ARENA_MAX',
  'FONTCONFIG_FILE',
  'FONTCONFIG_PATH',
] as const

/** All that a render worker sees of an environment: nothing that could be a credential. */
export function workerEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => {
    const value = environment[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...FIXED, ...Object.fromEntries(passed) }
}
