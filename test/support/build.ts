import { execFileSync } from 'node:child_process'

/** vitest's global set-up: compiles `dist/`, which tests start as real processes (workers, gateway, origin). */
export default function build(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
}
