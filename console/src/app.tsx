// Owns the frame around every page: navigation, the state of the connection, who is signed in, the
// look, and which page an address shows.
import { useEffect, useState } from 'preact/hooks'
import { AlertPage } from './alert-page.tsx'
import { AlertsPage } from './alerts-page.tsx'
import { HealthPage } from './health-page.tsx'
import { useKeys } from './keys.ts'
import { useLiveState } from './live.ts'
import { Dialog, Empty } from './parts.tsx'
import { Playground } from './playground.tsx'
import { goTo, Link, type Place, usePlace } from './router.tsx'
import { RulePage } from './rule-page.tsx'
import { RulesPage } from './rules-page.tsx'
import { type Session, SignIn, useSession } from './session.tsx'
import { SilencesPage } from './silences-page.tsx'

const PAGES = [
  {
    path: '/alerts',
    name: 'Alerts',
    icon: 'M12 3a6 6 0 0 1 6 6v5l2 3H4l2-3V9a6 6 0 0 1 6-6Zm-2 16h4',
  },
  { path: '/rules', name: 'Rules', icon: 'M5 5h14M5 12h14M5 19h9' },
  { path: '/playground', name: 'Playground', icon: 'M8 5v14l11-7Z' },
  { path: '/silences', name: 'Silences', icon: 'M4 9v6h4l5 4V5L8 9Zm13 0 4 6m0-6-4 6' },
  { path: '/health', name: 'Health', icon: 'M3 12h4l3-7 4 14 3-7h4' },
] as const

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['j / k', 'next / previous alert'],
  ['Enter', 'open it'],
  ['a', 'acknowledge'],
  ['r', 'resolve'],
  ['s', 'silence'],
  ['/', 'search'],
  ['g then a, r, p, s, h', 'go to a page'],
  ['Esc', 'close, or back to the list'],
  ['?', 'this help'],
]

export function App() {
  const { state, look, signOut } = useSession()
  const place = usePlace()
  useEffect(() => {
    if (place.path === '/') goTo('/alerts', { replace: true })
  }, [place.path])
  if (state.kind === 'asking') return <p class="loading">Connecting …</p>
  if (state.kind === 'out') return <SignIn wasIn={state.wasIn} onDone={look} />
  return <Frame place={place} session={state.session} onSignOut={() => void signOut()} />
}

function Frame(props: {
  readonly place: Place
  readonly session: Session
  readonly onSignOut: () => void
}) {
  const { place, session } = props
  const [isHelping, setHelping] = useState(false)
  const [isGoing, setGoing] = useState(false)
  useKeys({
    '?': () => setHelping(true),
    g: () => {
      setGoing(true)
      window.setTimeout(() => setGoing(false), 1_500)
    },
    ...(isGoing
      ? {
          a: () => goTo('/alerts'),
          r: () => goTo('/rules'),
          p: () => goTo('/playground'),
          s: () => goTo('/silences'),
          h: () => goTo('/health'),
        }
      : {}),
  })
  useEffect(() => {
    const page = PAGES.find(({ path }) => place.path.startsWith(path))
    document.title = `${page?.name ?? 'Tocsin'} · Tocsin`
    window.scrollTo(0, 0)
  }, [place.path])
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <header class="top">
        <Link to="/alerts" class="brand" label="Tocsin, to the alerts">
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M12 2a1.6 1.6 0 0 1 1.6 1.6v.6A6.4 6.4 0 0 1 18.4 10.4v4.2l1.9 2.6c.5.6 0 1.6-.8 1.6h-15c-.8 0-1.3-1-.8-1.6l1.9-2.6v-4.2A6.4 6.4 0 0 1 10.4 4.2v-.6A1.6 1.6 0 0 1 12 2Zm-2.6 18h5.2a2.6 2.6 0 0 1-5.2 0Z" />
          </svg>
          <span>Tocsin</span>
        </Link>
        <nav aria-label="Pages">
          {PAGES.map(({ path, name, icon }) => (
            <Link key={path} to={path} current={place.path.startsWith(path)}>
              <svg viewBox="0 0 24 24" aria-hidden="true">
                <path d={icon} />
              </svg>
              <span>{name}</span>
            </Link>
          ))}
        </nav>
        <div class="top-end">
          <Live />
          <ThemeButton />
          <button
            type="button"
            class="plain wide-only"
            aria-label="Keys"
            title="Keys (?)"
            onClick={() => setHelping(true)}
          >
            ?
          </button>
          {session.via === 'session' && (
            <button
              type="button"
              class="plain"
              onClick={props.onSignOut}
              title={`${session.name}, ${session.role}`}
            >
              Sign out
            </button>
          )}
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Page place={place} session={session} isGoing={isGoing} />
      </main>
      {isHelping && (
        <Dialog title="Keys" onClose={() => setHelping(false)}>
          <dl class="keys">
            {KEYS.map(([keys, does]) => (
              <div key={keys}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      )}
    </>
  )
}

function Page(props: {
  readonly place: Place
  readonly session: Session
  readonly isGoing: boolean
}) {
  const { place, session } = props
  const [, page = 'alerts', id] = place.path.split('/')
  if (page === 'alerts' || page === '') {
    if (id)
      return <AlertPage key={id} id={decodeURIComponent(id)} session={session} place={place} />
    return <AlertsPage session={session} place={place} isGoing={props.isGoing} />
  }
  if (page === 'rules') {
    if (id) return <RulePage key={id} id={decodeURIComponent(id)} />
    return <RulesPage session={session} place={place} />
  }
  if (page === 'playground') return <Playground place={place} />
  if (page === 'silences') return <SilencesPage session={session} place={place} />
  if (page === 'health') return <HealthPage />
  return (
    <Empty title="There is no such page">
      <Link to="/alerts">To the alerts</Link>
    </Empty>
  )
}

const LIVE_TEXTS = { connecting: 'connecting', live: 'live', lost: 'connection lost' } as const

function Live() {
  const state = useLiveState()
  const title = {
    connecting: 'The stream of news is opening.',
    live: 'Alerts appear here as they happen.',
    lost: 'What you see may be old. It connects by itself as soon as it can.',
  }[state]
  return (
    <span class={`live ${state}`} role="status" title={title}>
      <span class="dot" aria-hidden="true" />
      <span class={state === 'live' ? 'live-text' : ''}>{LIVE_TEXTS[state]}</span>
    </span>
  )
}

const THEMES = ['auto', 'light', 'dark'] as const

function ThemeButton() {
  const [theme, setTheme] = useState(() => localStorage.getItem('theme') ?? 'auto')
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
    localStorage.setItem('theme', theme)
  }, [theme])
  const next = THEMES[(THEMES.findIndex((one) => one === theme) + 1) % THEMES.length] as string
  return (
    <button
      type="button"
      class="plain"
      onClick={() => setTheme(next)}
      aria-label={`Look: ${theme}. Change to ${next}`}
      title={`Look: ${theme}`}
    >
      <span aria-hidden="true">{{ auto: '◐', light: '☀', dark: '☾' }[theme] ?? '◐'}</span>
    </button>
  )
}
