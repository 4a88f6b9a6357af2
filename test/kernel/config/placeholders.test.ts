// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders of property files
import fc from 'fast-check'
import t from 'tap'
import { ConfigurationError, loadConfiguration } from '../../../src/kernel/config/index.js'
import { expandPlaceholders } from '../../../src/kernel/config/placeholders.js'

function load(properties: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}) {
  const argv = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`)
  return loadConfiguration({ argv, env, cwd: '/nowhere' })
}

const name = 'axoniq.axonserver.name'

t.test('a placeholder stands for a property, in any spelling, a variable, or a key of nobody', async t => {
  const values = { 'server.port': '9001', 'my.site': 'north' }
  const expand = (text: string) => load({ ...values, [name]: text }, { HOST: 'h1' }).settings.string(name)
  t.equal(expand('n-${server.port}'), 'n-9001')
  t.equal(expand('${SERVER.Port}'), '9001')
  t.equal(expand('${my.site}-${HOST}'), 'north-h1')
  t.equal(expand('${axoniq.axonserver.internal-port}'), '8224', 'its default')
  t.equal(expand('$server.port ${'), '$server.port ${')
})

t.test('a default follows the colon, and may hold placeholders', async t => {
  const expand = (text: string) => load({ [name]: text }, { HOST: 'h1' }).settings.string(name)
  t.equal(expand('${NONE:x}'), 'x')
  t.equal(expand('${NONE:}'), '')
  t.equal(expand('${NONE:a:b}'), 'a:b')
  t.equal(expand('${NONE:${OTHER:${HOST}}}!'), 'h1!')
  t.equal(expand('${axoniq.axonserver.port:7}'), '7', 'stronger than the default of the property')
  t.equal(expand('${${WHICH:HOST}}'), 'h1')
})

t.test('a placeholder that stands for nothing stays, with a warning', async t => {
  const configuration = load({ [name]: 'a${NONE}b' })
  t.equal(configuration.settings.string(name), 'a${NONE}b')
  t.match(configuration.warnings, [/axoniq\.axonserver\.name .*\$\{NONE\}/])
})

t.test('a circle stops the start and is shown', async t => {
  const domain = 'axoniq.axonserver.domain'
  t.throws(() => load({ [name]: `\${${domain}}`, [domain]: `x\${${name}}` }), {
    name: 'ConfigurationError',
    message: /axoniq\.axonserver\.name -> axoniq\.axonserver\.domain -> axoniq\.axonserver\.name/
  })
  t.throws(() => load({ [name]: `\${${name}:x}` }), ConfigurationError)
  t.throws(() => load({ 'my.a': '${my.b}', 'my.b': '${my.a}', [name]: '${my.a}' }), ConfigurationError)
})

t.test('placeholders that multiply are stopped', async t => {
  const values: Record<string, string> = { 'k.k0': 'x'.repeat(10) }
  for (let i = 1; i < 30; i++) values[`k.k${i}`] = `\${k.k${i - 1}}\${k.k${i - 1}}`
  t.throws(() => load({ ...values, [name]: '${k.k29}' }), /more than 65536 characters/)
  const nested = `${'${a:'.repeat(100)}x${'}'.repeat(100)}`
  t.throws(() => load({ [name]: nested }), /nested more than 32 deep/)
})

t.test('any text is expanded or refused, never anything else', async () => {
  const resolver = { set: () => ({ text: 'v', secret: false }), builtIn: () => undefined }
  const parts = fc.array(fc.constantFrom('${', '}', ':', 'a', '$', '{'), { maxLength: 40 })
  fc.assert(
    fc.property(parts, texts => typeof expandPlaceholders(texts.join(''), resolver).text === 'string')
  )
})
