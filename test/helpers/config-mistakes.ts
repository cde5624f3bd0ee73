import { ConfigError, loadConfig } from '../../src/config/config.ts'

/** What a start with these variables would complain of. */
export function mistakesOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
}
