/** The server's name for one open stream of a client; the client id alone is shared by old and new streams. */
export function clientStreamId(clientId: string, uuid: string): string {
  return `${clientId}.${uuid}`
}
