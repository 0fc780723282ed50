/** The typed face of fctorture.node: arguments are checked here, failures look like Node's own. */
export { addonFile } from './addon-file.js'
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
export {
  createEventView,
  EventCursor,
  type EventShape,
  type EventView,
  type FieldValue,
} from './event-view.js'
export {
  Device,
  type DeviceInfo,
  type DevicePhase,
  type DeviceStats,
  type PctStats,
  type Stressor,
} from './device.js'
export {
  LifeWalk,
  tallied,
  tallyOperations,
  type WalkRecords,
  type WalkRows,
  type WalkTables,
} from './life-walk.js'
export { renewMachine } from './renew.js'
export { socketPair } from './socket-pair.js'
export {
  readTrace,
  readTraceParts,
  type Column,
  type EventType,
  type FieldChoice,
  type FieldKind,
  type FieldPlan,
  type FilePart,
  type ReadTraceOptions,
  type RingStats,
  type Trace,
} from './trace.js'
export {
  openTrace,
  TraceRecording,
  TraceStream,
  type Batch,
  type OpenTraceOptions,
  type StreamHead,
} from './trace-batches.js'
export { frameChecksum, TraceReader, type TraceReaderOptions, type TraceReaderStats } from './trace-reader.js'
