/**
 * An object whose members are made when they are first asked for, each once: so a command that needs one service opens no
 * thread for another.
 */
export function lazily<T extends object>(makers: { readonly [Name in keyof T]: () => T[Name] }): T {
  const made = {} as T
  for (const name of Object.keys(makers) as (keyof T)[]) {
    Object.defineProperty(made, name, {
      configurable: true,
      get() {
        const value = makers[name]()
        Object.defineProperty(made, name, { value })
        return value
      },
    })
  }
  return made
}
