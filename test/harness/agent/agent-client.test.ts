import { duplexPair, PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { connectAgent, hearAgent } from '../../../harness/agent/agent-client.js'

function connect() {
  const [ours, theirs] = duplexPair()
  return { agent: connectAgent(ours), theirs }
}

it('matches answers to requests by their number, in whatever order they come', async () => {
  const { agent, theirs } = connect()
  const first = agent.call('finish', { quietMs: 1 })
  const second = agent.call('leave', null)
  theirs.write('{"id":2,"result":null}\n{"id":1,"result":{"loadSeconds":3}}\n')
  expect(await second).toBeNull()
  expect(await first).toEqual({ loadSeconds: 3 })
})

it("passes on the agent's failures with their codes", async () => {
  const { agent, theirs } = connect()
  const call = agent.call('leave', null)
  theirs.write('{"id":1,"failure":{"code":"FCT_MODULE_LOAD","message":"refused","detail":"dmesg"}}\n')
  await expect(call).rejects.toMatchObject({ code: 'FCT_MODULE_LOAD', message: 'refused', detail: 'dmesg' })
})

it('resolves hello with the first words and gives notices to listeners', async () => {
  const { agent, theirs } = connect()
  const notices: unknown[] = []
  agent.onNotice((notice) => notices.push(notice))
  theirs.write('{"notice":"hello","node":"v20","release":"6.1"}\n{"notice":"step","text":"x"}\n')
  expect(await agent.hello).toMatchObject({ release: '6.1' })
  await agentTurn()
  expect(notices).toHaveLength(2)
})

it('fails what is waiting and what comes later when the channel ends', async () => {
  const { agent, theirs } = connect()
  const call = agent.call('leave', null)
  theirs.end()
  await expect(call).rejects.toMatchObject({ code: 'FCT_AGENT_LOST' })
  await expect(agent.hello).rejects.toMatchObject({ code: 'FCT_AGENT_LOST' })
  await expect(agent.call('leave', null)).rejects.toMatchObject({ code: 'FCT_AGENT_LOST' })
})

it('fails when what comes is no message', async () => {
  const { agent, theirs } = connect()
  const call = agent.call('leave', null)
  theirs.write('login: \n')
  await expect(call).rejects.toMatchObject({
    code: 'FCT_AGENT_LOST',
    message: expect.stringContaining('no message') as string,
  })
})

it('keeps what an agent with a script answers until it is asked for, also when that is after its end', async () => {
  const output = new PassThrough()
  const agent = hearAgent(output, [
    { method: 'wait', params: { seconds: 1 } },
    { method: 'leave', params: null },
  ])
  const wait = agent.call('wait', { seconds: 1 })
  output.end('{"id":1,"result":null}\n{"id":2,"failure":{"code":"FCT_X","message":"m","detail":""}}\n')
  expect(await wait).toBeNull()
  await new Promise((resolve) => output.once('close', resolve))
  await expect(agent.leave()).rejects.toMatchObject({ code: 'FCT_X' })
  expect(agent.isScripted).toBe(true)
})

it('does not take an answer of a script for another', async () => {
  const agent = hearAgent(new PassThrough(), [{ method: 'leave', params: null }])
  await expect(agent.call('wait', { seconds: 1 })).rejects.toThrow('leave where wait is called')
})

function agentTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
