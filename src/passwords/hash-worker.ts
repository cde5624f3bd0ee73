/** Runs in a worker thread: one bcrypt at a time, synchronously, where it stalls nobody. */
import { setPriority } from 'node:os'
import { compareSync, hashSync } from 'bcryptjs'

export type HashTask =
  | { readonly act: 'hash'; readonly password: string; readonly cost: number }
  | { readonly act: 'verify'; readonly password: string; readonly hash: string }

/** The pool finds the worker by the address it gives itself, as source and as compiled code. */
export const hashWorkerUrl: string = import.meta.url

// On Linux a nice value belongs to the thread: hashing yields to the event loop when both want a core.
if (process.platform === 'linux') setPriority(0, 10)

export default function work(task: HashTask): { result: string | boolean; milliseconds: number } {
  const startedAt = performance.now()
  const result = task.act === 'hash' ? hashSync(task.password, task.cost) : compareSync(task.password, task.hash)
  return { result, milliseconds: performance.now() - startedAt }
}
