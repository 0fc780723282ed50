import { FolderChannels } from './folder-channels.js'
import { PortChannels } from './port-channels.js'

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
 * In a guest of ours they are virtio-serial ports. On a machine that is reached over ssh they are files in the folder that
 * $FCTORTURE_PLACE names, so that the run goes on while the connection is lost.
 */
export function openChannels(): Channels {
  const place = process.env['FCTORTURE_PLACE']
  return place === undefined ? new PortChannels() : new FolderChannels(place)
}
