// The arrows of the house (docs/architecture.md): plugins -> cluster -> eventstore, messaging, consensus
// -> storage, wire -> kernel; the consensus core imports nothing. A breach fails the build.
const area = name => `^src/${name}/`
const mayNot = (from, to, comment) => ({
  name: `${from}-not-${to.join('-')}`,
  comment,
  severity: 'error',
  from: { path: area(from) },
  to: { path: to.map(area) }
})
const upper = ['cluster', 'cli']
const middle = ['eventstore', 'messaging', 'consensus']
module.exports = {
  forbidden: [
    {
      // A step of the state machine may name the type of the state that it works on; loading order knows no types.
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }
    },
    mayNot('kernel', [...upper, ...middle, 'storage', 'wire'], 'the kernel stands alone'),
    mayNot('wire', [...upper, ...middle, 'storage'], 'the wire knows only the kernel'),
    mayNot('storage', [...upper, ...middle, 'wire'], 'storage knows only the kernel'),
    mayNot('eventstore', [...upper, 'messaging', 'consensus'], 'the event store states its ports itself'),
    mayNot('messaging', [...upper, 'eventstore', 'consensus', 'storage'], 'routing keeps nothing'),
    mayNot('consensus', [...upper, 'eventstore', 'messaging'], 'consensus moves bytes'),
    mayNot('cluster', ['cli'], 'the cluster does not know its command line'),
    {
      name: 'src-not-plugins',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main\\.ts$' },
      to: { path: '^plugins/' }
    },
    {
      name: 'core-imports-nothing',
      severity: 'error',
      from: { path: '^src/consensus/core/' },
      to: { pathNot: '^src/consensus/core/' }
    },
    {
      name: 'libraries-at-the-edge',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: 'node_modules/(@grpc/grpc-js|rocksdb|classic-level|@nxtedition/rocksdb|fastify|node-forge|prom-client)/'
      }
    },
    {
      name: 'areas-through-their-index',
      severity: 'error',
      from: { path: '^(src|plugins)/([^/]+)/' },
      to: {
        path: '^src/([^/]+)/.+',
        pathNot: [
          '^src/$2/',
          '^src/[^/]+/(index|testing)\\.ts$',
          '^src/wire/generated/',
          '^src/wire/grpc/index\\.ts$'
        ]
      }
    }
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' }
  }
}
