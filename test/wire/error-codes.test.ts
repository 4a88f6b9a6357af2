import t from 'tap'
import { statusOf } from '../../src/wire/grpc/index.js'
import {
  errorCodes,
  GrpcStatus,
  isErrorCode,
  MalformedMessageError,
  ServerError
} from '../../src/wire/index.js'

t.test('every code says what happened and what to do, in sentences', async t => {
  const entries = Object.entries(errorCodes)
  t.equal(entries.length, 85)
  for (const [code, { name, httpStatus, sentence, remedy }] of entries) {
    t.match(code, /^AXONIQ-\d{4,5}$/)
    t.match(name, /^[A-Z_]+$/)
    t.ok(httpStatus >= 202 && httpStatus < 600, code)
    t.match(sentence, /^[A-Z].*\.$/, code)
    t.match(remedy, /^[A-Z].*\.$/, code)
  }
  t.equal(new Set(entries.map(([, { name }]) => name)).size, entries.length, 'names are unique')
})

t.test('the codes that steer clients have the statuses that they know', async t => {
  t.equal(errorCodes['AXONIQ-2000'].grpcStatus, GrpcStatus.OUT_OF_RANGE)
  t.equal(errorCodes['AXONIQ-1000'].grpcStatus, GrpcStatus.PERMISSION_DENIED)
  t.equal(errorCodes['AXONIQ-1302'].grpcStatus, GrpcStatus.NOT_FOUND)
  t.equal(errorCodes['AXONIQ-1400'].grpcStatus, GrpcStatus.UNAVAILABLE)
  t.equal(errorCodes['AXONIQ-1900'].grpcStatus, GrpcStatus.RESOURCE_EXHAUSTED)
})

t.test('a code is recognised by its text', async t => {
  t.ok(isErrorCode('AXONIQ-4000'))
  t.notOk(isErrorCode('AXONIQ-9999'))
  t.notOk(isErrorCode('toString'))
})

t.test('a call ends with the status of the code, and with the code in front of the text', async t => {
  t.strictSame(statusOf(new ServerError('AXONIQ-2000', 'Expected 4, got 7')), {
    status: GrpcStatus.OUT_OF_RANGE,
    description: '[AXONIQ-2000] Expected 4, got 7',
    errorCode: 'AXONIQ-2000'
  })
})

t.test('whatever has no code is AXONIQ-0001, bytes that cannot be read too', async t => {
  const cancelled = { status: GrpcStatus.CANCELLED, errorCode: 'AXONIQ-0001' }
  t.strictSame(statusOf(new Error('disk')), { ...cancelled, description: 'disk' })
  t.strictSame(statusOf('words'), { ...cancelled, description: 'words' })
  t.match(statusOf(new MalformedMessageError('a number is cut off', 3, 7)), {
    ...cancelled,
    description: 'The message is malformed: a number is cut off (field 3, byte 7)'
  })
})

t.test('a long text is cut so that it fits the trailers', async t => {
  const { description } = statusOf(new Error('x'.repeat(100_000)))
  t.equal(description.length, 700)
  t.ok(description.endsWith('…'))
})
