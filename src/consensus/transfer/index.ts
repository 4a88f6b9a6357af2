export {
  StateTransfers,
  type TransferLimits,
  type TransferResult
} from './state-transfers.js'
export { decodeTransferHeader, encodeTransferHeader, type TransferHeader } from './transfer-header.js'
