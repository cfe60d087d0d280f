// Owns what a fault of the schedule does: SIGKILL and SIGSTOP of processes and of Redis, faulty links,
// wrong clocks, a full disk; from its begin to its end.
import { sleep } from './harness.mjs'

/** `processes` are the running ones by name; `restart` starts one that was killed. */
export async function strike({ kind, target, how, forMs }, { world, processes, restart }) {
  if (kind === 'kill') {
    const victim = processes.get(target)
    victim.isStopping = true
    victim.kill('SIGKILL')
    await victim.ended
    restart(target)
    return
  }
  const { begin, end } = actionsOf(kind, { target, how }, { world, processes })
  begin()
  await sleep(forMs)
  end()
}

function actionsOf(kind, { target, how }, { world, processes }) {
  if (kind === 'link') {
    const link = world.links[target]
    return { begin: () => link.fault(how), end: () => link.fault(undefined) }
  }
  if (kind === 'freeze') {
    const victim = processes.get(target)
    return { begin: () => victim.kill('SIGSTOP'), end: () => victim.kill('SIGCONT') }
  }
  if (kind === 'kill-redis') return { begin: () => signalRedis(world, 'SIGKILL'), end: () => {} }
  if (kind === 'freeze-redis') {
    const signal = (name) => () => signalRedis(world, name)
    return { begin: signal('SIGSTOP'), end: signal('SIGCONT') }
  }
  if (kind === 'disk-full') {
    return { begin: () => world.archive.full(true), end: () => world.archive.full(false) }
  }
  return {
    begin: () => world.setClock(target, how * 60_000),
    end: () => world.setClock(target, 0),
  }
}

function signalRedis(world, signal) {
  for (const pid of world.redisPids()) {
    try {
      process.kill(pid, signal)
    } catch {}
  }
}
