import type { SignetOptions, SignetStorage } from './types.ts'

/** The storage that was asked for, or memory where there is none (Node, a sandboxed frame, cookies blocked). */
export function storageOf(wish: SignetOptions['storage']): SignetStorage {
  if (typeof wish === 'object') return wish
  let texts: Record<string, string> = {}
  try {
    if (wish !== 'memory') texts = localStorage
  } catch {}
  return {
    get: key => texts[key],
    set: (key, text) => {
      texts[key] = text
    },
    remove: key => delete texts[key],
  }
}
