import fc from 'fast-check'
import t from 'tap'
import { formatOf, parseDuration, type Value } from '../../../src/kernel/config/formats.js'
import type { Property } from '../../../src/kernel/config/property.js'

function readValue(property: Partial<Property>, text: string): Value | undefined {
  const format = formatOf({ name: 'a.b', group: '', doc: '', default: null, type: 'string', ...property })
  const value = format.parse(text)
  return value !== undefined && format.accepts(value) ? value : undefined
}

interface Case {
  readonly property: Partial<Property>
  readonly good: Readonly<Record<string, Value>>
  readonly bad: readonly string[]
}

const MiB = 1024 * 1024
const cases: Readonly<Record<string, Case>> = {
  boolean: {
    property: { type: 'boolean' },
    good: {
      true: true,
      TRUE: true,
      yes: true,
      On: true,
      1: true,
      false: false,
      no: false,
      OFF: false,
      0: false
    },
    bad: ['banana', '2', 'tru', 'y', ' true']
  },
  switch: {
    property: { type: 'switch' },
    good: { true: true, banana: true, false: false, FALSE: false, off: false },
    bad: []
  },
  int: {
    property: { type: 'int' },
    good: { 0: 0, '-1': -1, '+7': 7, '007': 7, 9007199254740991: 9007199254740991 },
    bad: ['1.5', '1e3', '0x10', '1 000', 'ten', '9007199254740992', '1_000']
  },
  port: { property: { type: 'int', min: 0, max: 65535 }, good: { 0: 0, 65535: 65535 }, bad: ['-1', '65536'] },
  float: {
    property: { type: 'float' },
    good: { '0.03': 0.03, '.5': 0.5, '1e-3': 0.001, 3: 3 },
    bad: ['3%', '1,5', 'NaN']
  },
  duration: {
    property: { type: 'duration' },
    good: {
      5: 5,
      '5ms': 5,
      '5S': 5000,
      '2m': 120_000,
      '1h': 3_600_000,
      '7d': 604_800_000,
      '2000us': 2,
      '5000000ns': 5,
      PT5S: 5000,
      'PT1.5S': 1500,
      P1DT1H1M: 90_060_000,
      pt15m: 900_000
    },
    bad: ['5 s', '1.5s', '5w', 'P', 'PT', '-1', '-PT5S', 's', '1h30m']
  },
  'duration in seconds': {
    property: { type: 'duration', unit: 's' },
    good: { 15: 15_000, '15ms': 15 },
    bad: ['x']
  },
  'duration in hours': {
    property: { type: 'duration', unit: 'h' },
    good: { 1: 3_600_000, '1m': 60_000 },
    bad: ['x']
  },
  'duration or -1': { property: { type: 'duration', min: -1 }, good: { '-1': -1, 0: 0 }, bad: ['-2'] },
  durationList: {
    property: { type: 'durationList' },
    good: { '7d': ['604800000'], '1h, 2d': ['3600000', '172800000'], '': [] },
    bad: ['1h,x', '-1']
  },
  dataSize: {
    property: { type: 'dataSize' },
    good: {
      512: 512,
      '1B': 1,
      '10KB': 10_240,
      '256MB': 256 * MiB,
      '256Mb': 256 * MiB,
      '4 MB': 4 * MiB,
      '1gb': 1024 * MiB
    },
    bad: ['1.5MB', 'MB', '4MiB', '4 M B', '9999999TB', '']
  },
  list: {
    property: { type: 'list' },
    good: { 'a, b ,c': ['a', 'b', 'c'], a: ['a'], '': [], ' , ': [] },
    bad: []
  },
  choice: {
    property: { type: 'choice', choices: ['metrics', 'round-robin'] },
    good: { metrics: 'metrics', ROUND_ROBIN: 'round-robin', roundRobin: 'round-robin' },
    bad: ['random', '']
  },
  string: { property: { type: 'string' }, good: { '': '', ' x ': ' x ' }, bad: [] }
}

for (const [name, { property, good, bad }] of Object.entries(cases)) {
  t.test(`${name}: good texts have their value, bad ones none`, async t => {
    for (const [text, expected] of Object.entries(good))
      t.same(readValue(property, text), expected, `"${text}"`)
    for (const text of bad) t.equal(readValue(property, text), undefined, `"${text}"`)
  })
}

t.test('no text makes a format throw', async () => {
  const types = Object.values(cases).map(({ property }) => property)
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.string({ unit: 'binary' }), (property, text) => {
      readValue(property, text)
      return true
    })
  )
})

t.test('a duration with a unit is independent of the unit of the property', async () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (amount, unit) => {
      const text = `${amount}${unit}`
      return parseDuration(text, 'ms') === parseDuration(text, 's') && parseDuration(text, 'ms')! >= amount
    })
  )
})

t.test('equal properties share a format, different bounds do not', async t => {
  const base: Property = { name: 'a', group: '', doc: '', default: null, type: 'int' }
  t.equal(formatOf(base), formatOf({ ...base, name: 'b' }))
  t.not(formatOf(base), formatOf({ ...base, min: 1 }))
})
