// Owns the start of a process in a chaos run: `node --import` loads it before the service.
import { register } from 'node:module'

register('./fast-clock-hooks.mjs', import.meta.url)
