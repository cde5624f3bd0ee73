/**
 * What connections keep a stop from ending, which closes those that rest at its beginning. One on which nothing came is not
 * among them for Node, and one whose request is answered later would rest as long as ever, for the client's next.
 */
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
      app.server.keepAliveTimeout = 1 // milliseconds, to which Node adds a second
    })
  },
  { name: 'connections' },
)
