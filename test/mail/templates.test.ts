/** The texts that come along, those of one's own, and the language they are chosen in. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isDeliverable } from '../../src/mail/deliverable.ts'
import { chooseLanguage } from '../../src/mail/languages.ts'
import { isLinkPurpose, linkSeconds, templateNames } from '../../src/mail/purposes.ts'
import { readTemplates } from '../../src/mail/templates.ts'
import { testApp } from '../helpers/app.ts'
import { memoryMail } from '../helpers/mail.ts'
import { root } from '../helpers/places.ts'
import { temporaryFolder } from '../helpers/process.ts'

const values = { service: 'signet.example', link: 'https://app.example/reset?a=1&b=2#token=x.y' }

t.test('every mail has a text in English and German, with its link once and a twin that says the same', async t => {
  const files = readdirSync(join(root, 'mails'))
  t.equal(files.length, 2 * templateNames.length + 1)
  const templates = readTemplates(undefined)
  t.strictSame(templates.languages, ['de', 'en'])
  for (const name of templateNames) {
    for (const language of templates.languages) {
      const { subject, text, html } = templates.render(name, language, values)
      t.match(subject, 'signet.example')
      t.notMatch(subject + text + html, /\{\{|\}\}/)
      t.equal(text.split(values.link).length - 1, isLinkPurpose(name) ? 1 : 0, `${name}.${language}`)
      const link = isLinkPurpose(name) ? values.link.replace('&', '&#38;') : undefined
      t.equal(/<a href="([^"]+)">/.exec(html)?.[1], link)
      t.match(html, `<html lang="${language}">`)
      t.notMatch(html, /<(img|script|link|style)|https?:\/\/(?!app\.example)/, 'nothing is loaded from anywhere')
    }
  }
})

t.test('a mail says how long its link is good, in each language', async t => {
  const templates = readTemplates(undefined)
  const words = { 1800: ['30 minutes', '30 Minuten'], 86400: ['24 hours', '24 Stunden'], 604800: ['7 days', '7 Tage'] }
  for (const [purpose, seconds] of Object.entries(linkSeconds)) {
    const [inEnglish = '', inGerman = ''] = words[seconds as keyof typeof words] ?? []
    t.match(templates.render(purpose as keyof typeof linkSeconds, 'en', values).text, inEnglish, `${purpose}.en`)
    t.match(templates.render(purpose as keyof typeof linkSeconds, 'de', values).text, inGerman, `${purpose}.de`)
    t.ok(inEnglish && inGerman, `${purpose} has a time that there are words for`)
  }
})

t.test('a folder replaces single texts, adds languages and has a frame of its own', async t => {
  const folder = await temporaryFolder(t)
  writeFileSync(
    join(folder, 'reset.fr.txt'),
    'Subject: Mot de passe <{{service}}>\r\n\r\nVoilà & oui :\r\n{{link}}\r\n',
  )
  writeFileSync(join(folder, 'frame.html'), '<html lang="{{language}}"><title>{{subject}}</title>{{body}}')
  writeFileSync(join(folder, '.notes'), 'not ours')
  const templates = readTemplates(folder)
  t.strictSame(templates.languages, ['de', 'en', 'fr'])
  const french = templates.render('reset', 'fr', { service: 'x', link: 'https://a.example/#token=$&' })
  t.match(french, {
    subject: 'Mot de passe <x>',
    text: 'Voilà & oui :\nhttps://a.example/#token=$&\n',
    html: '<html lang="fr"><title>Mot de passe &#60;x&#62;</title><p>Voilà &#38; oui :<br>\n<a href="https://a.example/#token=$&#38;">',
  })
  const missing = templates.render('undo', 'fr', values)
  t.match(missing.subject, /changed/, 'what is missing in a language is in English')
  t.match(missing.html, '<html lang="en">', 'and says so to whoever reads it aloud')
})

t.test('a mistake in a template stops the start, with its file', async t => {
  const mistakes = {
    'reset.en.txt': ['no subject\n\ntext {{link}}', /reset\.en\.txt must begin with a line "Subject: …"/],
    'undo.en.txt': ['Subject: x\n\nno link', /must have \{\{link\}\} in its text, once/],
    'change.en.txt': ['Subject: x\n\n{{link}} {{link}}', /once/],
    'verify.en.txt': ['Subject: {{link}}\n\n{{link}}', /may hold \{\{service\}\} here/],
    'invite.en.txt': ['Subject: x\n\n{{link}} {{username}}', /may hold \{\{service\}\} and \{\{link\}\} here/],
    'password_changed.en.txt': ['Subject: x\n\n{{link}}', /must not have \{\{link\}\}/],
    'rest.en.txt': ['Subject: x\n\n{{link}}', /rest\.en\.txt has a name that is none of/],
    'reset.txt': ['Subject: x\n\n{{link}}', /has a name/],
    'frame.html': ['no body', /frame\.html must have \{\{body\}\}, once/],
  } as const
  const top = await temporaryFolder(t)
  for (const [file, [content, message]] of Object.entries(mistakes)) {
    const folder = join(top, file)
    mkdirSync(folder)
    writeFileSync(join(folder, file), content)
    t.throws(() => readTemplates(folder), { message })
  }
  const templates = join(top, 'reset.txt')
  await t.rejects(testApp(t, { mail: { ...memoryMail, templates } }), { message: /^MAIL_TEMPLATES: / })
  await t.rejects(testApp(t, { mail: { ...memoryMail, language: 'fr' } }), {
    message: /^MAIL_LANGUAGE: .+ fr, .+ de, en/,
  })
  t.throws(() => readTemplates(join(top, 'nowhere')), { message: /^MAIL_TEMPLATES: there is no folder/ })
})

t.test('the language is the one a reader prefers of those there are', async t => {
  const there = ['de', 'en', 'pt-br']
  const choices: Record<string, string> = {
    '': 'en',
    de: 'de',
    'de-AT, en;q=0.5': 'de',
    'fr, de;q=0.3, en;q=0.8': 'en',
    'pt-BR': 'pt-br',
    pt: 'en',
    'de;q=0, en': 'en',
    'de;q=0': 'en',
    '*': 'en',
    'de;q=nonsense': 'en',
    '; ; ,,,': 'en',
    [`${'x,'.repeat(600)}de`]: 'en',
  }
  for (const [header, language] of Object.entries(choices)) {
    t.equal(chooseLanguage(header, there), language, header.slice(0, 50))
  }
  t.equal(chooseLanguage(undefined, there), 'en')
  t.equal(chooseLanguage('fr', there, 'de'), 'de')
  t.equal(chooseLanguage('en', there, 'de'), 'en')
})

t.test('mail goes to addresses that every reader reads alike', async t => {
  for (const good of ['ana@example.com', "o'neil+tag@sub.example.com", 'grüße@xn--mller-kva.example', 'a@localhost']) {
    t.equal(isDeliverable(good), true, good)
  }
  const bad =
    '"a"@example.com|a b@example.com|a@[127.0.0.1]|a@exämple.com|a..b@example.com|a.@example.com|a@-x.com|a,b@example.com'
  for (const one of [
    ...bad.split('|'),
    'a@b@example.com',
    '@example.com',
    'a@',
    'a\n@example.com',
    '(c)a@example.com',
  ]) {
    t.equal(isDeliverable(one), false, one)
  }
})
