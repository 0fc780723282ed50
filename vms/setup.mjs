#!/usr/bin/env node
/**
 * Makes a fresh clone, or an installed package, ready: Debian packages, npm packages, build, kernel and guest images.
 *
 * It runs before `npm start` and `npm test`, and as `fctorture setup`; depends on nothing but Node, says what it is about
 * to install, and does nothing where nothing is to do. With --for-package it makes what `npm pack` packs, and no guest.
 * Exit status: 0 ready, 1 not (with a code and what to do about it).
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crossBuildAddon } from './cross-addon.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const began = Date.now()

/** A package has neither sources of TypeScript nor tests. */
const isPackage = !existsSync(join(root, 'tsconfig.build.json'))
const isForPackage = process.argv.includes('--for-package')

/**
 * Each with what needs it, and the program by which it is known to be there; `fctorture doctor` reads the same list. Those that npm
 * needs are for work on fctorture alone.
 */
const debianPackages = JSON.parse(readFileSync(join(root, 'vms', 'debian-packages.json'), 'utf8'))

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

/** Whether what comes by this use is wanted now. */
function isWanted(use, isDebian) {
  if (use === 'npm pack') return isForPackage && isDebian
  return !isPackage || !use.startsWith('npm ')
}

function missingPackages(isDebian) {
  const names = Object.keys(debianPackages).filter((name) => isWanted(debianPackages[name].for, isDebian))
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
  const missing = missingPackages(isDebian)
  if (missing.length === 0) return
  const list = missing.map((name) => `  ${name.padEnd(24)} ${debianPackages[name].for}`).join('\n')
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

function addonInputs() {
  const sources = filesBelow(join(root, 'addon', 'src'), /\.(cc|h)$/)
  const inputs = [...sources, join(root, 'binding.gyp'), join(root, 'kmod', 'fct_uapi.h')]
  return isPackage ? inputs : [...inputs, join(root, 'package-lock.json')]
}

function buildAddon() {
  once(join(root, 'build', '.fctorture-setup'), addonInputs(), 'building the addon', () => {
    const nodedir = nodeHeaders === undefined ? [] : [`--nodedir=${nodeHeaders}`]
    // npm brings a node-gyp of its own, which a package has not.
    run('FCT_SETUP_BUILD', 'node-gyp', 'npm', ['run', 'build:addon', '--', '--jobs=2', ...nodedir])
  })
}

/** The addon that a package brings for a kind of machine. */
function prebuiltFor(arch) {
  return join(root, 'prebuilds', `${process.platform}-${arch}`, 'fctorture.node')
}

const prebuilt = prebuiltFor(process.arch)

function canLoad(addon) {
  return spawnSync(process.execPath, ['-e', 'require(process.argv[1])', addon]).status === 0
}

function packAddon() {
  rmSync(dirname(prebuilt), { recursive: true, force: true })
  mkdirSync(dirname(prebuilt), { recursive: true })
  copyFileSync(join(root, 'build', 'Release', 'fctorture.node'), prebuilt)
  run('FCT_SETUP_BUILD', 'strip', 'strip', ['--strip-unneeded', prebuilt])
}

/** The one for arm64, where it can be made. */
function packForArm() {
  if (process.arch === 'arm64') return
  if (spawnSync('aarch64-linux-gnu-g++', ['--version']).status !== 0) {
    say(
      'no addon for arm64 comes along: there is no aarch64-linux-gnu-g++ (of Debian: g++-aarch64-linux-gnu)',
    )
    return
  }
  const addon = prebuiltFor('arm64')
  const stamp = join(root, 'build', '.fctorture-cross')
  if (!existsSync(addon)) rmSync(stamp, { force: true })
  const inputs = [...addonInputs(), join(root, 'vms', 'cross-addon.mjs')]
  once(stamp, inputs, 'building the addon for arm64', () => {
    const runStep = (doing, ...args) => run('FCT_SETUP_BUILD', doing, ...args)
    crossBuildAddon({ root, addon, nodeHeaders, run: runStep })
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
  if (!isPackage) {
    installNodePackages()
    buildTypeScript()
  }
  if (!isPackage || !canLoad(prebuilt)) buildAddon()
  if (isForPackage) {
    packAddon()
    packForArm()
  } else prepareGuest()
  say('ready')
}

try {
  main()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`\n${error.code}: ${error.message}\n${error.detail}`)
  process.exit(1)
}
