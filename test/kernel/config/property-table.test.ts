import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { formatOf } from '../../../src/kernel/config/formats.js'
import { environmentName, propertyTable, settingsFrom } from '../../../src/kernel/config/index.js'
import { mapPrefix, type Property } from '../../../src/kernel/config/property.js'
import { PropertyIndex } from '../../../src/kernel/config/property-index.js'
import type { Settings } from '../../../src/kernel/settings.js'

const index = new PropertyIndex(propertyTable)
const plain = propertyTable.filter(({ name }) => mapPrefix(name) === undefined)
const maps = propertyTable.filter(({ name }) => mapPrefix(name) !== undefined)
const known = readFileSync('test/kernel/config/names.txt', 'utf8').trim().split('\n')

t.test('every name that existing files may hold is in the table', async t => {
  t.equal(known.length, 291)
  for (const name of known) t.ok(index.find(name.replace(/<[^>]*>/, 'x')), name)
})

t.test('names are unique in every spelling, and described', async t => {
  const spelled = new Map<string, string>()
  for (const { name, aliases = [], doc, accepted } of propertyTable) {
    t.match(doc, /^\S.*\.$/, `${name} has a sentence`)
    if (accepted !== undefined) t.match(accepted, /^\S.*\.$/, `${name} says why it has no effect`)
    for (const written of [name, ...aliases]) {
      const id = written.toLowerCase().replace(/[-_.]/g, '')
      t.notOk(spelled.has(id), `${written} and ${spelled.get(id)} are one`)
      spelled.set(id, written)
    }
  }
})

t.test('every property has its default', async t => {
  const settings = settingsFrom({})
  for (const property of plain) {
    const { name, default: written } = property
    const expected = written === null ? undefined : formatOf(property).parse(written)
    if (written !== null) t.ok(formatOf(property).accepts(expected), `${name}: ${written} is readable`)
    t.notOk(settings.isSet(name), `${name} is not set`)
    if (property.type === 'path' || property.inherits !== undefined) continue
    t.same(read(settings, property), expected ?? emptyOf(property), name)
  }
  for (const { name } of maps) t.equal(settings.map(mapPrefix(name)!).size, 0, name)
})

t.test('a property that inherits has the value of the other one', async t => {
  const settings = settingsFrom(
    { 'server.port': 9000, 'axoniq.axonserver.ssl.cert-chain-file': 'a.crt' },
    '/srv'
  )
  t.equal(settings.number('management.server.port'), 9000)
  t.equal(settings.string('axoniq.axonserver.ssl.internal-cert-chain-file'), '/srv/a.crt')
  t.equal(settings.string('myelin.journal.directory'), '/srv/log')
  t.equal(settings.string('info.app.name'), 'Axon Server')
  const own = settingsFrom({ 'myelin.journal.directory': '/fast' })
  t.equal(own.string('myelin.journal.directory'), '/fast')
})

t.test('every alias means its property', async t => {
  for (const property of propertyTable) {
    for (const alias of property.aliases ?? []) {
      t.equal(index.find(alias)?.property, property, alias)
      t.equal(index.findEnvironment(environmentName(alias))?.property, property, environmentName(alias))
    }
  }
})

t.test('case, dashes and underscores do not matter in files', async () => {
  fc.assert(
    fc.property(fc.constantFrom(...plain), fc.infiniteStream(fc.nat(5)), ({ name }, choices) => {
      const written = [...name].map(character => respell(character, choices.next().value ?? 0)).join('')
      return index.find(written)?.name === name
    }),
    { numRuns: 2000 }
  )
})

t.test('every documented environment form means its property', async t => {
  for (const { name } of plain) {
    const standard = name.replace(/-/g, '').replace(/\./g, '_').toUpperCase()
    const documented = environmentName(name)
    const withDashes = name.replace(/\./g, '_').toUpperCase()
    for (const form of [standard, documented, withDashes, documented.toLowerCase(), name]) {
      t.equal(index.findEnvironment(form)?.name, name, form)
    }
  }
})

