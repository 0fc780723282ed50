import type { ConsoleLine } from './console-lines.js'
import { faultTexts } from './fault-texts.js'
import { headerOf, type Header } from './header.js'
import { lockTexts } from './lock-texts.js'
import { memoryTexts } from './memory-texts.js'

/** The first that matches: the one for any other BUG is among the faults, and so comes last. */
const texts = [...memoryTexts, ...lockTexts, ...faultTexts]

/** No record of the kernel's log is longer (PRINTK_MESSAGE_MAX); bounds what a line of garbage costs. */
const longestMessage = 2048

/** What `line` says of itself as the header of a splat, or as a part of one. */
export function matchHeader({ message, isCut }: ConsoleLine): Header | undefined {
  const head = message.slice(0, longestMessage)
  for (const pattern of texts) {
    const match = pattern.match.exec(head)
    if (match) return pattern.isLoose && isCut ? undefined : headerOf(pattern, match.groups ?? {})
  }
  return undefined
}

/** Panics that only say that an earlier splat was enough for the kernel to stop. */
export function isConsequence({ role, title }: Header): boolean {
  return role === 'panic' && consequence.test(title)
}

const consequence =
  /fatal exception|panic_on_|softlockup|hung_task|RCU Stall|Hard LOCKUP|Machine halted|Oopsed too often|warned too often|Oops failed to kill|Aiee, killing interrupt|kill the idle task|workqueue: .*stall/i
