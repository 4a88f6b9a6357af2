import { administrationErrors } from './errors/administration-errors.js'
import type { ErrorDescription } from './errors/error-description.js'
import { eventsErrors } from './errors/events-errors.js'
import { generalErrors } from './errors/general-errors.js'
import { messagingErrors } from './errors/messaging-errors.js'
import { storageErrors } from './errors/storage-errors.js'

const table = {
  ...generalErrors,
  ...administrationErrors,
  ...eventsErrors,
  ...messagingErrors,
  ...storageErrors
}

export type ErrorCode = keyof typeof table

/** Every code that may leave the server. Clients map the numbers to exceptions, so a number never changes its meaning. */
export const errorCodes: Readonly<Record<ErrorCode, ErrorDescription>> = table

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(table, text)
}
