import { readdir, readFile } from 'node:fs/promises'
import { FctError } from '../../fct-error.js'
import { cardPrefix } from '../protocol.js'
import { command } from './command.js'

/**
 * Each client machine has a cable of its own to the server, and on it a network of two: 10.77.N.1 is the server, 10.77.N.2
 * machine N. Nobody else is there, so nobody gives out addresses.
 */
export const clientNetwork = '10.77.0.0/16'

export function serverAddress(machine: number): string {
  return `10.77.${String(machine)}.1`
}

/** Gives the server its address on each cable. @throws FctError FCT_GUEST_NO_NETWORK */
export async function attachServer(machines: number): Promise<void> {
  const cards = await findCards(machines)
  for (const [index, card] of cards.entries()) await setAddress(card, serverAddress(index + 1))
}

/**
 * Makes this machine the Nth client: a machine that resumes has the names and addresses of the one that was saved. A server
 * knows a client of NFSv4 by its host name (nfs4_init_uniform_client_string()).
 */
export async function attachClient(machine: number): Promise<void> {
  const [card = ''] = await findCards(1)
  await command('FCT_GUEST_NETWORK', 'hostname', `fctorture-client-${String(machine)}`)
  await command(
    'FCT_GUEST_NETWORK',
    'ip',
    'link',
    'set',
    card,
    'address',
    `${cardPrefix}01:0${String(machine)}`,
  )
  await setAddress(card, `10.77.${String(machine)}.2`)
}

async function setAddress(card: string, address: string): Promise<void> {
  await command('FCT_GUEST_NETWORK', 'ip', 'address', 'add', `${address}/24`, 'dev', card)
  await command('FCT_GUEST_NETWORK', 'ip', 'link', 'set', card, 'up')
}

/** Names of the cards that the host gave this machine, in its order. */
async function findCards(count: number): Promise<string[]> {
  const reason = await loadDriver()
  const names = await readdir('/sys/class/net')
  const cards = await Promise.all(
    names.map(async (name) => ({ name, address: await readFile(`/sys/class/net/${name}/address`, 'utf8') })),
  )
  const ours = cards.filter(({ address }) => address.startsWith(cardPrefix))
  if (ours.length >= count)
    return ours.sort((a, b) => (a.address < b.address ? -1 : 1)).map(({ name }) => name)
  throw new FctError(
    'FCT_GUEST_NO_NETWORK',
    `this kernel finds ${String(ours.length)} of ${String(count)} network cards`,
    `${reason}\nClients on machines of their own want a kernel with CONFIG_VIRTIO_NET (Debian's have it).`,
  )
}

/** Built in, or a module; what modprobe has to say matters only if no card shows. */
async function loadDriver(): Promise<string> {
  try {
    return await command('FCT_GUEST_NETWORK', 'modprobe', 'virtio_net')
  } catch (error) {
    return error instanceof FctError ? error.detail : String(error)
  }
}
