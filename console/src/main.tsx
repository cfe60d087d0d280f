// Owns the beginning: puts the console into the page.
import { render } from 'preact'
import { App } from './app.tsx'
import './style.css'

const root = document.getElementById('console')
if (root !== null) render(<App />, root)
