/**
 * Requests at a steady pace, each timed. autocannon rounds latencies to milliseconds and sends as fast as it is answered;
 * here it is tenths that matter, and a client that does not wait for its turn. It has a thread of its own: in that of a
 * flood an answer would wait until all of the flood's that came with it were read.
 */
import { once } from 'node:events'
import { Agent } from 'node:http'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { type Call, call } from './saturate.ts'

export interface Sample {
  /** Seconds since the first request when this one was sent. */
  readonly at: number
  readonly milliseconds: number
}

export interface Pacer {
  /** Each request, one started every 5 ms whether or not the last one is back. */
  sample(given: Call, seconds: number): Promise<Sample[]>
  stop(): Promise<unknown>
}

export function startPacer(): Pacer {
  const worker = new Worker(new URL(import.meta.url))
  return {
    async sample(given, seconds) {
      worker.postMessage([given, seconds])
      const [samples] = await once(worker, 'message') // which throws what the thread has thrown
      return samples
    },
    stop: () => worker.terminate(),
  }
}

if (!isMainThread) {
  parentPort?.on('message', async ([given, seconds]: [Call, number]) => {
    parentPort?.postMessage(await samplePaced(given, seconds))
  })
}

async function samplePaced(given: Call, seconds: number, everyMilliseconds = 5): Promise<Sample[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const samples: Sample[] = []
  const pending: Promise<void>[] = []
  const startedAt = performance.now()
  try {
    for (let due = startedAt; due < startedAt + seconds * 1000; due += everyMilliseconds) {
      await new Promise(resolve => setTimeout(resolve, Math.max(0, due - performance.now())))
      const sentAt = performance.now()
      const note = () =>
        void samples.push({ at: (sentAt - startedAt) / 1000, milliseconds: performance.now() - sentAt })
      pending.push(call(agent, given).then(note))
    }
    await Promise.all(pending)
    return samples
  } finally {
    agent.destroy()
  }
}
