/** CORS: pages of the origins in `COOKIE_ORIGINS` may call with cookies. Without that list there is no CORS at all. */
import fastifyCors from '@fastify/cors'
import fp from 'fastify-plugin'

export default fp(
  async app => {
    const { cookieOrigins } = app.config
    if (cookieOrigins.length === 0) return
    await app.register(fastifyCors, {
      // Whole strings of the list: no pattern, no suffix, no reflection. Nobody else is told anything but `Vary`.
      origin: (origin, done) => done(null, origin !== undefined && cookieOrigins.includes(origin) ? origin : false),
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: ['authorization', 'content-type'],
      exposedHeaders: ['signet-refresh', 'retry-after', 'www-authenticate'],
      maxAge: 600,
      strictPreflight: false, // its refusal would be a text, not a problem
    })
  },
  // After `headers`, because a preflight is answered at once.
  { name: 'cors', dependencies: ['headers'] },
)
