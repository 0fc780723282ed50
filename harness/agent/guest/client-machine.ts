import { renewMachine } from '../../../addon/index.js'
import type { AgentMethods, Upward } from '../protocol.js'
import { startClients, type Clients } from './client-load.js'
import { exportOf } from './file-systems.js'
import { attachClient, serverAddress } from './network.js'
import { mountClients, unmountClients, type ClientMount } from './nfs-clients.js'
import { stageServer } from './nfs-server.js'

type ClientMethod = 'stageClient' | 'join' | 'work' | 'down'

/** Answers to what the host asks of a client on a machine of its own. */
export type ClientMachine = {
  [M in ClientMethod]: (params: AgentMethods[M]['params']) => Promise<AgentMethods[M]['result']>
}

const tellEveryMs = 1000

export function createClientMachine(send: (message: Upward) => void): ClientMachine {
  let mounts: ClientMount[] = []
  let clients: Clients | undefined
  let ticker: NodeJS.Timeout | undefined
  return {
    stageClient: async () => {
      await stageServer()
      return null
    },
    join: async ({ now, entropy, machine, exports, versions }) => {
      renewMachine(now, Buffer.from(entropy, 'base64'))
      await attachClient(machine)
      mounts = await mountClients(exports.map(exportOf), versions, serverAddress(machine))
      return null
    },
    work: (params) => {
      const working = (clients = startClients(mounts, params))
      ticker = setInterval(() => {
        send({ notice: 'clients', clients: working.stats() })
      }, tellEveryMs)
      return Promise.resolve(null)
    },
    down: async () => {
      clearInterval(ticker)
      if (clients === undefined) throw new Error('the host asked out of order: work comes first')
      const stats = await clients.stop()
      await unmountClients(mounts)
      return stats
    },
  }
}
