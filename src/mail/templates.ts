/**
 * The texts of mails, from files `PURPOSE.LANGUAGE.txt`: a line `Subject: …`, an empty one, and the text. Each gets a minimal
 * HTML twin in `frame.html`. Nothing that a user wrote is ever put into one: not into a header, not into a link, and not into
 * the text either, where a name like evil.example would become a link on its own.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'
import { readSmallFile } from '../base/read-small-file.ts'
import { defaultLanguage } from './languages.ts'
import { isLinkPurpose, type TemplateName, templateNames } from './purposes.ts'

export interface MailTexts {
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface MailTemplates {
  /** Tags in lower case. */
  readonly languages: readonly string[]
  /** @param link undefined for what has none */
  render(name: TemplateName, language: string, values: { service: string; link: string | undefined }): MailTexts
}

interface Template {
  readonly subject: string
  readonly text: string
}

const ours = join(packageRoot, 'mails')
const fileName = /^([a-z_]+)\.([a-z]{2,3}(?:-[a-z0-9]{2,8})*)\.txt$/i

/**
 * @param folder files of one's own, which replace ours of the same name and may add languages
 * @throws {Error} naming every file in which there is a mistake
 */
export function readTemplates(folder: string | undefined): MailTemplates {
  const mistakes: string[] = []
  const templates = new Map<string, Template>()
  let frame = ''
  for (const from of folder === undefined ? [ours] : [ours, folder]) {
    for (const file of filesIn(from, mistakes)) {
      const read = readSmallFile(join(from, file))
      const text = 'text' in read ? read.text.replaceAll('\r\n', '\n') : ''
      const mistake = 'mistake' in read ? read.mistake : file === 'frame.html' ? mistakeInFrame(text) : undefined
      if (mistake) mistakes.push(`${file} ${mistake}`)
      else if (file === 'frame.html') frame = text
      else addTemplate(templates, file, text, mistakes)
    }
  }
  if (mistakes.length > 0) throw new Error(mistakes.map(mistake => `MAIL_TEMPLATES: ${mistake}`).join('\n'))

  const languages = [...new Set([...templates.keys()].map(key => key.slice(key.indexOf('.') + 1)))].toSorted()
  return {
    languages,
    render(name, wanted, { service, link = '' }) {
      const language = templates.has(`${name}.${wanted}`) ? wanted : defaultLanguage
      const template = templates.get(`${name}.${language}`)
      if (!template) throw new Error(`there is no template ${name}`) // ours are all there
      const fill = (text: string) => text.replaceAll('{{service}}', () => service).replaceAll('{{link}}', () => link)
      const subject = fill(template.subject)
      return {
        subject,
        text: fill(template.text),
        html: twinOf(template.text, { frame, subject, language, service, link }),
      }
    },
  }
}

function filesIn(folder: string, mistakes: string[]): string[] {
  if (!existsSync(folder)) {
    mistakes.push(`there is no folder ${folder}`)
    return []
  }
  return readdirSync(folder).filter(name => !name.startsWith('.'))
}

function addTemplate(templates: Map<string, Template>, file: string, content: string, mistakes: string[]): void {
  const [, name = '', language = ''] = fileName.exec(file) ?? []
  const [, subject = '', text = ''] = /^Subject: *([^\n]+)\n\n([\s\S]+)$/.exec(content) ?? []
  const mistake = !templateNames.includes(name as TemplateName)
    ? `has a name that is none of ${templateNames.map(one => `${one}.en.txt`).join(', ')}, frame.html`
    : text.trim() === ''
      ? 'must begin with a line "Subject: …" and an empty one, and go on with a text'
      : mistakeIn(subject, ['service']) || mistakeIn(text, ['service', 'link']) || mistakeInLink(name, text)
  if (mistake) mistakes.push(`${file} ${mistake}`)
  else templates.set(`${name}.${language.toLowerCase()}`, { subject: subject.trim(), text: `${text.trim()}\n` })
}

function mistakeIn(text: string, known: readonly string[]): string | undefined {
  const left = text.replaceAll(/\{\{([a-z]+)\}\}/g, (all, name: string) => (known.includes(name) ? '' : all))
  return /\{\{|\}\}/.test(left)
    ? `may hold ${known.map(name => `{{${name}}}`).join(' and ')} here, and no other braces`
    : undefined
}

function mistakeInLink(name: string, text: string): string | undefined {
  const links = text.split('{{link}}').length - 1
  if (isLinkPurpose(name)) return links === 1 ? undefined : 'must have {{link}} in its text, once'
  return links === 0 ? undefined : 'must not have {{link}}: there is none in this mail'
}

function mistakeInFrame(text: string): string | undefined {
  return text.split('{{body}}').length === 2
    ? mistakeIn(text, ['body', 'subject', 'language'])
    : 'must have {{body}}, once'
}

interface Twin {
  readonly frame: string
  readonly subject: string
  readonly language: string
  readonly service: string
  readonly link: string
}

function twinOf(text: string, { frame, subject, language, service, link }: Twin): string {
  const paragraphs = text.trim().split(/\n{2,}/)
  const anchor = `<a href="${escaped(link)}">${escaped(link)}</a>`
  const filled = (part: string) =>
    escaped(part)
      .replaceAll('{{service}}', () => escaped(service))
      .replaceAll('{{link}}', () => anchor)
  const body = paragraphs.map(part => `<p>${filled(part).replaceAll('\n', '<br>\n')}</p>`).join('\n')
  const values: Record<string, string> = { body, subject: escaped(subject), language }
  return frame.replaceAll(/\{\{(body|subject|language)\}\}/g, (_, name: string) => values[name] ?? '')
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
