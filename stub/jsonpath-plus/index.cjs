// Owns the refusal: json-rules-engine asks for this package, and must never reach its code.
// Every Engine and Almanac of ours is given the resolver of src/core/path.ts instead.
'use strict'
exports.JSONPath = function JSONPath() {
  throw new Error('jsonpath-plus is stubbed out: pass a pathResolver to json-rules-engine')
}
