import { Transition } from '../../../../src/consensus/core/conf-change.js'
import { EntryKind } from '../../../../src/consensus/core/types.js'
import { parseChangeTokens } from '../../confchange/change-tokens.js'
import { toBoolean } from '../../script/arguments.js'
import { type Command, stepErrorText } from './command.js'

const TRANSITIONS: Record<string, number> = {
  auto: Transition.auto,
  implicit: Transition.jointImplicit,
  explicit: Transition.jointExplicit
}

/** `propose-conf-change ID v1=true transition=explicit` with change tokens as input; none leave the joint configuration. */
export const proposeConfChange: Command = (environment, { args, input }) => {
  const node = environment.node(args.id(0))
  let isV1 = false
  let transition: number = Transition.auto
  for (const { key, values } of args.all.slice(1)) {
    for (const value of values) {
      if (key === 'v1') isV1 = toBoolean(value)
      else if (key !== 'transition') return `unknown command ${key}`
      else if (TRANSITIONS[value] === undefined) return `unknown transition ${value}`
      else transition = TRANSITIONS[value]
    }
  }
  const changes = parseChangeTokens(input)
  if (typeof changes === 'string') return changes
  if (isV1 && (changes.length > 1 || transition !== Transition.auto)) {
    return 'v1 conf change can only have one operation and no transition'
  }
  const change = { transition, changes, context: Buffer.alloc(0) }
  const kind = isV1 ? EntryKind.confChangeV1 : EntryKind.confChange
  return stepErrorText(node.raw.proposeConfChange(change, kind))
}
