import { emulatorVersion } from '../../../vms/qemu.js'
import { messageOf } from '../../fct-error.js'
import { asRoot, ok, unmet, type Check } from '../check.js'

export const qemu: Check = {
  code: 'FCT_DOCTOR_QEMU',
  title: 'QEMU',
  look: async () => {
    try {
      return [ok(await emulatorVersion())]
    } catch (error) {
      return [unmet(messageOf(error), asRoot('apt-get install --no-install-recommends qemu-system-x86'))]
    }
  },
}
