/** Which statements go to PostgreSQL, seen where they leave: in the driver. */
import pg from 'pg'

/** What each new connection begins with, whoever needs it: one more is opened when others happen to be busy. */
const isOfConnection = /transaction_read_only/

const { query } = pg.Client.prototype
let sent: string[] | undefined

pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
  const [first] = given as [string | { name?: string; text?: string }]
  const { name, text } = typeof first === 'string' ? { name: undefined, text: first } : first
  if (!isOfConnection.test(text ?? '')) sent?.push(name ?? text ?? '')
  return query.apply(this, given as never)
} as typeof query

/** The names of the statements that this process sends meanwhile; of those without a name, the text. */
export async function statementsDuring<T>(act: () => Promise<T>): Promise<{ statements: string[]; result: T }> {
  const statements: string[] = []
  sent = statements
  try {
    return { result: await act(), statements }
  } finally {
    sent = undefined
  }
}
