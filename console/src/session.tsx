// Owns who is signed in, and asking for a token when nobody is. The token itself is not kept: the
// server changes it into a cookie that no script reads.
import { useEffect, useState } from 'preact/hooks'
import { ask, messageOf, whenUnauthorized } from './api.ts'
import { startLive } from './live.ts'

export type Session = {
  readonly name: string
  readonly role: 'viewer' | 'responder' | 'admin'
  readonly via: 'token' | 'session' | 'local'
}

type Sessions =
  | { readonly kind: 'asking' }
  | { readonly kind: 'in'; readonly session: Session }
  | { readonly kind: 'out'; readonly wasIn: boolean }

export function useSession() {
  const [state, setState] = useState<Sessions>({ kind: 'asking' })

  const look = async () => {
    try {
      const session = await ask<Session>('/api/session')
      setState({ kind: 'in', session })
      startLive()
    } catch (error) {
      const isOut = (error as { code?: string }).code === 'unauthorized'
      if (isOut) setState({ kind: 'out', wasIn: false })
      else window.setTimeout(() => void look(), 2_000)
    }
  }
  useEffect(() => {
    whenUnauthorized(() => setState({ kind: 'out', wasIn: true }))
    void look()
  }, [])

  const signOut = async () => {
    await ask('/api/session', { method: 'DELETE' }).catch(() => {})
    location.assign('/')
  }
  return { state, look, signOut }
}

export function canAct(session: Session): boolean {
  return session.role !== 'viewer'
}

export function SignIn(props: { readonly wasIn: boolean; readonly onDone: () => Promise<void> }) {
  const [token, setToken] = useState('')
  const [error, setError] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      await ask('/api/session', { method: 'POST', body: { token: token.trim() } })
      await props.onDone()
    } catch (failure) {
      setError(messageOf(failure))
    }
    setBusy(false)
  }
  return (
    <main class="sign-in" id="main">
      <h1>{props.wasIn ? 'Your session has ended' : 'Sign in'}</h1>
      <p>
        {props.wasIn
          ? 'Enter your token again; you come back to where you were.'
          : 'Enter your token. It is one of those in the configuration under "http", or TOCSIN_API_TOKEN.'}
      </p>
      <form onSubmit={(event) => void submit(event)}>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        {error !== undefined && (
          <p class="notice error" role="alert">
            {error}
          </p>
        )}
        <button class="primary" disabled={isBusy}>
          Sign in
        </button>
      </form>
    </main>
  )
}
