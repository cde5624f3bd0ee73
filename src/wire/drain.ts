/** What is left of a body that nobody reads: whoever is still sending it does not look for the answer. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

const mostBytes = 64 * 1024
const mostMilliseconds = 2_000

const draining = new WeakMap<Socket, () => void>()

/**
 * Reads and forgets, until the body ends, has had 64 KiB or two seconds, or its client has gone. To be done before an answer
 * that closes the connection: bytes that come later are answered with a reset, which takes the answer away from the client.
 */
export function drain(request: IncomingMessage, done: () => void): void {
  const { socket } = request
  let left = mostBytes
  const timer = setTimeout(finish, mostMilliseconds)
  draining.set(socket, finish)
  request.on('data', count).once('end', finish).once('close', finish).resume()

  function count(chunk: Buffer): void {
    left -= chunk.length
    if (left <= 0) finish()
  }

  function finish(): void {
    clearTimeout(timer)
    draining.delete(socket)
    request.off('data', count).off('end', finish).off('close', finish)
    done()
  }
}

/** Gives the answer at once, because nothing more can be read. @returns whether there was one to give */
export function stopDraining(socket: Socket): boolean {
  const finish = draining.get(socket)
  finish?.()
  return finish !== undefined
}
