export const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'OFF'] as const

export type Level = (typeof levels)[number]

/** Position in `levels`: a record is written when its rank is not below that of its logger. */
export function rankOf(level: Level): number {
  return levels.indexOf(level)
}

export function parseLevel(text: string): Level | undefined {
  return levels.find(level => level === text.toUpperCase())
}
