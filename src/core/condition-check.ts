// Owns warnings about conditions that load but can't mean what they say. Errors: condition.ts.
import type { ConditionContext, Condition, Leaf } from './condition.ts'
import type { Report } from './shape.ts'

export function checkLeaf(_leaf: Leaf, _context: ConditionContext, _report: Report): void {}

export function checkMissing(_c: Condition, _context: ConditionContext, _report: Report): void {}
