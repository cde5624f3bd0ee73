/**
 * Connections, and who gets the next one. Whoever asks waits in turn for one that comes free or is newly made, whichever is
 * first: a server (or PgBouncer) that gives us fewer than we may have makes nobody wait for a connection that never comes.
 */
import pg from 'pg'
import type { PostgresServer } from '../../config/database-url.ts'
import { answerMilliseconds } from './limits.ts'
import { clientsOf } from './postgres-client.ts'

export interface PostgresPool {
  /** A connection of one's own, until it is released. @throws whatever `pg` throws; no host could be used then */
  connect(): Promise<pg.PoolClient>
  release(client: pg.PoolClient, isUsable: boolean): void
  close(): Promise<void>
}

interface Waiter {
  resolve(client: pg.PoolClient): void
  reject(error: unknown): void
  readonly timer: NodeJS.Timeout
}

/** Once we have some and get no more, so long no more are asked for. */
const enoughMilliseconds = 1_000

export function openPool(server: PostgresServer): PostgresPool {
  const { hosts, connections, applicationName, connectSeconds, options } = server
  const { Client, onConnect, inTurn } = clientsOf(server)
  const pool = new pg.Pool({
    Client,
    application_name: applicationName,
    options,
    types: { getTypeParser },
    max: connections,
    connectionTimeoutMillis: connectSeconds * 1000,
    query_timeout: answerMilliseconds,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: 1_800, // so that a change of DNS or of a balancer is noticed without a failure
    keepAlive: true,
    onConnect: onConnect as unknown as (client: pg.ClientBase) => void,
  })
  pool.on('error', () => {}) // an idle connection broke and is gone; the next request makes a new one
  pool.on('connect', () => usable++)
  pool.on('remove', () => {
    usable--
    serve()
  })

  // As long as trying every host may take, and a moment more, so that a failure to connect is told as what it is.
  const waitMilliseconds = hosts.length * connectSeconds * 1000 + 100
  const waiting: Waiter[] = []
  let usable = 0
  let making = 0
  let taking = 0
  let enoughUntil = 0

  function connect(): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        waiting.splice(waiting.indexOf(waiter), 1)
        reject(new Error(`no connection of ${connections} (DATABASE_POOL) came free within ${waitMilliseconds} ms`))
      }
      const waiter = { resolve, reject, timer: setTimeout(giveUp, waitMilliseconds) }
      waiting.push(waiter)
      serve()
    })
  }

  function serve(): void {
    for (; taking < Math.min(waiting.length, pool.idleCount); taking++) {
      pool
        .connect()
        .finally(() => taking--)
        .then(hand, refuse)
    }
    // With one that is idle the pool would not make another, so first let it be taken.
    while (making < waiting.length && pool.idleCount === 0 && pool.totalCount < connections && mayMake()) {
      making++
      inTurn(() => pool.connect())
        .finally(() => making--)
        .then(hand, refuse)
    }
  }

  const mayMake = () => usable === 0 || performance.now() >= enoughUntil

  /** Whose turn it is; that one gives up no more. */
  function next(): Waiter | undefined {
    const first = waiting.shift()
    clearTimeout(first?.timer)
    return first
  }

  function hand(client: pg.PoolClient): void {
    const first = next()
    if (first) first.resolve(client)
    else client.release()
    serve()
  }

  /** With connections that work there is something to wait for. */
  function refuse(error: unknown): void {
    if (usable > 0) enoughUntil = performance.now() + enoughMilliseconds
    else next()?.reject(error)
    serve()
  }

  return {
    connect,
    release(client, isUsable) {
      client.release(!isUsable)
      serve()
    },
    close: () => (pool.ending ? Promise.resolve() : pool.end()),
  }
}

/** Counters and moments are bigint; all of them fit a number. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  return oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text')
}
