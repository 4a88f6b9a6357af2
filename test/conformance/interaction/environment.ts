import type { Message } from '../../../src/consensus/core/message.js'
import { APPEND_THREAD, APPLY_THREAD, type NodeId } from '../../../src/consensus/core/types.js'
import type { ScriptHandler } from '../script/replay.js'
import type { Directive } from '../script/script.js'
import { ScriptError } from '../script/script-error.js'
import { COMMANDS } from './commands/commands.js'
import type { InteractionNode } from './interaction-node.js'
import { Output } from './output.js'

/** A cluster in which every step is a directive: nothing happens by itself. */
export class Environment implements ScriptHandler {
  readonly output = new Output()
  /** Node n has place n - 1. */
  readonly nodes: InteractionNode[] = []
  /** Messages under way, oldest first. */
  messages: Message[] = []

  handle(directive: Directive): string {
    const command = COMMANDS.get(directive.command)
    return this.output.take(command === undefined ? 'unknown command' : command(this, directive))
  }

  node(id: NodeId): InteractionNode {
    const node = this.nodes[id - 1]
    if (node === undefined) throw new ScriptError(`there is no node ${id}`)
    return node
  }

  /** Takes the messages to a node, of one type if given, out of those under way. */
  take(to: NodeId, isWanted: (message: Message) => boolean): readonly Message[] {
    const isTaken = (message: Message) => message.to === to && isWanted(message)
    const taken = this.messages.filter(isTaken)
    this.messages = this.messages.filter(message => !isTaken(message))
    return taken
  }
}

/** Never leaves its node: from a storage thread, to one, or from the node to itself. */
export function staysLocal({ from, to }: Message): boolean {
  return from === to || [from, to].some(id => id === APPEND_THREAD || id === APPLY_THREAD)
}
