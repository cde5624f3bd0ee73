import t from 'tap'
import { createSeen } from '../src/seen.ts'
import type { SignetUser } from '../src/user.ts'

const userOf = (sub: string) => ({ sub }) as SignetUser
const tokenOf = (i: number) => `header.payload.${String(i).padStart(12, '0')}`

t.test('a token that was not presented again is forgotten, and one that was stays', async t => {
  const seen = createSeen(2)
  for (let i = 0; i < 6; i++) {
    seen.add(tokenOf(i), userOf(String(i)))
    t.equal(seen.get(tokenOf(0))?.sub, '0', 'presented all the time')
  }
  t.equal(seen.get(tokenOf(1)), undefined)
  t.equal(seen.get(tokenOf(5))?.sub, '5')
})

t.test('another token with the same end is not it', async t => {
  const seen = createSeen(2)
  seen.add(tokenOf(1), userOf('1'))
  t.equal(seen.get(`other${tokenOf(1)}`), undefined)
  seen.add(tokenOf(2), userOf('2'))
  seen.add(tokenOf(3), userOf('3'))
  t.equal(seen.get(`other${tokenOf(1)}`), undefined, 'nor among the older ones')
  seen.clear()
  t.equal(seen.get(tokenOf(3)), undefined)
})
