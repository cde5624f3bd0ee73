/** Processes that send mail and are killed amid it: what is in the outbox arrives, and a kill doubles at most one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { newMail } from '../../src/mail/new-mail.ts'
import { movableClock } from '../helpers/clock.ts'
import { amount } from '../helpers/long.ts'
import { root } from '../helpers/places.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { startSmtp } from '../helpers/smtp.ts'

const kills = amount('MAIL_KILLS', 8, 1000)
const atOnce = 4
const leaseSeconds = 130

t.test(
  `killed ${kills} times, no mail is lost and at most one doubled a kill`,
  { timeout: 60_000 + kills * 5_000 },
  async t => {
    const path = join(await temporaryFolder(t), 'signet.db')
    const stores = await openSqliteStores(path, movableClock())
    t.teardown(() => stores.close())
    const arrivals = new Map<string, string[]>()
    let waiting: (() => void)[] = []
    const { settings } = await startSmtp(t, {
      async onMail({ to, messageId }) {
        arrivals.set(to, [...(arrivals.get(to) ?? []), messageId])
        for (const go of waiting) go()
        waiting = []
        await sleep(Math.random() * 4) // the kill comes before this, or after
      },
    })
    let written = 0
    async function write(count: number): Promise<void> {
      const to = Array.from({ length: count }, () => `m${written++}@example.com`)
      const user = {
        userId: `id-${written}`,
        username: `user-${written}`,
        email: null,
        role: 'user',
        passwordHash: null,
      }
      const week = 7 * 86_400
      const mails = to.map(address => ({
        ...newMail('password_changed', null, address, 'en'),
        lastsSeconds: 10 * week,
      }))
      await stores.users.create(user, { mails })
    }

    for (let killed = 0; killed < kills; killed += atOnce) {
      await write(5 * atOnce)
      const ahead = String((killed / atOnce + 1) * leaseSeconds)
      const senders = Array.from({ length: Math.min(atOnce, kills - killed) }, () =>
        spawn(process.execPath, ['test/helpers/mail-sender.ts', path, String(settings.port), ahead], {
          cwd: root,
          stdio: ['ignore', 'pipe', 'inherit'],
        }),
      )
      await Promise.all(senders.map(({ stdout }) => once(stdout, 'data')))
      await Promise.all(
        senders.map(async sender => {
          for (let seen = 0; seen < 1 + Math.random() * 3; seen++) {
            const arrival = new Promise<void>(resolve => waiting.push(resolve))
            await Promise.race([arrival, sleep(30_000, undefined, { ref: false })]) // others may have sent the last
          }
          await sleep(Math.random() * 6)
          sender.kill('SIGKILL')
          await once(sender, 'exit')
        }),
      )
    }

    const ahead = String((kills / atOnce + 2) * leaseSeconds)
    const last = spawn(process.execPath, ['test/helpers/mail-sender.ts', path, String(settings.port), ahead], {
      cwd: root,
    })
    t.teardown(() => last.kill('SIGKILL'))
    for (let idle = 0, before = arrivals.size; idle < 600; before = arrivals.size) {
      if ((await stores.mails.waiting()).count === 0) break
      await sleep(100)
      idle = arrivals.size === before ? idle + 1 : 0
    }

    t.equal(arrivals.size, written, 'every mail arrived')
    t.ok(
      [...arrivals.values()].every(ids => new Set(ids).size === 1),
      'and each has one Message-ID',
    )
    const doubled = [...arrivals.values()].reduce((sum, ids) => sum + ids.length - 1, 0)
    t.ok(doubled <= kills, `${doubled} doubled by ${kills} kills`)
    t.comment(`${written} mails, ${kills} kills, ${doubled} doubled`)
  },
)
