// Owns checking one part of a request against its shape, and naming every fault in it.
import type { z } from 'zod'
import { pointerTo } from '../core/shape.ts'
import { type Fault, HttpProblem } from './problem.ts'

const FAULTS_MAX = 20

/** The part as its shape gives it. Throws an HttpProblem that lists what is wrong, with places. */
export function parsePart(shape: z.ZodType | undefined, part: unknown, place: string): unknown {
  if (shape === undefined) return undefined
  const parsed = shape.safeParse(part ?? {})
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.slice(0, FAULTS_MAX).map((issue): Fault => {
    const pointer = issue.path.reduce<string>((at, key) => pointerTo(at, String(key)), place)
    return { pointer, message: issue.message }
  })
  const detail = faults.map(({ pointer, message }) => `${pointer}: ${message}`).join('; ')
  throw new HttpProblem('bad-request', detail, faults)
}
