/** What clients see during shutdown: held polls return, answers carry `Connection: close`. `serve.ts` decides when it starts. */
import fp from 'fastify-plugin'
import type { WaitingRoom } from '../login/waiting-room.ts'

/** Gives the app `beginShutdown()` and `isShuttingDown()`. The app answers as usual until it is closed; closing it begins the shutdown, too. */
export const shutdownPlugin = fp<{ waitingRoom: WaitingRoom }>(async (app, { waitingRoom }) => {
  let isShuttingDown = false
  const beginShutdown = (): void => {
    isShuttingDown = true
    waitingRoom.close()
  }
  app.decorate('beginShutdown', beginShutdown)
  app.decorate('isShuttingDown', () => isShuttingDown)
  app.addHook('preClose', async () => { beginShutdown() })
  // A proxy that keeps connections would go on sending calls over them, and the last of these would be lost.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isShuttingDown) reply.header('connection', 'close')
    done()
  })
}, { name: 'shutdown' })

declare module 'fastify' {
  interface FastifyInstance {
    /** Answers held polls now and later ones at once, and makes the service unready. Calls are still answered. */
    beginShutdown (): void
    isShuttingDown (): boolean
  }
}
