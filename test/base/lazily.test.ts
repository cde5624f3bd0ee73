import t from 'tap'
import { lazily } from '../../src/base/lazily.ts'

t.test('each member is made when it is first asked for, and once', async t => {
  const made: string[] = []
  const make = (name: string) => () => {
    made.push(name)
    return { name }
  }
  const services = lazily<{ hasher: object; users: object }>({ hasher: make('hasher'), users: make('users') })
  t.strictSame(made, [])

  t.equal(services.users, services.users)
  t.strictSame(made, ['users'])
})
