import { runTogether } from '../helpers/together.ts'

runTogether('command-line')
