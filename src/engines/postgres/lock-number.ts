/** The advisory lock under which steps of the schema are taken: a number nobody else should use. */
export const lockNumber = 7384196250
