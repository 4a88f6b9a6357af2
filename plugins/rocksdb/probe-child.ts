import { tryBinding } from './probe.js'

const [, , name, directory] = process.argv
tryBinding(name ?? '', directory ?? '').then(
  () => process.exit(0),
  () => process.exit(1)
)
