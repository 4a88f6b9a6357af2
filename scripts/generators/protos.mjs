import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../..', import.meta.url))
const generated = 'src/wire/generated'

/** The codecs and descriptors that `proto/` gives, as they have to stand in `src/wire/generated`. */
export async function outputs() {
  const directory = await mkdtemp(join(tmpdir(), 'myelin-protos-'))
  try {
    return [...(await codecs(directory)), await descriptors(directory)]
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function codecs(directory) {
  await buf('generate', '-o', directory)
  const root = join(directory, generated)
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return Promise.all(
    paths.sort().map(async path => ({
      path: generated + path.slice(root.length),
      content: adapted(await readFile(path, 'utf8'), path)
    }))
  )
}

const adaptations = [
  {
    // ts-proto throws above the safe range; clients send Long.MAX_VALUE for "no limit", so ours clamps.
    marker: 'longToNumber(',
    from: /function longToNumber\(int64: \{ toString\(\): string \}\): number \{[\s\S]*?\n\}\n/,
    to: `function longToNumber(int64: bigint | string): number {
  const num = globalThis.Number(int64);
  return globalThis.Math.max(
    globalThis.Number.MIN_SAFE_INTEGER,
    globalThis.Math.min(globalThis.Number.MAX_SAFE_INTEGER, num),
  );
}
`
  },
  {
    // ts-proto ends a message silently at a zero tag or a stray end of group, and goes on behind it.
    marker: 'const tag = reader.uint32();',
    from: /if \(\(tag & 7\) === 4 \|\| tag === 0\) \{\n(\s*)break;/g,
    to: 'if ((tag & 7) === 4 || tag >>> 3 === 0) {\n$1throw new globalThis.Error("a tag is out of place");'
  },
  {
    // ts-proto lets an embedded message reach beyond its end.
    marker: 'const tag = reader.uint32();',
    from: /\n( *)return message;\n( *)\} finally \{/g,
    to: '\n$1if (reader.pos !== end) {\n$1  throw new globalThis.Error("a field reaches beyond its message");\n$1}\n$1return message;\n$2} finally {'
  }
]

/** The codecs of ts-proto, as strict and as tolerant as our scanners. */
function adapted(source, path) {
  return adaptations.reduce((text, { marker, from, to }) => {
    if (!text.includes(marker)) return text
    const changed = text.replace(from, to)
    if (changed === text)
      throw new Error(`${path}: the code of ts-proto has changed; adapt ${import.meta.url}`)
    return changed
  }, source)
}

/** For gRPC reflection: each file's descriptor, and the names that it defines. */
async function descriptors(directory) {
  const image = join(directory, 'image.binpb')
  await buf('build', '-o', image, '--as-file-descriptor-set', '--exclude-source-info')
  const { file } = fromBinary(FileDescriptorSetSchema, await readFile(image))
  const entries = file
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .map(proto => {
      const base64 = Buffer.from(toBinary(FileDescriptorProtoSchema, proto)).toString('base64')
      const fields = [
        `    name: '${proto.name}'`,
        `    dependencies: [${proto.dependency.map(name => `'${name}'`).join(', ')}]`,
        `    symbols: [\n${symbolsOf(proto)
          .map(name => `      '${name}'`)
          .join(',\n')}\n    ]`,
        `    base64:\n      '${base64}'`
      ]
      return `  {\n${fields.join(',\n')}\n  }`
    })
  const content = [
    '// Generated from proto/ by scripts/generators/protos.mjs.',
    '',
    'export interface FileDescriptor {',
    '  readonly name: string',
    '  readonly dependencies: readonly string[]',
    '  /** Fully qualified services, methods, messages and enums. */',
    '  readonly symbols: readonly string[]',
    '  /** A serialised google.protobuf.FileDescriptorProto. */',
    '  readonly base64: string',
    '}',
    '',
    'export const fileDescriptors: readonly FileDescriptor[] = [',
    entries.join(',\n'),
    ']',
    ''
  ].join('\n')
  return { path: `${generated}/descriptors.ts`, content }
}

function symbolsOf(file) {
  const names = []
  const visit = (prefix, message) => {
    const name = `${prefix}.${message.name}`
    names.push(name)
    for (const nested of message.nestedType) if (!nested.options?.mapEntry) visit(name, nested)
    for (const nested of message.enumType) names.push(`${name}.${nested.name}`)
  }
  for (const service of file.service) {
    const name = `${file.package}.${service.name}`
    names.push(name, ...service.method.map(method => `${name}.${method.name}`))
  }
  for (const message of file.messageType) visit(file.package, message)
  for (const enumeration of file.enumType) names.push(`${file.package}.${enumeration.name}`)
  return names
}

function buf(...args) {
  return run(join(repository, 'node_modules/.bin/buf'), args, { cwd: repository })
}
