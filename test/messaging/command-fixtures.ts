import { type Answers, command, FakeStream, type messagingWith } from './fixtures.js'

export type Commands = ReturnType<typeof messagingWith>['messaging']['commands']

export interface CommandHandlerOptions {
  readonly clientId?: string
  readonly names?: readonly string[]
  readonly permits?: number
  readonly loadFactor?: number
  readonly context?: string
}

export function handler(commands: Commands, options: CommandHandlerOptions = {}) {
  const {
    clientId = 'handler',
    names = ['order'],
    permits = 5000,
    loadFactor = 0,
    context = 'default'
  } = options
  const out = new FakeStream()
  const stream = commands.openHandlerStream(context, out)
  for (const name of names) stream.subscribe({ command: name, clientId, componentName: 'orders', loadFactor })
  if (permits > 0) stream.addPermits(clientId, permits)
  return { out, stream }
}

export function dispatchMany(
  commands: Commands,
  count: number,
  answers: Answers,
  options: Parameters<typeof command>[0] = {}
) {
  for (let number = 0; number < count; number++) commands.dispatch('default', command(options), answers.reply)
}
