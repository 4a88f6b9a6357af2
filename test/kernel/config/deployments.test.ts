import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { type Configuration, loadConfiguration, nodeIdentity } from '../../../src/kernel/config/index.js'

/** Settings of published examples. They must start as they are; `_.` is short for `axoniq.axonserver.`. */
interface Deployment {
  readonly files?: Readonly<Record<string, string>>
  readonly env?: NodeJS.ProcessEnv
  readonly hostname?: string
  readonly expect: (configuration: Configuration, identity: ReturnType<typeof nodeIdentity>) => void
}

const token = 'cf8d5032-4a43-491c-9fbf-f28247f63faf'
const logFile = `logging.file=./axonserver.log
logging.file.max-history=10
logging.file.max-size=10MB
`
const keyStore = (path: string) => `server.ssl.key-store-type=PKCS12
server.ssl.key-store=${path}
server.ssl.key-store-password=axonserver
server.ssl.key-alias=axonserver
security.require-ssl=true
`
const internalAccess = `_.accesscontrol.enabled=true
_.accesscontrol.internal-token=${token}
`
const kubernetes = `_.autocluster.first=axonserver-1.running-ee.svc.cluster.local
_.autocluster.contexts=_admin,default
_.enterprise.licenseDirectory=./license
_.domain=__PUBLIC_DOMAIN__
_.internal-domain=running-ee.svc.cluster.local
${internalAccess}_.accesscontrol.systemtokenfile=/axonserver/security/axonserver.token
`