t.test('environment names are found in any mixture of case and separators', async () => {
  fc.assert(
    fc.property(fc.constantFrom(...plain), fc.infiniteStream(fc.nat(5)), ({ name }, choices) => {
      const base = name.replace(/\./g, '_')
      const written = [...base].map(character => respell(character, choices.next().value ?? 0)).join('')
      return index.findEnvironment(written)?.name === name
    }),
    { numRuns: 2000 }
  )
})

t.test('keys of maps', async t => {
  const file = (key: string) => index.find(key)
  t.match(file('axoniq.axonserver.tags.Region'), { name: 'axoniq.axonserver.tags.Region', mapKey: 'Region' })
  t.match(file('Axoniq.AxonServer.TAGS[some/key.x]'), { mapKey: 'some/key.x' })
  t.match(file('logging.level.io.axoniq.axonserver.AxonServer'), {
    mapKey: 'io.axoniq.axonserver.AxonServer'
  })
  t.match(file('spring.security.oauth2.client.registration.google.clientSecret'), {
    name: 'spring.security.oauth2.client.registration.google.client-secret',
    property: { sensitive: true }
  })
  t.match(file('axoniq.axonserver.enterprise.ldap.roles.ADMINS[1]'), { mapKey: 'ADMINS', index: 1 })
  t.match(file('axoniq.axonserver.autocluster.contexts[2]'), {
    name: 'axoniq.axonserver.autocluster.contexts',
    index: 2
  })
  t.equal(file('axoniq.axonserver.tags'), undefined)
  t.equal(file('axoniq.axonserver.tagsx.y'), undefined)
  t.equal(file('axoniq.axonserver.experimental.allowEmptyDomain')?.mapKey, undefined)

  const environment = (name: string) => index.findEnvironment(name)
  t.match(environment('AXONIQ_AXONSERVER_TAGS_REGION'), { mapKey: 'region' })
  t.match(environment('LOGGING_LEVEL_IO_AXONIQ'), { mapKey: 'io.axoniq' })
  t.match(environment('AXONIQ_AXONSERVER_EVENT_STORAGES_SLOWDISK'), {
    name: 'axoniq.axonserver.event.storages.slowdisk'
  })
  t.match(environment('AXONIQ_AXONSERVER_EVENT_STORAGE'), { name: 'axoniq.axonserver.event.storage' })
  t.match(environment('SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_OIDCCLIENT_CLIENT_ID'), {
    mapKey: 'oidcclient.client-id'
  })
  t.match(environment('AXONIQ_AXONSERVER_AUTOCLUSTER_CONTEXTS_1_'), { index: 1 })
  t.match(environment('MYELIN_SERVICES_KEYVALUESTORE'), { mapKey: 'keyvaluestore' })
  t.equal(environment('LOGGING_LEVEL_'), undefined)
  t.equal(environment('PATH'), undefined)
})

function respell(character: string, choice: number): string {
  if (character === '.') return '.'
  if (choice === 0) return character.toUpperCase()
  if (choice === 1 && /[a-z0-9]/.test(character)) return `${character}-`
  if (choice === 2 && /[a-z0-9]/.test(character)) return `_${character}`
  if (choice === 3 && /[-_]/.test(character)) return ''
  return character
}

function read(settings: Settings, { name, type }: Property): unknown {
  switch (type) {
    case 'boolean':
    case 'switch':
      return settings.boolean(name)
    case 'list':
    case 'durationList':
      return settings.list(name)
    case 'string':
    case 'choice':
    case 'path':
      return settings.string(name)
    default:
      return settings.optionalNumber(name)
  }
}

function emptyOf({ type }: Property): unknown {
  if (type === 'boolean' || type === 'switch') return false
  return type === 'list' || type === 'durationList' ? [] : undefined
}
