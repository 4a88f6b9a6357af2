import { crc32 } from 'node:zlib'

const SEAL_BYTES = 4

/**
 * Values carry a checksum of their own over key and value: two of the three engines hand out blocks without verifying them, and a
 * flipped byte would come back as an answer.
 */
export function sealValue(key: Buffer, value: Buffer): Buffer {
  const sealed = Buffer.allocUnsafe(value.length + SEAL_BYTES)
  value.copy(sealed)
  sealed.writeUInt32BE(checksum(key, value), value.length)
  return sealed
}

/** Undefined when the value is not the one that was sealed under this key. */
export function openValue(key: Buffer, sealed: Buffer): Buffer | undefined {
  const length = sealed.length - SEAL_BYTES
  if (length < 0) return undefined
  const value = sealed.subarray(0, length)
  return checksum(key, value) === sealed.readUInt32BE(length) ? value : undefined
}

function checksum(key: Buffer, value: Buffer): number {
  return crc32(value, crc32(key))
}
