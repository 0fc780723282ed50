/** The typed face of fctorture.node: arguments are checked here, failures look like Node's own. */
export {
  ClientLoad,
  mostRate,
  mostZipf,
  ops,
  type ClientLoadOptions,
  type FileChoice,
  type LoadStats,
  type Op,
  type StuckThread,
  type UnexpectedError,
} from './client-load.js'
export { readDebugfs, writeDebugfs } from './debugfs.js'
export { Device, type DeviceInfo, type DevicePhase, type DeviceStats, type Stressor } from './device.js'
export {
  readTrace,
  type Column,
  type EventType,
  type FieldKind,
  type FieldPlan,
  type Trace,
} from './trace.js'
export { TraceReader, type TraceReaderOptions, type TraceReaderStats } from './trace-reader.js'
