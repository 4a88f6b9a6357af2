// docs/errors.md from the error tables.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const dist = process.env.MYELIN_DIST
  ? pathToFileURL(`${resolve(process.env.MYELIN_DIST)}/`)
  : new URL('../../dist/', import.meta.url)

export async function outputs() {
  const wire = await import(new URL('src/wire/index.js', dist).href)
  const { kernelErrors } = await import(new URL('src/kernel/index.js', dist).href)
  return [{ path: 'docs/errors.md', content: document(wire, kernelErrors) }]
}

function document({ errorCodes, GrpcStatus }, kernelErrors) {
  const codes = Object.entries(errorCodes).sort(([left], [right]) => numberOf(left) - numberOf(right))
  const parts = [introduction, ...codes.map(entry => wireEntry(entry, GrpcStatus))]
  if (kernelErrors !== undefined) {
    parts.push(kernelIntroduction, ...Object.entries(kernelErrors).map(kernelEntry))
  }
  return `${parts.join('\n\n')}\n`
}

const introduction = `# Errors

<!-- Generated from src/wire/error-codes.ts and src/kernel/kernel-error-table.ts; change those and run npm run fix. -->

Every error that leaves the server has a code. Over gRPC the code stands in the trailer \`AxonIQ-ErrorCode\` and in brackets before
the text, in answers to commands and queries in \`error_code\`; over HTTP it stands in the body. The gRPC status decides how client
libraries go on. Errors marked *caller* can be avoided by the caller and are logged at info.

Handlers put codes of their own into their answers (AXONIQ-4002, 4004, 4005, 5001 and 5003 among them); these pass through
unchanged and mean what the client library says.

## Codes that clients see`

const kernelIntroduction = `## Errors at start and stop

These never reach a client: they end the start, or say what went wrong in a stop. Words in braces are filled in.`

function wireEntry([code, { name, grpcStatus, httpStatus, callerFault, sentence, remedy }], GrpcStatus) {
  const status = Object.keys(GrpcStatus).find(key => GrpcStatus[key] === grpcStatus)
  const caller = callerFault ? ' · *caller*' : ''
  return `### ${code} ${name}\n\ngRPC ${status} · HTTP ${httpStatus}${caller}\n\n${sentence}\n\n**What to do:** ${remedy}`
}

function kernelEntry([code, { title, sentence, remedy }]) {
  return `### ${code}\n\n${title}.\n> ${sentence}\n\n**What to do:** ${remedy}`
}

function numberOf(code) {
  return Number(code.slice('AXONIQ-'.length))
}
