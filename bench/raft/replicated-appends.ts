import { randomBytes, randomUUID } from 'node:crypto'
import { Event } from '../../src/wire/generated/event.js'
import { encodeMessage } from '../../src/wire/index.js'
import { encodeEvents, ProbeCall } from '../../test/cluster/processes/probe-protocol.js'
import type { RaftProcesses } from '../../test/cluster/processes/raft-processes.js'
import { closedLoop, type LoopResult } from './closed-loop.js'

/** An aggregate ends after so many events, and a new one begins. */
const EVENTS_PER_AGGREGATE = 100

export interface AppendLoad {
  readonly inFlight: number
  readonly eventsPerTransaction: number
  readonly payloadBytes: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

/** Transactions over an open stream to the leader of three whole servers: each synced on a majority, applied and confirmed. */
export async function replicatedAppends(processes: RaftProcesses, load: AppendLoad): Promise<LoopResult> {
  const leader = await processes.leader()
  const payload = randomBytes(load.payloadBytes)
  const free = Array.from({ length: load.inFlight }, () => new Appender(payload, load.eventsPerTransaction))
  return closedLoop(
    done => {
      const appender = free.pop()!
      leader.probe.call(ProbeCall.append, appender.next(), error => {
        free.push(appender)
        done(error)
      })
    },
    { ...load, pids: processes.pids }
  )
}

export class Appender {
  #aggregate = randomUUID()
  #next = 0

  constructor(
    private readonly payload: Buffer,
    private readonly eventsPerTransaction: number
  ) {}

  next(): Buffer {
    if (this.#next >= EVENTS_PER_AGGREGATE) {
      this.#aggregate = randomUUID()
      this.#next = 0
    }
    return encodeEvents(Array.from({ length: this.eventsPerTransaction }, () => this.#event()))
  }

  #event(): Buffer {
    return encodeMessage(Event, {
      messageIdentifier: '',
      aggregateIdentifier: this.#aggregate,
      aggregateSequenceNumber: this.#next++,
      aggregateType: 'Order',
      timestamp: 1_700_000_000_000,
      payload: { type: 'Added', revision: '', data: this.payload },
      metaData: {},
      snapshot: false
    })
  }
}
