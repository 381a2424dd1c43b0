// Bytes that are judged: hashes, keys, signatures (chapter 2) and how any object is read (12.6).

import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { concat, decode, encode, isBytes, Malformed, sameBytes, scan, unhex, utf8 } from './cbor.mjs'
import { CDDL, LIMIT } from './spec.mjs'

/** What fails a check: the one code of the answer. */
export class Refused extends Error {
  constructor (code) {
    super(code)
    this.code = code
  }
}

export function must (condition, code) {
  if (!condition) throw new Refused(code)
}

export const sha256 = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

// ------------------------------------------------------------ keys, 2.11 and 2.13

const { Point } = ed25519

export const publicKey = (seed) => ed25519.getPublicKey(seed)
export const sign = (seed, message) => ed25519.sign(message, seed)
export const kidOf = (key) => sha256(unhex('a301012006215820'), key)

/** The point of a key or of R: canonical and not of small order, else nothing. */
function point (bytes) {
  try {
    const found = Point.fromBytes(bytes)
    return sameBytes(found.toBytes(), bytes) && !found.isSmallOrder() ? found : null
  } catch {
    return null
  }
}

export const usable = (key) => point(key) !== null

/** The four tests of 2.13. The library's own `verify` multiplies the equation by 8, so it is computed here. */
export function verify (key, message, signature) {
  const r = signature.subarray(0, 32)
  const s = littleEndian(signature.subarray(32))
  const a = point(key)
  if (s >= Point.Fn.ORDER || a === null || point(r) === null) return false
  const hash = createHash('sha512').update(r).update(key).update(message).digest()
  const k = littleEndian(hash) % Point.Fn.ORDER
  const expected = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k))
  return sameBytes(expected.toBytes(), r)
}

const littleEndian = (bytes) => BigInt('0x' + Buffer.from(bytes).reverse().toString('hex'))

// ------------------------------------------------------------ objects, 2.3 and 12.6

/** Runs a reader of CBOR; whatever is wrong with the encoding has this code. */
function decoding (bytes, code, options) {
  try {
    return decode(bytes, options)
  } catch (error) {
    if (error instanceof Malformed) throw new Refused(code)
    throw error
  }
}

/** Decodes a structure and says which limits it exceeds; `code` is for a wrong structure. */
export function structure (bytes, rule, code, bound) {
  const value = decoding(bytes, code)
  const { right, over } = CDDL.fits(rule, value, bound)
  must(right, code)
  return { value, over }
}

export function shallow (bytes) {
  must(scan(bytes, LIMIT.DEPTH_MAX).depth <= LIMIT.DEPTH_MAX, 'too-deep')
}

/** An object that is not signed: length, depth, structure, limits, in this order. `items`: of a message (6.5). */
export function readObject (bytes, rule, bytesMax, items = Infinity) {
  must(bytes.length <= bytesMax, 'oversize')
  shallow(bytes)
  must(scan(bytes).heads <= items, 'over-limit')
  const { value, over } = structure(bytes, rule, 'bad-payload')
  must(over.length === 0, 'over-limit')
  return value
}

/** A message of many objects (6.5). */
export const readMessage = (bytes, rule, bytesMax) => readObject(bytes, rule, bytesMax, LIMIT.FRAMING_ITEMS_MAX)

/** Outer structure and headers of a COSE_Sign1 (2.12, steps 1 to 3). `parts`: of the rule of the object. */
export function readSign1 (bytes, rule) {
  shallow(bytes)
  must(bytes[0] === 0xd2, 'not-canonical')
  const outer = decoding(bytes.subarray(1), 'not-canonical', { anything: true })
  must(Array.isArray(outer) && outer.length === 4, 'not-canonical')
  const [header, unprotected, payload, signature] = outer
  must(isBytes(header) && unprotected instanceof Map && (payload === null || isBytes(payload)), 'not-canonical')
  must(isBytes(signature) && signature.length === 64, 'not-canonical')
  shallow(header)
  if (payload !== null) shallow(payload)

  const parts = CDDL.sign1(rule)
  const exactly = ({ right, over }) => must(right && over.length === 0, 'bad-header')
  const values = decoding(header, 'bad-header')
  exactly(CDDL.fits(parts.protected, values))
  exactly(CDDL.fits(parts.unprotected, unprotected))
  must((payload === null) === (parts.payload.name === 'null'), 'bad-header')
  return { protected: header, header: values, unprotected, payload, signature }
}

/** A signed object that is no statement, up to its limits. Its signature comes last: `signedBy`. */
export function readSigned (bytes, rule, bytesMax) {
  must(bytes.length <= bytesMax, 'oversize')
  const object = readSign1(bytes, rule)
  const { value, over } = structure(object.payload, CDDL.sign1(rule).payload, 'bad-payload')
  must(over.length === 0, 'over-limit')
  return { ...object, value }
}

/** What is signed (2.12); the payload is given where it is detached. */
export const sigStructure = (header, payload) => encode(['Signature1', header, new Uint8Array(), payload])

export const signedBy = (key, { protected: header, payload, signature }, detached = payload) =>
  verify(key, sigStructure(header, detached), signature)

export function makeSign1 (seed, headerValues, payload, { unprotected = new Map(), detached = null } = {}) {
  const header = encode(headerValues)
  const signature = sign(seed, sigStructure(header, detached ?? payload))
  return concat(Uint8Array.of(0xd2), encode([header, unprotected, detached ? null : payload, signature]))
}

/** The header of everything signed under a content type (2.12). */
export const signedHeader = (contentType, kid) => new Map([[1, -8], [3, contentType], [4, kid]])

export const caseIdOf = (issuer, nonce) =>
  sha256(utf8('comity-case/1'), Uint8Array.of(utf8(issuer).length), utf8(issuer), nonce).subarray(0, 16)
