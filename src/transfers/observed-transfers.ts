import { observe, type StoreObserver } from '../storage/observed-store.ts'
import type { Transfers } from './transfers.ts'

/**
 * The same transfers, each reported once it has ended: an upload with the time that its sender took, a download up to the
 * first byte.
 */
export function observeTransfers(transfers: Transfers, observer: StoreObserver): Transfers {
  return {
    upload: (key, body, options) =>
      observe(
        observer,
        { verb: 'upload', ...options },
        () => transfers.upload(key, body, options),
        (result) => (result === 'conflict' ? result : 'stored'),
      ),
    download: (key, options) =>
      observe(observer, { verb: 'download', ...options }, () => transfers.download(key, options), outcomeOf),
    copy: (from, to, options) =>
      observe(observer, { verb: 'copy', ...options }, () => transfers.copy(from, to, options), outcomeOf),
    move: (from, to, options) =>
      observe(observer, { verb: 'move', ...options }, () => transfers.move(from, to, options), outcomeOf),
  }
}

const outcomeOf = <Outcome>(result: { readonly outcome: Outcome }): Outcome => result.outcome
