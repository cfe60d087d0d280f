// Owns the tests of core/operation.ts.
import { describe, expect, test } from 'vitest'
import { operationOf, outcomeOf } from '../../src/core/operation.ts'

const NOTHING = { type: undefined, method: undefined, tail: undefined, action: undefined }

describe('what was done', () => {
  test.each([
    ['the last part of the action', { action: 'sec.user.create', method: 'DELETE' }, 'create'],
    ['a verb of its own', { action: 'ip.ipblock.reserve', method: 'POST' }, 'reserve'],
    ['in lower case', { action: 'SEC.USER.DELETE' }, 'delete'],
    ['an action without dots', { action: 'create' }, 'create'],
    ['an action that ends in a dot says nothing', { action: 'sec.user.', method: 'PUT' }, 'update'],
    ['reading', { method: 'GET' }, 'read'],
    ['asking for the head is reading', { method: 'HEAD' }, 'read'],
    ['posting', { method: 'POST' }, 'create'],
    ['posting a verb', { method: 'POST', tail: 'stop' }, 'stop'],
    ['a verb behind another method', { method: 'GET', tail: 'kubeconfig' }, 'read'],
    ['putting', { method: 'PUT' }, 'update'],
    ['patching', { method: 'PATCH' }, 'update'],
    ['deleting', { method: 'DELETE' }, 'delete'],
    ['a token is created by a GET', { type: 'GenerateToken', method: 'GET' }, 'create'],
    ['and by the method HTTP', { type: 'GenerateToken', method: 'HTTP' }, 'create'],
    ['another method', { method: 'HTTP' }, undefined],
    ['nothing', {}, undefined],
  ])('%s', (_name, source, expected) => {
    expect(operationOf({ ...NOTHING, ...source })).toBe(expected)
  })
})

describe('what became of it', () => {
  test.each([
    ['Error', undefined, 'failed'],
    ['Error', 'DONE', 'failed'],
    ['RequestStatusUpdate', 'FAILED', 'failed'],
    ['RequestStatusUpdate', 'DONE', 'succeeded'],
    ['RequestStatusUpdate', 'QUEUED', 'pending'],
    ['Provision', 'RUNNING', 'pending'],
    ['RequestAccepted', undefined, 'accepted'],
    ['RequestAccepted', 'DONE', 'succeeded'],
    ['RequestStatusUpdate', 'ODD', 'unknown'],
    ['DCDUserEvent', undefined, 'unknown'],
    [undefined, undefined, 'unknown'],
  ] as const)('%s %s: %s', (type, status, expected) => {
    expect(outcomeOf(type, status)).toBe(expected)
  })
})
