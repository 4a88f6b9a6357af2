import { ServerError } from 'myelin/plugin'
import { decodeText, encodeText } from './text-message.js'

const nameLengthMax = 100

export class Greeter {
  #greeted = 0
  #refused = 0
  #phrase

  constructor(phrase) {
    this.#phrase = phrase
  }

  /** `service Greeter { rpc Greet (Name) returns (Greeting); }` of package `example`; see greeter.proto. */
  service() {
    return {
      methods: [
        {
          path: '/example.Greeter/Greet',
          kind: 'unary',
          anyContext: true,
          handle: (request, call) => this.#greet(request, call)
        }
      ]
    }
  }

  health() {
    return { name: 'greeter', check: () => ({ status: 'UP', details: { greeted: this.#greeted } }) }
  }

  metrics() {
    return {
      measurements: () => [this.#counter('answered', this.#greeted), this.#counter('refused', this.#refused)]
    }
  }

  #greet(request, call) {
    const name = decodeText(request)
    if (name === undefined || name === '' || name.length > nameLengthMax) {
      this.#refused++
      call.fail(new ServerError('AXONIQ-0001', `A name has 1 to ${nameLengthMax} characters.`))
      return
    }
    this.#greeted++
    call.reply(encodeText(`${this.#phrase}, ${name}!`))
  }

  #counter(outcome, value) {
    return {
      name: 'example.greeter.calls',
      kind: 'counter',
      description: 'Calls of the greeter.',
      tags: { outcome },
      value
    }
  }
}
