/** The users a new database starts with (`SEED_USERS_FILE`): practice users, or the first administrator. */
import fp from 'fastify-plugin'

export default fp(
  async app => {
    const { seedUsersFile } = app.config
    if (seedUsersFile) app.addHook('onReady', async () => void (await app.users.seedFrom(seedUsersFile)))
  },
  { name: 'seed', dependencies: ['services'] },
)
