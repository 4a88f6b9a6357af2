import { type InterceptingListener, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'
