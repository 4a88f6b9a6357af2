/** Clients answer heartbeats from these versions on. */
const heartbeatVersions = ['4.2.1', '4.3', '5']
/** Clients report how an instruction ended, rather than only that it arrived, from these versions on. */
const resultVersions = ['4.6', '5']

export function answersHeartbeats(version: string): boolean {
  return matchesAny(version, heartbeatVersions)
}

export function reportsResults(version: string): boolean {
  return matchesAny(version, resultVersions)
}

/** The last part of a requirement is a minimum, those before it must be equal. */
function matchesAny(version: string, requirements: readonly string[]): boolean {
  const actual = parse(version)
  if (actual === undefined) return false
  return requirements.some(requirement => {
    const parts = requirement.split('.').map(Number)
    return parts.every((part, index) =>
      index === parts.length - 1 ? (actual[index] ?? 0) >= part : actual[index] === part
    )
  })
}

function parse(version: string): readonly number[] | undefined {
  const numbers = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version)
  return numbers?.slice(1).map(part => Number(part ?? 0))
}
