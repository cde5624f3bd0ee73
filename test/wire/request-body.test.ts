/** Forms as bytes: what a field is called, and what it says. */
import t from 'tap'
import { isNothing, readForm } from '../../src/wire/request-body.ts'

t.test('a plus is a space, and a plus that was encoded is one', async t => {
  const form = readForm('pass+word=correct+horse&code=1%2B1')
  t.equal(form['pass word'], 'correct horse')
  t.equal(form['code'], '1+1')
})

t.test('a form has the fields that were sent and no others, whatever they are called', async t => {
  const form = readForm('__proto__=x&username=ana&empty=')
  t.strictSame(Object.entries(form), [
    ['__proto__', 'x'],
    ['username', 'ana'],
  ])
  for (const name of ['constructor', 'toString', 'password', 'empty']) t.equal(form[name], undefined, name)
  for (const twice of ['a=1&a=1', '__proto__=1&__proto__=1', 'a=1&%61=1']) {
    t.throws(() => readForm(twice), { code: 'invalid_request' }, twice)
  }
})

t.test('what clients send that have nothing to say is nothing, and no more than that', async t => {
  for (const text of ['', ' \n', 'null', '""', '{}', ' { } ']) t.equal(isNothing(text), true, JSON.stringify(text))
  for (const text of ['[]', '0', 'false', '{"a":1}', '" "', 'nul']) t.equal(isNothing(text), false, text)
})
