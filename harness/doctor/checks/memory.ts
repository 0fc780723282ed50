import { hostCapacity, perGuest } from '../../target/pool.js'
import { ok, unmet, type Check } from '../check.js'

export const memory: Check = {
  code: 'FCT_DOCTOR_MEMORY',
  title: 'memory',
  look: () => {
    const { memoryMiB } = hostCapacity()
    const says = `${Math.floor(memoryMiB)} MiB can be had; a guest takes ${perGuest.memoryMiB}`
    return [memoryMiB >= perGuest.memoryMiB ? ok(says) : unmet(says)]
  },
}
