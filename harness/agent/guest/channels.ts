import { FolderChannels } from './folder-channels.js'
import { PortChannels } from './port-channels.js'
import { hasScript } from './script.js'
import { ScriptChannels } from './script-channels.js'

/** The ways between the agent and the host. */
export interface Channels {
  /** Requests, a line each; ends when there will be no more. */
  requests(): AsyncIterable<string>
  /** A line to the host. */
  send(line: string): void
  /** A descriptor for the stream of raw trace pages. */
  readonly openTrace: () => number
}

/**
 * In a guest of ours they are virtio-serial ports; a deterministic one is said nothing, and has a script. On a machine that is reached over ssh they are files in the folder that
 * $FCTORTURE_PLACE names, so that the run goes on while the connection is lost.
 */
export function openChannels(): Channels {
  const place = process.env['FCTORTURE_PLACE']
  if (place !== undefined) return new FolderChannels(place)
  return hasScript() ? new ScriptChannels() : new PortChannels()
}
