import { FctError } from '../fct-error.js'
import { KernelFault, TargetHung, TargetLost, TargetTimeout } from './target.js'

/** Something went wrong with a machine that clients run on: the server that is tested has no part in it. */
export class ClientFault extends FctError {}

const ourOwn = new Set(['FCT_AGENT_LOST', 'FCT_QEMU_DIED', 'FCT_GUEST_LOST'])

/** What a machine of clients has met, as what it is for the run. */
export function asClientFault(error: FctError, machine: number): FctError {
  // How clients fare is the same on whatever machine they are.
  if (error instanceof ClientFault || error.code.startsWith('FCT_LOAD_')) return error
  const message = `client machine ${String(machine)}: ${error.message}`
  return new ClientFault(codeOf(error), message, error.detail, { cause: error })
}

function codeOf(error: FctError): `FCT_${string}` {
  if (error instanceof KernelFault) return 'FCT_CLIENT_KERNEL_FAULT'
  if (error instanceof TargetHung) return 'FCT_CLIENT_HUNG'
  if (error instanceof TargetTimeout) return 'FCT_CLIENT_TIMEOUT'
  if (error instanceof TargetLost || ourOwn.has(error.code)) return 'FCT_CLIENT_LOST'
  return 'FCT_CLIENT_FAILED'
}
