/** What a program may have of the machine. */
export interface Bounds {
  /** Open files, sockets and pipes. Needs a POSIX shell. */
  readonly descriptors?: number
}

type Command = readonly [string, ...string[]]

/** The command that runs another one within such bounds. */
export function within({ descriptors }: Bounds, program: Command): Command {
  if (descriptors === undefined) return program
  return ['sh', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh', ...program]
}
