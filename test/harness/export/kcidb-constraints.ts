/**
 * What kcidb's I/O schema 5.3 (kernelci/kcidb-io, kcidb_io/schema/v05_03.py) asks of the properties that we fill, in our own words as a
 * JSON schema. It is stricter than the original in one way, and knows less in another: any property that is not here is refused.
 */
const text = { type: 'string', pattern: '^[^\\u0000]*$' }
const excerpt = { ...text, maxLength: 16_384 }
const id = { type: 'string', pattern: '^[a-z0-9_]+:[^\\u0000]*$' }
const time = { type: 'string', format: 'date-time' }
const misc = { type: 'object' }
const status = { enum: ['FAIL', 'ERROR', 'MISS', 'PASS', 'DONE', 'SKIP'] }
const common = { id, origin: { type: 'string', pattern: '^[a-z0-9_]+$' }, comment: text, misc }

function closed(properties: Readonly<Record<string, object>>, required: readonly string[]): object {
  return { type: 'object', properties, required, additionalProperties: false }
}

const checkout = closed(
  { ...common, patchset_hash: { type: 'string', pattern: '^$|^[0-9a-f]{64}$' }, valid: { type: 'boolean' } },
  ['id', 'origin'],
)
const build = closed({ ...common, checkout_id: id, config_name: text, status }, [
  'checkout_id',
  'id',
  'origin',
])
const test = closed(
  {
    ...common,
    build_id: id,
    path: { type: 'string', pattern: '^([a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*)?$' },
    status,
    start_time: time,
    duration: { type: 'number' },
    log_excerpt: excerpt,
    environment: closed({ comment: text, misc }, []),
  },
  ['build_id', 'id', 'origin'],
)
const version = closed({ major: { const: 5 }, minor: { type: 'integer', minimum: 0, maximum: 3 } }, ['major'])
const list = (items: object): object => ({ type: 'array', items })

export const kcidbConstraints = closed(
  { version, checkouts: list(checkout), builds: list(build), tests: list(test) },
  ['version'],
)
