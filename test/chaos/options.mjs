// Owns how a proof by hand reads its command line: options with defaults, `--help`, and a clear refusal.
import { parseArgs } from 'node:util'

/**
 * The values of the options asked for. Prints help and ends the process with 0 where it is wanted, with 2 where an
 * option is unknown or a number is none. `options`: name → { default, about }; a default that is a number reads a
 * number, and `false` makes a switch.
 *
 * @param {{ command: string, about: string, options: Record<string, { default?: string | number | boolean, about: string }> }} spec
 * @returns {Record<string, any>}
 */
export function readOptions({ command, about, options }) {
  const help = () => {
    const width = Math.max(...Object.keys(options).map((name) => name.length))
    const lines = Object.entries(options).map(([name, option]) => {
      const byDefault =
        option.default === undefined || option.default === false
          ? ''
          : ` (default ${option.default})`
      return `  --${name.padEnd(width)}  ${option.about}${byDefault}`
    })
    const [first = ''] = Object.keys(options)
    const example = `npm run ${command} -- --${first} ${options[first]?.default ?? 'VALUE'}`
    return `${about}\n\nUsage: npm run ${command} -- [OPTIONS]\n\n${lines.join('\n')}\n\nExample:\n  ${example}\n`
  }
  const end = (message) => {
    process.stderr.write(`${message}\n\n${help()}`)
    process.exit(2)
  }
  const spec = Object.fromEntries(
    Object.entries(options).map(([name, { default: value }]) => [
      name,
      { type: value === false ? 'boolean' : 'string' },
    ]),
  )
  let values = {}
  try {
    values = parseArgs({ options: { ...spec, help: { type: 'boolean', short: 'h' } } }).values
  } catch (error) {
    end(error instanceof Error ? error.message.split('. ')[0] : String(error))
  }
  if (values.help) {
    process.stdout.write(help())
    process.exit(0)
  }
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      const value = values[name] ?? option.default
      if (typeof option.default !== 'number') return [name, value]
      const number = Number(value)
      if (!(number >= 0)) end(`--${name} ${value}: expected a number, zero or more`)
      return [name, number]
    }),
  )
}
