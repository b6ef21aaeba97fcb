import { createComparison } from './compare.ts'
import { showGallery } from './gallery.ts'
import { createPicker } from './picker.ts'
import { showUploads } from './uploads.ts'

// Each picture leaves an entry, and measuring it another; browsers keep 250 unless they are told to keep more.
performance.setResourceTimingBufferSize(4_000)

const comparison = createComparison()
const picker = createPicker((picked) => comparison?.show(picked))

showGallery(document.querySelectorAll<HTMLElement>('.card'), (path) => picker?.choose(path))
showUploads({
  onPhoto: (source, { bytes, contentType }) => picker?.add(source, bytes, contentType),
})
