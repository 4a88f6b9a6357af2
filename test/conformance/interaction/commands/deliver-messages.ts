import { type Message, MessageType } from '../../../../src/consensus/core/message.js'
import { messageName } from '../../../../src/consensus/core/names.js'
import type { NodeId } from '../../../../src/consensus/core/types.js'
import { type Arguments, toInteger } from '../../script/arguments.js'
import { ScriptError } from '../../script/script-error.js'
import { describeMessage } from '../describe.js'
import { type Environment, staysLocal } from '../environment.js'
import { type Command, stepErrorText } from './command.js'

interface Recipient {
  readonly id: NodeId
  readonly isDropping: boolean
}

/** `deliver-msgs 1 2 drop=(3) type=MsgApp`: in the order of the arguments. */
export const deliverMessages: Command = (environment, { args }) => {
  args.allow('drop', 'type')
  const type = readType(args.value('type'))
  let count = 0
  for (const recipient of readRecipients(args)) count += deliver(environment, recipient, type)
  if (count === 0) environment.output.printLine('no messages')
  return undefined
}

/** The number of messages that were delivered or dropped. */
export function deliver(environment: Environment, { id, isDropping }: Recipient, type?: MessageType): number {
  const isWanted = (message: Message) =>
    (type === undefined || message.type === type) && !(isDropping && staysLocal(message))
  const messages = environment.take(id, isWanted)
  for (const message of messages) {
    environment.output.printLine(`${isDropping ? 'dropped: ' : ''}${describeMessage(message)}`)
    // There may be no such node yet when its messages are dropped.
    if (isDropping) continue
    const error = stepErrorText(environment.node(id).raw.step(message))
    if (error !== undefined) environment.output.printLine(error)
  }
  return messages.length
}

function readRecipients(args: Arguments): readonly Recipient[] {
  const recipients: Recipient[] = []
  for (const { key, values } of args.all) {
    if (values.length === 0) recipients.push({ id: toInteger(key), isDropping: false })
    else if (key === 'drop') recipients.push(...values.map(id => ({ id: toInteger(id), isDropping: true })))
  }
  if (new Set(recipients.map(({ id }) => id)).size < recipients.length) {
    throw new ScriptError("messages to one node can't be both delivered and dropped")
  }
  return recipients
}

function readType(name: string | undefined): MessageType | undefined {
  if (name === undefined) return undefined
  const type = Object.values(MessageType).find(each => messageName(each) === name)
  if (type === undefined) throw new ScriptError(`unknown message type ${name}`)
  return type
}
