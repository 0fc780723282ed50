import { knownAccelerator } from '../../../vms/accelerator.js'
import { note, ok, type Check } from '../check.js'

/** Software emulation is slower by a factor, and good enough. */
export const accelerator: Check = {
  code: 'FCT_DOCTOR_ACCELERATOR',
  title: 'KVM',
  look: () => {
    const known = knownAccelerator()
    if (known === undefined)
      return [note('/dev/kvm opens, and no probe guest was asked yet', 'npx fctorture doctor --probe')]
    const { accelerator: name, reason } = known
    return [name === 'kvm' ? ok(reason) : note(`software emulation: ${reason}`)]
  },
}
