import { SCENES } from './scenes.ts'
import { photograph } from './darkroom.ts'

/**
 * The entry of a sample painter: a child process apart from the render workers, since these may not open SVG. It gets
 * the name of a scene, answers with its photograph, and ends with its channel.
 */
function startPainter(): void {
  process.on('message', (name: unknown) => {
    void paint(String(name)).then((painted) => process.send?.(painted))
  })
  process.on('disconnect', () => process.exit(0))
}

async function paint(name: string) {
  const shot = SCENES[name]
  if (shot === undefined) return { name, error: `There is no scene ${name}` }
  const { bytes } = await photograph(shot, Object.keys(SCENES).indexOf(name) + 1)
  // The bytes alone, not the pool of memory that they may be a slice of.
  return { name, bytes: new Uint8Array(bytes) }
}

startPainter()
