import { PlatformInfo } from '../../wire/generated/control.js'
import { encodeMessage } from '../../wire/index.js'

export interface AdvertisedNode {
  readonly name: string
  readonly hostName: string
  readonly grpcPort: number
  readonly httpPort: number
}

/** The answer to a client that asks which node to use, when it is the node that it asks. */
export function thisNode({ name, hostName, grpcPort, httpPort }: AdvertisedNode): Buffer {
  return encodeMessage(PlatformInfo, {
    primary: { nodeName: name, hostName, grpcPort, httpPort, version: 0 },
    sameConnection: true
  })
}