const deployments: Readonly<Record<string, Deployment>> = {
  'three local nodes': {
    files: {
      'axonserver.properties': `_.name=node-2
_.hostname=localhost
server.port=8025
_.port=8125
_.internal-port=8225
_.autocluster.first=localhost
#_.autocluster.contexts=_admin,default
_.autocluster.contexts=_admin
`
    },
    hostname: 'laptop.example.com',
    expect({ settings }, identity) {
      t.equal(settings.number('axoniq.axonserver.internal-port'), 8225)
      t.same(settings.list('axoniq.axonserver.autocluster.contexts'), ['_admin'])
      t.match(identity, { name: 'node-2', advertisedHost: 'localhost', internalAdvertisedHost: 'localhost' })
    }
  },
  'one local node with access control': {
    files: {
      'axonserver.properties': `${logFile}_.accesscontrol.enabled=true
_.accesscontrol.token=11111111-2222-3333-4444-555555555555
_.accesscontrol.adminToken=66666666-7777-8888-9999-000000000000
`
    },
    expect({ settings }) {
      t.match(settings.string('axoniq.axonserver.accesscontrol.admin-token'), /^6666/)
      t.match(settings.string('logging.file.name'), /\/axonserver\.log$/)
      t.equal(settings.number('logging.file.max-history'), 10)
      t.equal(settings.number('logging.file.max-size'), 10 * 1024 * 1024)
    }
  },
  'local cluster with access control': {
    files: {
      'axonserver.properties': `_.name=node-1
_.autocluster.first=localhost
_.autocluster.contexts=_admin,default
${internalAccess}logging.config=file:logback-spring.xml
`
    },
    env: { AXONIQ_LICENSE: '../../../axoniq.license' },
    expect({ settings, notes }) {
      t.match(settings.string('logging.config'), /\/logback-spring\.xml$/)
      t.match(notes, [/^AXONIQ_LICENSE/])
    }
  },
  'one local node with TLS': {
    files: {
      'axonserver.properties': `${logFile}_.name=axonserver
_.hostname=axonserver
_.domain=localdomain
server.ssl.certificate=tls.crt
server.ssl.certificate-private-key=tls.key
server.ssl.key-store-password=axonserver
security.require-ssl=true
_.ssl.enabled=true
_.ssl.cert-chain-file=tls.crt
_.ssl.private-key-file=tls.key
`
    },
    expect({ settings }, identity) {
      t.equal(
        settings.string('axoniq.axonserver.ssl.internal-private-key-file'),
        settings.string('server.ssl.certificate-private-key')
      )
      t.equal(identity.advertisedHost, 'axonserver.localdomain')
    }
  },
  'local cluster with TLS': {
    files: {
      'axonserver.properties': `_.name=axonserver-2
_.hostname=axonserver-2
_.domain=rakis.nl
_.autocluster.first=axonserver-1.rakis.nl
${internalAccess}${keyStore('axonserver-2.rakis.nl.p12')}_.ssl.enabled=true
_.ssl.cert-chain-file=axonserver-2.rakis.nl.crt
_.ssl.internal-cert-chain-file=axonserver-2.rakis.nl.crt
_.ssl.private-key-file=axonserver-2.rakis.nl.key
_.ssl.internal-trust-manager-file=../rootCA.crt
`
    },
    expect({ settings }, identity) {
      t.match(
        settings.string('axoniq.axonserver.ssl.internal-private-key-file'),
        /axonserver-2\.rakis\.nl\.key$/
      )
      t.match(settings.string('axoniq.axonserver.ssl.internal-trust-manager-file'), /\/rootCA\.crt$/)
      t.equal(identity.internalAdvertisedHost, 'axonserver-2.rakis.nl')
    }
  },
  'container image with the file of a user': {
    files: {
      'axonserver.properties': `_.event.storage=./events
_.snapshot.storage=./events
_.replication.log-storage-folder=./log
_.enterprise.licenseDirectory=./config
_.controldb-path=./data
_.pid-file-location=./data
logging.file=./data/axonserver.log
logging.file.max-history=10
logging.file.max-size=10MB
`,
      'config/axonserver.properties': '_.name=axonserver\n_.hostname=localhost\nlogging.file.max-history=3\n'
    },
    env: { AXONIQ_AXONSERVER_STANDALONE: 'true', PATH: '/bin', HOSTNAME: '3f2a9c1b' },
    hostname: '3f2a9c1b',
    expect({ settings }, identity) {
      t.equal(settings.boolean('axoniq.axonserver.standalone'), true)
      t.equal(settings.number('logging.file.max-history'), 3)
      t.match(settings.string('myelin.journal.directory'), /\/log$/)
      t.match(identity, { name: 'axonserver', advertisedHost: 'localhost' })
    }
  },
  'compose cluster': {
    files: {
      'config/axonserver.properties': `_.autocluster.first=axonserver-1
_.autocluster.contexts=_admin,default
${internalAccess}_.accesscontrol.systemtokenfile=/axonserver/config/axonserver.token
`
    },
    env: { AXONIQ_LICENSE: '/axonserver/config/axoniq.license' },
    hostname: 'axonserver-3',
    expect({ settings }, identity) {
      t.equal(
        settings.string('axoniq.axonserver.accesscontrol.systemtokenfile'),
        '/axonserver/config/axonserver.token'
      )
      t.match(identity, { name: 'axonserver-3', advertisedHost: 'axonserver-3' })
    }
  },
  'one node in Kubernetes': {
    files: {
      'config/axonserver.properties': `_.domain=running-se.svc.cluster.local
_.accesscontrol.enabled=true
_.accesscontrol.token=__APP_TOKEN__
_.accesscontrol.admin-token=__ADMIN_TOKEN__
_.standalone=true
${keyStore('ssl/tls.p12')}_.ssl.enabled=true
_.ssl.cert-chain-file=ssl/tls.crt
_.ssl.private-key-file=ssl/tls.key
`
    },
    env: { AXONIQ_AXONSERVER_NAME: 'axonserver', AXONIQ_AXONSERVER_HOSTNAME: 'axonserver' },
    hostname: 'axonserver-0',
    expect(_configuration, identity) {
      t.match(identity, { name: 'axonserver', advertisedHost: 'axonserver.running-se.svc.cluster.local' })
    }
  },
  'stateful set': {
    files: {
      'config/axonserver.properties': `_.autocluster.first=axonserver-0.axonserver.ns.svc.cluster.local
_.autocluster.contexts=_admin,default
_.domain=axonserver.ns.svc.cluster.local
_.internal-domain=axonserver.ns.svc.cluster.local
${internalAccess}`
    },
    hostname: 'axonserver-0',
    expect({ settings }, identity) {
      t.equal(identity.internalAdvertisedHost, settings.string('axoniq.axonserver.autocluster.first'))
    }
  },
  'stateful set per node, with a domain that nothing replaced': {
    files: { 'config/axonserver.properties': kubernetes },
    env: { AXONIQ_AXONSERVER_NAME: 'axonserver-1', AXONIQ_AXONSERVER_HOSTNAME: 'axonserver-1' },
    hostname: 'axonserver-1-0',
    expect({ settings }, identity) {
      t.equal(identity.internalAdvertisedHost, settings.string('axoniq.axonserver.autocluster.first'))
      t.match(identity.warnings, [/__PUBLIC_DOMAIN__ looks like a placeholder/])
    }
  },
  'stateful set per node with TLS': {
    files: {
      'config/axonserver.properties': `${kubernetes}${keyStore('ssl/tls.p12')}_.ssl.enabled=true
_.ssl.cert-chain-file=ssl/tls.crt
_.ssl.private-key-file=ssl/tls.key
#_.ssl.internal-cert-chain-file=ssl/internal.crt
_.ssl.internal-trust-manager-file=ssl/internal-ca.crt
`
    },
    expect({ settings }) {
      t.match(settings.string('axoniq.axonserver.ssl.internal-cert-chain-file'), /\/ssl\/tls\.crt$/)
    }
  },
  'helm chart': {
    files: {
      'config/axonserver.properties':
        '_.accesscontrol.enabled=true\n_.accesscontrol.token=my-token\n_.standalone=true\n'
    },
    expect({ settings }) {
      t.equal(settings.string('axoniq.axonserver.accesscontrol.token'), 'my-token')
      t.equal(settings.string('axoniq.axonserver.accesscontrol.admin-token'), undefined)
    }
  },
  'compose cluster with lower-case environment': {
    env: {
      axoniq_axonserver_autocluster_first: 'axonserver-1',
      axoniq_axonserver_autocluster_contexts: '_admin,default',
      axoniq_axonserver_hostname: 'localhost',
      axoniq_axonserver_internal_hostname: 'axonserver-2',
      axoniq_axonserver_port: '8125'
    },
    hostname: 'ab12',
    expect({ settings }, identity) {
      t.equal(settings.number('axoniq.axonserver.port'), 8125)
      t.match(identity, {
        name: 'axonserver-2',
        advertisedHost: 'localhost',
        internalAdvertisedHost: 'axonserver-2'
      })
    }
  },
  'ingress per node': {
    files: { 'axonserver.properties': 'server.servlet.context-path=/axonserver-1\n' },
    env: { 'AXONIQ_AXONSERVER_CONTROLDB-PATH': '/data', 'axoniq.axonserver.standalone': 'true' },
    expect({ settings }) {
      t.equal(settings.string('server.servlet.context-path'), '/axonserver-1')
      t.equal(settings.string('axoniq.axonserver.controldb-path'), '/data')
      t.equal(settings.boolean('axoniq.axonserver.standalone'), true)
    }
  },
  'cluster with mutual TLS': {
    files: { 'axonserver.properties': '_.ssl.client-auth=require\n_.ssl.internal-client-auth=require\n' },
    expect({ settings }) {
      t.equal(settings.string('axoniq.axonserver.ssl.internal-client-auth'), 'require')
    }
  }
}

