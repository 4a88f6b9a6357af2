import { clusterProperties, replicationProperties } from './properties/cluster.js'
import {
  eventFileProperties,
  eventStoreProperties,
  snapshotFileProperties
} from './properties/event-store.js'
import { fileNameProperties, locationProperties } from './properties/files.js'
import { frameworkProperties } from './properties/framework.js'
import {
  grpcMetricsProperties,
  keepAliveProperties,
  managementProperties,
  messagingProperties,
  performanceProperties
} from './properties/messaging.js'
import { nodeProperties } from './properties/node.js'
import { loggingProperties, ownProperties, pluginProperties } from './properties/own.js'
import {
  accessControlProperties,
  ldapProperties,
  oauthProperties,
  tlsProperties
} from './properties/security.js'
import type { Property } from './property.js'

/** Every property that the server knows. Plugins of third parties declare theirs beside it. */
export const propertyTable: readonly Property[] = [
  ...nodeProperties,
  ...locationProperties,
  ...clusterProperties,
  ...replicationProperties,
  ...tlsProperties,
  ...accessControlProperties,
  ...messagingProperties,
  ...keepAliveProperties,
  ...eventStoreProperties,
  ...loggingProperties,
  ...managementProperties,
  ...frameworkProperties,
  ...pluginProperties,
  ...ownProperties,
  ...performanceProperties,
  ...eventFileProperties,
  ...snapshotFileProperties,
  ...fileNameProperties,
  ...grpcMetricsProperties,
  ...ldapProperties,
  ...oauthProperties
]
