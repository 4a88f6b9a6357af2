import { definePlugin, type Plugin } from '../../../src/kernel/index.js'

/** A plugin that writes down what is done with it. */
export function recorded(name: string, events: string[], fields: Partial<Plugin> = {}): Plugin {
  const note = (step: string) => () => void events.push(`${step} ${name}`)
  return definePlugin({
    name,
    version: '1.0.0',
    kernel: '*',
    register: note('register'),
    start: note('start'),
    stop: note('stop'),
    ...fields
  })
}

/** Options of a kernel that reads no files and logs nowhere. */
export const quiet = {
  argv: ['--spring.config.location=optional:none/'],
  env: {},
  cwd: '/',
  output: {
    write: (_text: string, done?: () => void) => {
      done?.()
      return true
    }
  }
}
