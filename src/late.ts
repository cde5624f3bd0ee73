/**
 * Stands for an object that does not exist yet, so that others can take hold of it. Using it is using the real one.
 * @param find throws while there is none
 */
export function late<T extends object>(find: () => T): T {
  return new Proxy({} as T, { get: (_, member) => Reflect.get(find(), member) })
}