for (const [name, { files = {}, env = {}, hostname = 'host', expect }] of Object.entries(deployments)) {
  t.test(`${name}: starts as it is, without warnings`, async t => {
    const cwd = t.testdir()
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, path)), { recursive: true })
      writeFileSync(join(cwd, path), content.replace(/^(#?)_\./gm, '$1axoniq.axonserver.'))
    }
    const configuration = loadConfiguration({ argv: ['start', '--myelin.config.strict=true'], env, cwd })
    t.same(configuration.warnings, [])
    expect(configuration, nodeIdentity(configuration.settings, hostname))
  })
}

t.test('the commented sample of the repository sets nothing, and would be valid', async t => {
  const sample = readFileSync('axonserver.properties', 'utf8')
  const start = (content: string) => {
    const cwd = t.testdir({ 'axonserver.properties': content })
    return loadConfiguration({ argv: ['--myelin.config.strict=true'], env: {}, cwd })
  }
  const isFile = (source: string) => source.startsWith('axonserver.properties')
  t.equal(
    start(sample)
      .effective()
      .filter(({ source }) => isFile(source)).length,
    0
  )
  const active = start(sample.replace(/^#(?=\S+=)/gm, ''))
  t.ok(active.effective().filter(({ source }) => isFile(source)).length > 30)
  t.same(active.notes, [], 'it offers nothing that has no effect')
})
