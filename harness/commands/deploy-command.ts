import { Option, type Command } from 'commander'
import { UsageError } from '../fct-error.js'
import { withExamples } from '../help/examples.js'
import { ways, type Way } from '../target/ssh/carry-kernel.js'
import { deployCommand, removeCommand } from './deploy.js'
import { addKernelOptions, kernelRequestOf, mirrorsOf, type KernelOptions } from './kernel-options.js'
import { addAddressOptions, machineAddressOf, type AddressOptions } from './machine-options.js'

type DeployArguments = Omit<KernelOptions, 'kernel'> &
  AddressOptions & {
    readonly target: string
    readonly append: string
    readonly by: Way
    readonly remove?: boolean
    readonly json?: boolean
  }

/** `fctorture deploy`: another kernel for a machine that is not ours, until it boots again. */
export function addDeployCommand(
  program: Command,
  finish: (status: number) => void,
  signal: AbortSignal,
): void {
  const command = program
    .command('deploy')
    .description('have a machine run another kernel; its next reboot brings its own back')
    .argument('[kernel]', 'debian:VERSION, tree:PATH[@REVISION] or image:PATH')
    .requiredOption('--target <machine>', 'ssh://root@host, or a name of the targets file')
    .option('--append <words>', "for the kernel's command line, beside what the running one has", '')
    .addOption(
      new Option('--by <way>', 'jump into it, or have GRUB boot it once').choices(ways).default('kexec'),
    )
    .option('--remove', 'instead: remove what earlier deployments have left there')
    .option('--json', 'one document on stdout')
  addAddressOptions(addKernelOptions(command, 'as argument')).action(
    async (kernel: string | undefined, options: DeployArguments) => {
      const machine = machineAddressOf(options.target, options)
      if ((kernel === undefined) !== (options.remove ?? false))
        throw new UsageError('FCT_DEPLOY_USAGE', 'either a kernel is named, or --remove is given')
      if (kernel === undefined) finish(await removeCommand({ ...options, machine }))
      else {
        const request = kernelRequestOf({ ...options, kernel })
        finish(await deployCommand(request, { ...options, machine, mirrors: mirrorsOf(options) }, signal))
      }
    },
  )
  withExamples(command, [
    [
      'fctorture deploy debian:6.12 --target ssh://root@host',
      'its own kernel comes back with the next reboot',
    ],
    ['fctorture deploy --remove --target ssh://root@host', 'remove the modules that are left there'],
  ])
}
