#!/usr/bin/env node
/**
 * Makes a fresh clone ready: Debian packages, npm packages, build, kernel and guest images.
 *
 * It runs before `npm start` and `npm test`, depends on nothing but Node, says what it is about to install, and does
 * nothing where nothing is to do. Exit status: 0 ready, 1 not (with a code and what to do about it).
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const began = Date.now()

/** Each with what needs it. */
const debianPackages = {
  'qemu-system-x86': 'guests',
  gdb: 'replay --gdb',
  mmdebstrap: 'the root file system of guests',
  'erofs-utils': 'file system images',
  'busybox-static': 'the initramfs',
  zstd: 'the initramfs of a guest without disks',
  cpio: 'the initramfs',
  kmod: 'module dependencies',
  uidmap: 'mmdebstrap without root',
  'debian-archive-keyring': 'the signatures of kernel packages',
  gcc: 'fctorture.ko',
  'g++': 'the addon',
  'libzstd-dev': 'the addon',
  'zlib1g-dev': 'the addon',
  make: 'fctorture.ko and the addon',
  git: 'patches and kernel trees',
  bubblewrap: 'builds in chroots of other suites',
  'xz-utils': 'kernel modules and sources',
  'libelf-dev': 'objtool, when a module or a kernel is built',
  'libssl-dev': 'kernels built whole',
  flex: 'kernels built whole',
  bison: 'kernels built whole',
  bc: 'kernels built whole',
  rsync: 'kernels built whole',
  ccache: 'kernels built whole',
  python3: 'node-gyp',
  clang: 'npm test',
  'libclang-rt-dev': 'npm test',
  'clang-format': 'npm test',
  'doctest-dev': 'npm test',
  'trace-cmd': 'npm test',
  'libtraceevent-dev': 'npm run bench',
  sparse: 'npm test',
  strace: 'npm test',
  perl: 'npm test',
  shellcheck: 'npm test',
  'openssh-client': 'machines that are reached over ssh',
  makedumpfile: 'npm test',
  chromium: 'npm test',
  'fonts-dejavu-core': 'npm test',
}

class SetupError extends Error {
  constructor(code, message, detail = '') {
    super(message)
    this.code = code
    this.detail = detail
  }
}

function say(text) {
  const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(6)
  console.error(`setup [${seconds} s] ${text}`)
}

