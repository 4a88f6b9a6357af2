export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Undefined when it is no JSON. */
  readonly body: unknown
}

export async function call(url: string, method = 'GET', init: RequestInit = {}): Promise<Answer> {
  const { status, headers, ...response } = await fetch(url, { method, ...init }).then(async answer => ({
    status: answer.status,
    headers: answer.headers,
    text: await answer.text()
  }))
  let body: unknown
  if (/json/.test(headers.get('content-type') ?? '')) body = JSON.parse(response.text)
  return { status, headers, text: response.text, body }
}

export const json = (body: unknown): RequestInit => ({
  headers: { 'Content-Type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body)
})

export async function eventually(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 10_000
  while (!(await isTrue())) {
    if (Date.now() > endMs) throw new Error(`waited in vain: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
