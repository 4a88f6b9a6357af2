import { definePlugin, GrpcService, HealthCheck, MetricsSource, token } from 'myelin/plugin'
import { Greeter } from './greeter.js'

/** A service of our own: other plugins could require it by this token. */
const GreeterToken = token('example/Greeter@1')

/** Adds to three extension points; the plugins that serve gRPC and HTTP collect them. */
export default definePlugin({
  name: '@example/greeter',
  version: '1.0.0',
  kernel: '^0.1.0',
  config: [{ name: 'greeter.phrase', type: 'string', default: 'Hello', doc: 'What a greeting begins with.' }],
  provides: [GreeterToken],
  extends: [GrpcService, HealthCheck, MetricsSource],
  register: ({ services, settings }) => {
    services.bind(GreeterToken, () => new Greeter(settings.string('greeter.phrase')))
    services.add(GrpcService, bound => bound.get(GreeterToken).service())
    services.add(HealthCheck, bound => bound.get(GreeterToken).health())
    services.add(MetricsSource, bound => bound.get(GreeterToken).metrics())
  }
})
