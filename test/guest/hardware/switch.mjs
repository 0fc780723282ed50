// The power switch of a machine that a test plays: node switch.mjs SOCKET off|on|cycle|reset. Ends when that is done.
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

const [socket, word] = process.argv.slice(2)
const line = connect(socket)
line.write(`${word}\n`)
if ((await text(line)) !== 'done\n') process.exit(1)