/** Runs a program quietly; if it fails, its last lines are the error's detail. */
function run(code, doing, file, args, env = {}) {
  const result = spawnSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (result.status === 0) return result.stdout
  if (result.signal) throw new SetupError('FCT_SETUP_INTERRUPTED', `${doing} was ended by ${result.signal}`)
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`
  throw new SetupError(code, `${doing} failed`, output.trimEnd().split('\n').slice(-25).join('\n'))
}

function checkMachine() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(
      'FCT_SETUP_NODE',
      `Node ${process.versions.node} is too old`,
      'fctorture needs Node 20.19 or later.',
    )
  }
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  return /^ID=debian$/m.test(release)
}

function missingPackages() {
  const names = Object.keys(debianPackages)
  const query = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...names], {
    encoding: 'utf8',
  })
  const installed = new Set(
    (query.stdout ?? '')
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  )
  return names.filter((name) => !installed.has(name))
}

function installPackages(isDebian) {
  const missing = missingPackages()
  if (missing.length === 0) return
  const list = missing.map((name) => `  ${name.padEnd(24)} ${debianPackages[name]}`).join('\n')
  if (!isDebian) {
    throw new SetupError(
      'FCT_SETUP_NOT_DEBIAN',
      'this is not Debian; setup can install nothing here',
      `Missing:\n${list}`,
    )
  }
  const sudo = becomeRoot(list)
  say(`installing ${missing.length} Debian packages:\n${list}`)
  const apt = (doing, ...args) => {
    const command = [...sudo, 'apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=300', ...args]
    run('FCT_SETUP_APT', doing, command[0], command.slice(1), { DEBIAN_FRONTEND: 'noninteractive' })
  }
  apt('loading package lists (is the network there?)', 'update')
  apt('installing packages', 'install', '--yes', '--no-install-recommends', ...missing)
  say('Debian packages installed')
}

function becomeRoot(list) {
  if (process.getuid() === 0) return []
  if (spawnSync('sudo', ['-n', 'true']).status === 0 || process.stdin.isTTY) return ['sudo']
  throw new SetupError(
    'FCT_SETUP_NOT_ROOT',
    'packages are missing, and setup may not install them (neither root nor sudo)',
    `Missing:\n${list}`,
  )
}

/** A hash over files: of names, sizes and contents. */
function hashOf(paths) {
  const hash = createHash('sha256')
  for (const path of paths)
    hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0')
  return hash.digest('hex')
}

function filesBelow(folder, pattern) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => pattern.test(path) && statSync(path).isFile())
    .sort()
}

/** Does a step unless its inputs are those it was done with last time; the stamp is written when it has succeeded. */
function once(stamp, inputs, title, step) {
  const hash = hashOf(inputs)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  say(title)
  rmSync(stamp, { force: true })
  step()
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, hash)
}

/** Where this Node's own headers are, if they came with it; node-gyp loads them otherwise. */
const nodeHeaders = findNodeHeaders()

function findNodeHeaders() {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? prefix : undefined
}

function installNodePackages() {
  const inputs = [join(root, 'package-lock.json')]
  once(join(root, 'node_modules', '.fctorture-setup'), inputs, 'npm ci: installing npm packages', () => {
    const env = nodeHeaders === undefined ? {} : { npm_config_nodedir: nodeHeaders }
    run('FCT_SETUP_NPM', 'npm ci', 'npm', ['ci', '--no-audit', '--no-fund'], env)
  })
}

function buildTypeScript() {
  const sources = ['addon', 'harness', 'vms', 'test/bench'].flatMap((folder) =>
    filesBelow(join(root, folder), /\.ts$/),
  )
  const inputs = [
    ...sources,
    join(root, 'tsconfig.json'),
    join(root, 'tsconfig.build.json'),
    join(root, 'package-lock.json'),
  ]
  once(join(root, 'dist', '.fctorture-setup'), inputs, 'building TypeScript', () => {
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    run('FCT_SETUP_BUILD', 'tsc', 'npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json'])
    const bundle = ['--bundle', '--platform=node', '--target=node20', '--format=cjs', '--log-level=warning']
    // The bundle is CommonJS, where import.meta.url does not exist.
    const url = [
      '--define:import.meta.url=bundleUrl',
      "--banner:js=const bundleUrl = require('url').pathToFileURL(__filename).href;",
    ]
    const agent = ['harness/agent/guest/main.ts', '--outfile=dist/agent.cjs']
    run('FCT_SETUP_BUILD', 'bundling the agent', 'npx', [
      '--no-install',
      'esbuild',
      ...bundle,
      ...url,
      ...agent,
    ])
  })
}

function buildAddon() {
  const sources = filesBelow(join(root, 'addon', 'src'), /\.(cc|h)$/)
  const inputs = [
    ...sources,
    join(root, 'binding.gyp'),
    join(root, 'kmod', 'fct_uapi.h'),
    join(root, 'package-lock.json'),
  ]
  once(join(root, 'build', '.fctorture-setup'), inputs, 'building the addon', () => {
    const nodedir = nodeHeaders === undefined ? [] : [`--nodedir=${nodeHeaders}`]
    run('FCT_SETUP_BUILD', 'node-gyp', 'npx', ['--no-install', 'node-gyp', 'rebuild', '--jobs=2', ...nodedir])
  })
}

/** Kernel, root file system, module: the harness knows how, and says itself what it builds. */
function prepareGuest() {
  const cli = join(root, 'harness', 'fctorture.mjs')
  const result = spawnSync(process.execPath, [cli, 'prepare', '--kernel', 'debian:6.1'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (result.status !== 0) process.exit(1)
}

function main() {
  const isDebian = checkMachine()
  installPackages(isDebian)
  installNodePackages()
  buildTypeScript()
  buildAddon()
  prepareGuest()
  say('ready')
}

try {
  main()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`\n${error.code}: ${error.message}\n${error.detail}`)
  process.exit(1)
}
