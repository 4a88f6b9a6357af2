import type { NodeId } from '../../../../src/consensus/core/types.js'
import type { Directive } from '../../script/script.js'
import type { Environment } from '../environment.js'

/** Does the work of the nodes that are named, with a header for each when they are several. Ends with the first error. */
export function forEachNode(
  { output }: Environment,
  { args }: Directive,
  { header, work }: { header: string; work: (id: NodeId) => string | undefined }
): string | undefined {
  const ids = args.bareIds
  for (const id of ids) {
    if (ids.length > 1) output.printLine(`> ${id} ${header}`)
    const error = ids.length > 1 ? output.indented(() => work(id)) : work(id)
    if (error !== undefined) return error
  }
  return undefined
}
