/** What an engine promises as the source and as the target of a copy. */
import type { TransferRow, TransferTable } from './records.ts'

/** A database as of one moment: others may read and write it meanwhile, and this one only reads. */
export interface TransferSource {
  readonly salt: Buffer
  /** Sealed; undefined when no service has made one yet. */
  readonly dataKey: Buffer | undefined
  /** Whether it has had its seeding: then its copy has, too. */
  readonly isSeeded: boolean
  count(table: TransferTable): Promise<number>
  /** Up to `limit` rows in the order of their primary keys (by bytes), after the key `after` ('' to begin with). */
  read(table: TransferTable, after: string, limit: number): Promise<TransferRow[]>
}

/**
 * A database that is to become the copy of another. From `begin` to `finish` it carries a mark, and while it does, nobody
 * can open it as `Stores`: a server must not serve from half a copy.
 */
export interface TransferTarget extends Pick<TransferSource, 'read'> {
  /**
   * Marks the database, empties it and gives it the salt and the data key of the other, in one transaction.
   * @param restart whether it may be the unfinished copy of an earlier attempt
   * @throws {Error} when it has a user or a session of its own, or is an unfinished copy and `restart` is not set
   */
  begin(source: Pick<TransferSource, 'salt' | 'dataKey' | 'isSeeded'>, restart: boolean): Promise<void>
  /** Inserts rows as they are, in one transaction. @throws {Error} when another copy has begun meanwhile */
  write(table: TransferTable, rows: readonly TransferRow[]): Promise<void>
  /** Takes the mark away. @throws {Error} when another copy has begun meanwhile */
  finish(): Promise<void>
  close(): Promise<void>
}
