/** What a method has done, counted in plain fields. */
export class MethodCounters {
  calls = 0
  active = 0
  /** Calls that we ended with another status than OK. */
  errors = 0
  /** Calls that the caller left, or whose connection broke. */
  cancelled = 0
  messagesReceived = 0
  bytesReceived = 0
  messagesSent = 0
  bytesSent = 0
}
