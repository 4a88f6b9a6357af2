import type { Measurement, MetricsSource } from '../../src/kernel/index.js'
import type { CommandRouter } from '../../src/messaging/index.js'
import { counter, gauge, messageTimer, rates } from './measurements.js'

/** Figures about commands, under their names since 2023.2 and, if wished, under the older ones. */
export function commandMetrics(commands: CommandRouter, withOldNames: boolean): MetricsSource {
  return {
    *measurements() {
      yield* newNames(commands)
      yield* ownNames(commands)
      if (withOldNames) yield* oldNames(commands)
    }
  }
}

function* newNames(commands: CommandRouter): Iterable<Measurement> {
  const { stats } = commands
  for (const [context, rate] of stats.rates) {
    yield counter('axon.commands.throughput.count', 'Commands since start', rate.count, { context })
    yield* rates('axon.commands.throughput.rate', 'Commands', rate, { context })
  }
  for (const timer of stats.timers.values()) {
    yield messageTimer('axon.commands.duration', 'Commands, from receipt to answer', timer)
  }
  yield counter('axon.commands.error.count', 'Commands answered with an error', errors(commands))
  yield gauge('axon.commands.saturation.active.count', 'Commands in progress', commands.inProgress)
  for (const { destination, waiting } of queues(commands)) {
    yield gauge('axon.commands.saturation.queued.count', 'Commands that wait for a handler', waiting, {
      destination
    })
  }
}

function* ownNames(commands: CommandRouter): Iterable<Measurement> {
  const { stats } = commands
  for (const [code, count] of stats.failures) {
    yield counter('myelin.commands.failures', 'Commands that the server answered with an error', count, {
      code
    })
  }
  yield counter(
    'myelin.commands.handler.errors',
    'Commands that a handler answered with an error',
    stats.handlerErrors
  )
  yield counter('myelin.commands.late.responses', 'Answers that nobody waited for', stats.lateResponses)
  yield counter('myelin.commands.rerouted', 'Commands given to another handler', stats.rerouted)
  yield counter(
    'myelin.commands.timers.evicted',
    'Durations forgotten for lack of room',
    stats.timers.evicted
  )
}

/** Both the singular and the plural are in use for counters and rates. */
function* oldNames(commands: CommandRouter): Iterable<Measurement> {
  const { stats } = commands
  for (const [context, rate] of stats.rates) {
    for (const name of ['axon.command', 'axon.commands']) {
      yield counter(`${name}.count`, 'Commands since start', rate.count, { context })
      yield counter(`${name}.rate.count`, 'Commands since start', rate.count, { context })
      yield* rates(`${name}.rate`, 'Commands', rate, { context })
    }
  }
  for (const timer of stats.timers.values()) yield messageTimer('axon.commands', 'Commands handled', timer)
  yield gauge('axon.commands.active', 'Commands in progress', commands.inProgress)
  for (const { destination, waiting } of queues(commands)) {
    yield gauge('axon.ApplicationCommandQueue.size', 'Commands that wait for a handler', waiting, {
      destination
    })
  }
}

function errors({ stats }: CommandRouter): number {
  let count = stats.handlerErrors
  for (const failures of stats.failures.values()) count += failures
  return count
}

function* queues(commands: CommandRouter): Iterable<{ destination: string; waiting: number }> {
  for (const { streamId, context, queue } of commands.handlers()) {
    yield { destination: `${streamId}.${context}`, waiting: queue.waiting }
  }
}
