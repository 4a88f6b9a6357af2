import { invariant } from './invariant.js'
import type { NodeId } from './types.js'

/** Part of the log's format: never renumber. */
export const ConfChangeType = { addVoter: 0, removeNode: 1, update: 2, addLearner: 3 } as const
/** `auto`: joint only when needed. `jointImplicit`: joint, left automatically. `jointExplicit`: joint until told to leave. */
export const Transition = { auto: 0, jointImplicit: 1, jointExplicit: 2 } as const

export interface ConfChange {
  /** One of `Transition`. */
  readonly transition: number
  readonly changes: readonly ConfChangeStep[]
  /** Travels with the change: the driver's table of roles. */
  readonly context: Buffer
}

export interface ConfChangeStep {
  /** One of `ConfChangeType`. */
  readonly type: number
  readonly node: NodeId
}

export const LEAVE_JOINT: ConfChange = { transition: Transition.auto, changes: [], context: Buffer.alloc(0) }

const FORMAT = 1
const HEADER_BYTES = 4
const STEP_BYTES = 5

/** `u8 format, u8 transition, u16 steps, steps x (u8 type, u32 node), context`. Nothing at all: leave the joint configuration. */
export function encodeConfChange({ transition, changes, context }: ConfChange): Buffer {
  if (changes.length === 0 && transition === Transition.auto && context.length === 0) return context
  const head = Buffer.alloc(HEADER_BYTES + changes.length * STEP_BYTES)
  head[0] = FORMAT
  head[1] = transition
  head.writeUInt16BE(changes.length, 2)
  changes.forEach(({ type, node }, i) => {
    head[HEADER_BYTES + i * STEP_BYTES] = type
    head.writeUInt32BE(node, HEADER_BYTES + i * STEP_BYTES + 1)
  })
  return Buffer.concat([head, context])
}

export function decodeConfChange(data: Buffer): ConfChange {
  if (data.length === 0) return LEAVE_JOINT
  invariant(data.length >= HEADER_BYTES && data[0] === FORMAT, 'configuration change of an unknown format')
  const count = data.readUInt16BE(2)
  const end = HEADER_BYTES + count * STEP_BYTES
  invariant(data.length >= end, 'configuration change is cut off')
  const changes: ConfChangeStep[] = []
  for (let at = HEADER_BYTES; at < end; at += STEP_BYTES) {
    changes.push({ type: data[at]!, node: data.readUInt32BE(at + 1) })
  }
  return { transition: data[1]!, changes, context: data.subarray(end) }
}

export function isLeave({ transition, changes }: ConfChange): boolean {
  return changes.length === 0 && transition === Transition.auto
}

/** More than one step, or asked for. */
export function entersJoint({ transition, changes }: ConfChange): boolean {
  return transition !== Transition.auto || changes.length > 1
}

export function leavesItself({ transition }: ConfChange): boolean {
  return transition !== Transition.jointExplicit
}

const TRANSITION_NAMES = [
  'ConfChangeTransitionAuto',
  'ConfChangeTransitionJointImplicit',
  'ConfChangeTransitionJointExplicit'
]
const TYPE_NAMES = [
  'ConfChangeAddNode',
  'ConfChangeRemoveNode',
  'ConfChangeUpdateNode',
  'ConfChangeAddLearnerNode'
]

export function describeConfChange({ transition, changes, context }: ConfChange): string {
  const steps = changes.map(({ type, node }) => ` changes:{type:${TYPE_NAMES[type] ?? type} node_id:${node}}`)
  const tail = context.length === 0 ? '' : ` context:${JSON.stringify(context.toString('utf8'))}`
  return `transition:${TRANSITION_NAMES[transition] ?? transition}${steps.join('')}${tail}`
}
