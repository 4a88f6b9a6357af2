/** A script that can't be understood, or asks for what makes no sense: the fault is the script's. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'
}
