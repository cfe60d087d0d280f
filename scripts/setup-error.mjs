// Owns the error that ends set-up: what is wrong, and what to do about it.

export class SetupError extends Error {
  name = 'SetupError'

  constructor(message, remedy) {
    super(message)
    this.remedy = remedy
  }
}
