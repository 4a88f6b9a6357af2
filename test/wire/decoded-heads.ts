import type { Command } from '../../src/wire/generated/command.js'
import type { MetaDataValue, ProcessingInstruction } from '../../src/wire/generated/common.js'
import { doubleText } from '../../src/wire/scan/double-text.js'

/** What the scanners should find, taken from decoded messages. */
export function routingKeyOf(command: Command): string {
  const found = command.processingInstructions.find(({ key }) => key === 0)
  if (found === undefined) return command.messageIdentifier
  return found.value?.data?.$case === 'textValue' ? found.value.data.value : ''
}

export function numberOf(instructions: readonly ProcessingInstruction[], wanted: number): number | undefined {
  const found = instructions.find(({ key }) => key === wanted)
  if (found === undefined) return undefined
  return found.value?.data?.$case === 'numberValue' ? found.value.data.value : 0
}

export function booleanOf(instructions: readonly ProcessingInstruction[], wanted: number): boolean {
  const data = instructions.find(({ key }) => key === wanted)?.value?.data
  return data?.$case === 'booleanValue' ? data.value : false
}

export function metaDataText(
  metaData: Readonly<Record<string, MetaDataValue>>
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(metaData).map(([key, { data }]) => [key, valueText(data)]))
}

/** The decoder clamps numbers to the safe range, the scan of metadata does not. */
export function clamped(
  metaData: ReadonlyMap<string, string | undefined>
): Record<string, string | undefined> {
  const clamp = (text: string | undefined): string | undefined => {
    if (text === undefined || !/^-?\d{16,19}$/.test(text) || Number.isSafeInteger(Number(text))) return text
    return String(text.startsWith('-') ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER)
  }
  return Object.fromEntries([...metaData].map(([key, value]) => [key, clamp(value)]))
}

function valueText(data: MetaDataValue['data']): string | undefined {
  if (data === undefined || data.$case === 'bytesValue') return undefined
  return data.$case === 'doubleValue' ? doubleText(data.value) : String(data.value)
}
