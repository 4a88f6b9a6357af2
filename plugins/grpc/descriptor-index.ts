import { type FileDescriptor, fileDescriptors } from '../../src/wire/generated/descriptors.js'

/** The descriptors of `proto/`, by file name and by the names that a file defines. */
export class DescriptorIndex {
  readonly #byName = new Map<string, FileDescriptor>()
  readonly #bySymbol = new Map<string, FileDescriptor>()

  constructor(files: readonly FileDescriptor[] = fileDescriptors) {
    for (const file of files) {
      this.#byName.set(file.name, file)
      for (const symbol of file.symbols) this.#bySymbol.set(symbol, file)
    }
  }

  /** The file and all that it imports, serialised, the file itself first. */
  withImports(file: FileDescriptor): Buffer[] {
    const found = new Set<FileDescriptor>([file])
    for (const { dependencies } of found) {
      for (const name of dependencies) {
        const dependency = this.#byName.get(name)
        if (dependency !== undefined) found.add(dependency)
      }
    }
    return [...found].map(({ base64 }) => Buffer.from(base64, 'base64'))
  }

  named(name: string): FileDescriptor | undefined {
    return this.#byName.get(name)
  }

  /** The file that defines a service, method, message or enum. */
  defining(symbol: string): FileDescriptor | undefined {
    return this.#bySymbol.get(symbol)
  }
}
