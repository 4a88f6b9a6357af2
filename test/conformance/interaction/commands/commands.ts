import { addNodes } from './add-nodes.js'
import type { Command } from './command.js'
import { deliverMessages } from './deliver-messages.js'
import { NODE_COMMANDS } from './node-commands.js'
import { OWN_COMMANDS } from './own-commands.js'
import { processReady } from './process-ready.js'
import { processAppendThread, processApplyThread } from './process-threads.js'
import { proposeConfChange } from './propose-conf-change.js'
import { SHOW_COMMANDS } from './show-commands.js'
import { stabilize } from './stabilize.js'

export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['_breakpoint', () => undefined],
  ['add-nodes', addNodes],
  ['deliver-msgs', deliverMessages],
  ['log-level', ({ output }, { args }) => output.setLevel(args.word(0))],
  ['process-append-thread', processAppendThread],
  ['process-apply-thread', processApplyThread],
  ['process-ready', processReady],
  ['propose-conf-change', proposeConfChange],
  ['stabilize', stabilize],
  ...NODE_COMMANDS,
  ...SHOW_COMMANDS,
  ...OWN_COMMANDS
])
