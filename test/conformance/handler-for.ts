import { ConfChangeHandler } from './confchange/conf-change-handler.js'
import { Environment } from './interaction/environment.js'
import { QuorumHandler } from './quorum/quorum-handler.js'
import type { ScriptHandler } from './script/replay.js'
import { directivesOf, type Script } from './script/script.js'

const QUORUM_COMMANDS = new Set(['committed', 'vote'])
const CONF_CHANGE_COMMANDS = new Set(['simple', 'enter-joint', 'leave-joint'])

/** What a script is about follows from its commands. Each script gets a handler of its own, with a fresh state. */
export function handlerFor(script: Script): ScriptHandler {
  const commands = directivesOf(script).map(({ command }) => command)
  if (commands.some(command => QUORUM_COMMANDS.has(command))) return new QuorumHandler()
  if (commands.some(command => CONF_CHANGE_COMMANDS.has(command))) return new ConfChangeHandler()
  return new Environment()
}
