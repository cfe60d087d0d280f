// Owns `tocsin redis`: getting the Redis program that the service starts when REDIS_URL is unset.
import { Command } from 'commander'
import { findRedisServer, RedisNotFoundError } from '../../scripts/find-redis.mjs'
import { type Cli, CommandError } from './context.ts'
import { readSettings } from './settings.ts'

export function redisCommand(cli: Cli): Command {
  const install = new Command('install')
    .description('find a Redis program, or fetch one into the data folder; no root is needed')
    .addHelpText('after', '\nExample:\n  tocsin redis install')
    .action(async (_options: unknown, command: Command) => {
      const { config, json } = await readSettings(cli, command)
      const { env, stdout, stderr } = cli
      const report = (line: string) => void stderr.write(`${line}\n`)
      const found = await findRedisServer({ env, dataDir: config.dataDir, report }).catch(
        (error: unknown) => {
          if (!(error instanceof RedisNotFoundError)) throw error
          throw new CommandError(3, error.message, undefined, error)
        },
      )
      const { kind, command: path } = found
      stdout.write(json ? `${JSON.stringify({ kind, path })}\n` : `${path} works\n`)
    })
  return new Command('redis').description('the Redis of the service itself').addCommand(install)
}
