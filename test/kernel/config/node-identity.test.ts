import t from 'tap'
import { type NodeIdentity, nodeIdentity, settingsFrom } from '../../../src/kernel/config/index.js'

interface Case {
  readonly claim: string
  readonly os: string
  readonly set?: Readonly<Record<string, string | boolean>>
  /** name, what clients are told, what nodes are told */
  readonly expected: readonly [name: string, advertised: string, internal: string]
  readonly warnings?: readonly RegExp[]
}

const cases: readonly Case[] = [
  { claim: 'nothing set: the names of the system', os: 'n1', expected: ['n1', 'n1', 'n1'] },
  { claim: 'the system knows its domain', os: 'n1.a.b', expected: ['n1', 'n1.a.b', 'n1.a.b'] },
  {
    claim: 'the domain is cut from the name of the system',
    os: 'n.1.a.b',
    set: { domain: 'a.b' },
    expected: ['n', 'n.1.a.b', 'n.1.a.b']
  },
  {
    claim: 'another domain replaces that of the system',
    os: 'n1.a.b',
    set: { domain: 'c' },
    expected: ['n1', 'n1.c', 'n1.c']
  },
  {
    claim: 'a host name keeps the domain of the system',
    os: 'n1.a.b',
    set: { hostname: 'h' },
    expected: ['n1', 'h.a.b', 'h.a.b']
  },
  {
    claim: 'localhost has no domain',
    os: 'n1.a.b',
    set: { hostname: 'localhost' },
    expected: ['n1', 'localhost', 'localhost']
  },
  {
    claim: 'unless one is set',
    os: 'n1',
    set: { hostname: 'localhost', domain: 'c' },
    expected: ['n1', 'localhost.c', 'localhost.c']
  },
  {
    claim: 'a host name with dots brings its domain',
    os: 'n1',
    set: { hostname: 'h.c.d' },
    expected: ['n1', 'h.c.d', 'h.c.d']
  },
  {
    claim: 'a domain that is set beats the one in the host name',
    os: 'n1',
    set: { hostname: 'h.c.d', domain: 'e' },
    expected: ['n1', 'h.e', 'h.e'],
    warnings: [/hostname is h\.c\.d; \.c\.d is dropped/]
  },
  {
    claim: 'the same domain twice is no reason to warn',
    os: 'n1',
    set: { hostname: 'h.c', domain: 'c' },
    expected: ['n1', 'h.c', 'h.c']
  },
  {
    claim: 'an IPv4 address is never split and has no domain',
    os: 'n1.a.b',
    set: { hostname: '10.0.0.1', domain: 'c' },
    expected: ['n1', '10.0.0.1', '10.0.0.1'],
    warnings: [/taken as an IP address/]
  },
  {
    claim: 'an IPv6 address neither',
    os: 'n1.a.b',
    set: { hostname: 'fe80::1' },
    expected: ['n1', 'fe80::1', 'fe80::1'],
    warnings: [/taken as an IP address/]
  },
  {
    claim: 'whatever begins with a digit is not split',
    os: 'n1',
    set: { hostname: '1st.c', domain: 'd' },
    expected: ['n1', '1st.c.d', '1st.c.d'],
    warnings: [/taken as an IP address/]
  },
  {
    claim: 'a system named by a container id',
    os: '3f2a9c1b',
    expected: ['3f2a9c1b', '3f2a9c1b', '3f2a9c1b']
  },
  {
    claim: 'the internal names start from the external ones',
    os: 'n1',
    set: { hostname: 'h', domain: 'c', 'internal-domain': 'local' },
    expected: ['n1', 'h.c', 'h.local']
  },
  {
    claim: 'an internal host name that is set names the node',
    os: 'n1',
    set: { hostname: 'localhost', 'internal-hostname': 'i1' },
    expected: ['i1', 'localhost', 'i1']
  },
  {
    claim: 'an internal host name with dots brings its domain',
    os: 'n1',
    set: { hostname: 'h', domain: 'c', 'internal-hostname': 'i1.x.y' },
    expected: ['i1', 'h.c', 'i1.x.y']
  },
  {
    claim: 'a name that is set is the name',
    os: 'n1',
    set: { name: 'me', 'internal-hostname': 'i' },
    expected: ['me', 'n1', 'i']
  },
  {
    claim: 'an empty internal domain is no domain of its own',
    os: 'n1',
    set: { domain: 'c', 'internal-domain': '' },
    expected: ['n1', 'n1.c', 'n1.c']
  },
  {
    claim: 'unless that is allowed',
    os: 'n1',
    set: { domain: 'c', 'internal-domain': '', 'experimental.allow-empty-domain': true },
    expected: ['n1', 'n1.c', 'n1']
  },
  {
    claim: 'a domain that is a placeholder is used, with one warning',
    os: 'n1',
    set: { domain: '__PUBLIC_DOMAIN__' },
    expected: ['n1', 'n1.__PUBLIC_DOMAIN__', 'n1.__PUBLIC_DOMAIN__'],
    warnings: [/looks like a placeholder/]
  }
]

for (const { claim, os, set = {}, expected, warnings = [] } of cases) {
  t.test(claim, async t => {
    const values = Object.fromEntries(
      Object.entries(set).map(([name, value]) => [`axoniq.axonserver.${name}`, value])
    )
    const identity: NodeIdentity = nodeIdentity(settingsFrom(values), os)
    t.same([identity.name, identity.advertisedHost, identity.internalAdvertisedHost], expected)
    t.equal(identity.warnings.length, warnings.length)
    t.match(identity.warnings, warnings)
  })
}
