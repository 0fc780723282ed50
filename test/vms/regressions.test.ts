import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'
import { onlyNfsd } from '../../vms/patches/only-nfsd.js'
import { readPatches } from '../../vms/patches/read-patches.js'
import { findRegression, readRegressions } from '../../vms/regressions/regressions.js'

describe('the catalogue', () => {
  it('has the kinds of bugs that it was made for, each for 6.1', async () => {
    const for61 = (await readRegressions()).filter(({ patches }) => patches.has('6.1'))
    expect(for61.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'laundrette-never-scheduled',
        'purge-frees-live',
        'dispose-without-put',
        'sync-close-frees-held',
        'acquire-takes-lru-ref-first',
        'no-hashed-recheck-after-lru-add',
        'lookup-result-unchecked',
        'retry-without-put',
        'put-unlinks-from-dispose-list',
        'shrinker-frees-busy',
        'free-without-grace-period',
        'sync-close-without-flush',
        'purge-endless-on-foreign-net',
        'mark-leak',
        'writeback-ignored',
        'put-touches-after-handover',
      ]),
    )
  })

  it('has patches that can be read and touch nfsd alone', async () => {
    const paths = (await readRegressions()).flatMap(({ patches }) => [...patches.values()])
    for (const path of paths) {
      const set = await readPatches([path])
      expect(set, path).toMatchObject({ patches: [{ kind: 'plain' }], leftOut: [] })
      expect(onlyNfsd(set), path).toBe(true)
    }
  })

  it('has patches for the series that differ where the sources do', async () => {
    const { patches } = await findRegression('shrinker-frees-busy')
    const texts = await Promise.all([...patches.values()].map((path) => readFile(path, 'utf8')))
    expect(new Set(texts).size).toBe(3)
  })

  it('stands in its README with rule and kernels, and the rules that are still to come', async () => {
    const readme = await readFile(join(packageRoot, 'vms', 'regressions', 'README.md'), 'utf8')
    const rows = readme.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
    const announced = /does not have yet:([^]*?)\n\n/.exec(readme)?.[1] ?? ''
    const regressions = await readRegressions()
    const table = rows
      .filter(([, id]) => id?.startsWith('`'))
      .map(([, id, , rule, series]) => [id, rule, series])
    expect(table).toEqual(
      regressions.map(({ id, rules, patches }) => [
        `\`${id}\``,
        rules.join(', '),
        [...patches.keys()].join(', '),
      ]),
    )
    const isMissing = (rule: string): boolean =>
      !existsSync(join(packageRoot, 'harness', 'oracle', 'rules', `${rule}.ts`))
    const missing = new Set(regressions.flatMap(({ rules }) => rules).filter(isMissing))
    expect([...announced.matchAll(/`([^`]+)`/g)].map(([, rule]) => rule)).toEqual([...missing].sort())
  })

  it('answers an unknown id with the nearest one', async () => {
    expect(await findRegression('mark-leak')).toMatchObject({ id: 'mark-leak', scenario: 'CLOSE01' })
    await expect(findRegression('mark-leek')).rejects.toMatchObject({
      code: 'FCT_REGRESSION_UNKNOWN',
      message: expect.stringContaining('did you mean mark-leak?') as string,
    })
  })
})

describe('a bad patch file is refused with its name and the field', () => {
  const good = {
    Regression: 'some-leak',
    Undoes: '8a7926176378 ("nfsd: fix refcount leak")',
    Symptom: 'files stay open',
    Rule: 'leak-after-shutdown',
    Scenario: 'CLOSE01',
  }
  let folder = ''

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fct-test-regressions-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function write(name: string, header: Record<string, string> | string): Promise<string> {
    const path = join(folder, name)
    await mkdir(join(path, '..'), { recursive: true })
    const lines = Object.entries(header).map(([field, value]) => `${field}: ${value}\n`)
    const head = typeof header === 'string' ? header : lines.join('')
    await writeFile(path, `${head}\nWhy.\n\ndiff --git a/fs/nfsd/filecache.c b/fs/nfsd/filecache.c\n`)
    return path
  }

  async function expectRefusal(code: string, ...parts: string[]): Promise<void> {
    const error = await readRegressions(folder).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ code })
    for (const part of parts) expect((error as Error).message).toContain(part)
  }

  it('reads a good one', async () => {
    const path = await write('some-leak/6.1.patch', {
      ...good,
      Rule: 'leak-after-shutdown, console-splat',
      Also: 'idle-disposed',
    })
    expect(await readRegressions(folder)).toEqual([
      {
        id: 'some-leak',
        undoes: good.Undoes,
        symptom: good.Symptom,
        rules: ['leak-after-shutdown', 'console-splat'],
        also: ['idle-disposed'],
        scenario: good.Scenario,
        patches: new Map([['6.1', path]]),
      },
    ])
  })

  it.each(Object.keys(good))('without %s', async (field) => {
    const rest = Object.fromEntries(Object.entries(good).filter(([name]) => name !== field))
    const path = await write('some-leak/6.1.patch', rest)
    await expectRefusal('FCT_REGRESSION_HEADER', `${path}: ${field}: is missing`)
  })

  it.each([
    ['Undoes', 'some commit'],
    ['Symptom', ''],
    ['Rule', 'Leak'],
    ['Scenario', 'close'],
  ])('with a %s that says %j', async (field, value) => {
    const path = await write('some-leak/6.1.patch', { ...good, [field]: value })
    await expectRefusal('FCT_REGRESSION_HEADER', `${path}: ${field}: is `)
  })

  it.each(['flaw 1 of v4 3/5', 'v4 4/5 ("nfsd: close race")', 'none: it was always so'])(
    'but not for undoing %j',
    async (undoes) => {
      await write('some-leak/6.1.patch', { ...good, Undoes: undoes })
      expect(await readRegressions(folder)).toMatchObject([{ undoes }])
    },
  )

  it('with a field that nobody knows, a field twice, or no header', async () => {
    const path = await write('some-leak/6.1.patch', { ...good, Kernel: '6.1' })
    await expectRefusal('FCT_REGRESSION_HEADER', `${path}: Kernel: is unknown`)
    await write('some-leak/6.1.patch', 'Rule: a-rule\nRule: b-rule\n')
    await expectRefusal('FCT_REGRESSION_HEADER', `${path}: Rule: is there twice`)
    await write('some-leak/6.1.patch', 'It leaks.\n')
    await expectRefusal('FCT_REGRESSION_HEADER', path, 'It leaks.')
  })

  it('with an id that is not the name of its folder', async () => {
    const path = await write('another-leak/6.1.patch', good)
    await expectRefusal('FCT_REGRESSION_ID', path, 'Regression: is some-leak', 'another-leak')
  })

  it('for a kernel that is unknown, or for none', async () => {
    const path = await write('some-leak/6.9.patch', good)
    await expectRefusal('FCT_REGRESSION_KERNEL', path)
    await rm(path)
    await expectRefusal('FCT_REGRESSION_KERNEL', join(folder, 'some-leak'))
  })

  it('with another symptom than the patch for the other kernel has', async () => {
    await write('some-leak/6.1.patch', good)
    const path = await write('some-leak/6.12.patch', { ...good, Symptom: 'oops' })
    await expectRefusal('FCT_REGRESSION_HEADER', `${path}: Symptom: is not`)
  })
})
