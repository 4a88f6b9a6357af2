import { constants } from 'node:os'

/** Somebody wants the server to stop. */
export interface StopRequest {
  readonly signal: AbortSignal
  /** Resolves with the name of the signal. */
  readonly requested: Promise<NodeJS.Signals>
}

/** The first SIGTERM or SIGINT asks for a stop, the second one ends the process at once. */
export function listenForStop(onSecond: (exitCode: number) => void = process.exit): StopRequest {
  const controller = new AbortController()
  const requested = new Promise<NodeJS.Signals>(resolve => {
    const onSignal = (name: NodeJS.Signals) => {
      if (controller.signal.aborted) onSecond(128 + constants.signals[name])
      controller.abort()
      resolve(name)
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
  return { signal: controller.signal, requested }
}
