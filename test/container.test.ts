// Owns the proofs about the container files that need no engine to run them.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PROJECT } from './clone.ts'

const read = (name: string) => readFileSync(join(PROJECT, name), 'utf8')
const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? '')

describe('Dockerfile', () => {
  const dockerfile = read('Dockerfile')
  const copied = matches(dockerfile, /^COPY (?!--from)(.+) \S+$/gm).flatMap((line) =>
    line.split(' '),
  )

  test.each([...new Set(copied)])('%s is there, and not ignored', (path) => {
    expect(existsSync(join(PROJECT, path))).toBe(true)
    expect(read('.dockerignore').split('\n')).toContain(`!${path}`)
  })

  test('what runs has no root, and no tools', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
    expect(matches(last, /^USER (.+)$/gm)).toEqual(['node'])
    expect(last).not.toContain('--include=dev')
    expect(last).toContain('--from=packages /app/node_modules')
  })

  test('what is published with the package is in the image too', () => {
    const { files } = JSON.parse(read('package.json'))
    const others = ['docs', 'deploy', 'dist', 'CHANGELOG.md']
    const needed = files.filter((name: string) => !name.startsWith('!') && !others.includes(name))
    expect(copied).toEqual(expect.arrayContaining(needed))
  })
})

describe('docker-compose.yml', () => {
  const compose = read('docker-compose.yml')

  test('every port is bound to loopback', () => {
    const ports = matches(compose, /^ {6}- "?((?:[\d.]+:)?\d+:\d+)"?$/gm)
    expect(ports.length).toBeGreaterThan(0)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  })

  test('its Redis keeps everything on disk and drops nothing', () => {
    expect(compose).toMatch(/- --appendonly\n\s+- "yes"\n/)
    expect(compose).toMatch(/- --maxmemory-policy\n\s+- noeviction\n/)
    expect(compose).toMatch(/- redis:\/data\n/)
  })

  test('no secret stands in it', () => {
    expect(compose).not.toMatch(/^ {6}\w*(?:TOKEN|PASSWORD|SECRET|WEBHOOK_URL): *\S/m)
  })
})
