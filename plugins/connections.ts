/** Connections on which nothing came are no reason for a stop to wait, and Node does not count them among the idle ones. */
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

export default fp(
  async app => {
    const open = new Set<Socket>()
    app.server.on('connection', (socket: Socket) => {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    })
    app.addHook('preClose', async () => {
      for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
    })
  },
  { name: 'connections' },
)
