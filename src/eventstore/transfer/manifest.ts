import type { SegmentSummary } from '../../storage/index.js'
import { ServerError } from '../../wire/index.js'

/** What a checkpoint of a context consists of, beside its keys. */
export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT
  readonly contextId: number
  /** Full segments in order, then the active one. */
  readonly segments: readonly SegmentSummary[]
  readonly snapshots: number
  readonly schedules: number
}

/** A range of keys, without their key space: above `start`, up to and including `end`. */
export interface StateRange {
  readonly start: Buffer
  readonly end: Buffer
  readonly digest: string
}

/** What a receiver has of a manifest. */
export interface Have {
  /** Bytes per segment of the manifest. */
  readonly segments: readonly number[]
  /** In order, without overlap. */
  readonly ranges: readonly StateRange[]
}

export const MANIFEST_FORMAT = 1

/** Ranges that an answer names at most; what is beyond is sent again. */
const RANGES_MAX = 8192
const RANGE_KEY_BYTES_MAX = 2 * 1024 * 1024

export function encodeManifest(manifest: Manifest): Buffer {
  return Buffer.from(JSON.stringify(manifest), 'utf8')
}

export function decodeManifest(bytes: Buffer): Manifest {
  const manifest = JSON.parse(bytes.toString('utf8')) as Manifest
  if (manifest.format === MANIFEST_FORMAT) return manifest
  throw new ServerError(
    'AXONIQ-2200',
    `The state that a peer offers has format ${manifest.format}, this version knows ${MANIFEST_FORMAT}: bring both nodes to the same version`
  )
}

export function encodeHave({ segments, ranges }: Have): Buffer {
  const named: string[][] = []
  let bytes = 0
  for (const { start, end, digest } of ranges) {
    bytes += start.length + end.length
    if (named.length === RANGES_MAX || bytes > RANGE_KEY_BYTES_MAX) break
    named.push([start.toString('base64'), end.toString('base64'), digest])
  }
  return Buffer.from(JSON.stringify({ segments, ranges: named }), 'utf8')
}

export function decodeHave(bytes: Buffer): Have {
  const { segments, ranges } = JSON.parse(bytes.toString('utf8')) as {
    segments: number[]
    ranges: [start: string, end: string, digest: string][]
  }
  return {
    segments,
    ranges: ranges.map(([start, end, digest]) => ({
      start: Buffer.from(start, 'base64'),
      end: Buffer.from(end, 'base64'),
      digest
    }))
  }
}
