/** Owns the way down as clients meet it: nobody rests any more, and every answer asks for the next call over another connection. When it begins is the process' to say. */
import fp from 'fastify-plugin'
import type { WaitingRoom } from '../login/waiting-room.ts'

/** Gives the app `goDown()` and `isGoingDown()`. Until it is closed it answers as usual; closing it is going down, too. */
export const goingDownPlugin = fp<{ waitingRoom: WaitingRoom }>(async (app, { waitingRoom }) => {
  let isGoingDown = false
  const goDown = (): void => {
    isGoingDown = true
    waitingRoom.close()
  }
  app.decorate('goDown', goDown)
  app.decorate('isGoingDown', () => isGoingDown)
  app.addHook('preClose', async () => { goDown() })
  // A proxy that keeps connections would go on sending calls over them, and one of these could meet the end.
  app.addHook('onSend', async (_request, reply) => { if (isGoingDown) reply.header('connection', 'close') })
}, { name: 'going-down' })

declare module 'fastify' {
  interface FastifyInstance {
    /** Answers every held poll at once, as it does all later ones, and makes the service unready. It goes on answering. */
    goDown (): void
    isGoingDown (): boolean
  }
}
