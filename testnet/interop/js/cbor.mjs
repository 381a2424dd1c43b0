// Deterministic CBOR (2.2): a reader that takes that one encoding and no other, the scan for depth (2.4), and small
// helpers for bytes. Maps are read as `Map`, integers beyond 2^53 as BigInt. Writing is left to the library.

import { encode as write, rfc8949EncodeOptions } from 'cborg'

export class Malformed extends Error {}

/** A tag with its content; only within the unprotected header of a COSE object that is refused anyway (2.12). */
class Tagged {
  constructor (number, content) { Object.assign(this, { number, content }) }
}

/** The deterministic encoding. Members of an object that are undefined are left out. */
export const encode = (value) => write(plain(value), rfc8949EncodeOptions)

function plain (value) {
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object' || isBytes(value)) return value
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return new Map(entries.filter(([, v]) => v !== undefined).map(([k, v]) => [k, plain(v)]))
}

export const isBytes = (value) => value instanceof Uint8Array
export const utf8 = (text) => new TextEncoder().encode(text)
export const hex = (bytes) => Buffer.from(bytes).toString('hex')
export const unhex = (text) => Uint8Array.from(Buffer.from(text, 'hex'))
export const concat = (...parts) => Uint8Array.from(Buffer.concat(parts))
export const compareBytes = (a, b) => Buffer.compare(a, b)
export const sameBytes = (a, b) => isBytes(a) && isBytes(b) && compareBytes(a, b) === 0

/** One data item and nothing after it. `anything`: floating-point numbers and tags too, in their shortest form. */
export function decode (bytes, { anything = false } = {}) {
  const reader = new Reader(bytes, anything)
  const value = reader.item()
  must(reader.at === bytes.length)
  return value
}

/** How deep the first data item nests, and how many heads it has. Never recurses, never judges (2.4, 6.5). */
export function scan (bytes, depthMax = Infinity) {
  const open = []
  let [at, deepest, heads] = [0, 0, 0]
  while (at < bytes.length) {
    const major = bytes[at] >> 5
    const info = bytes[at] & 31
    const width = info < 24 ? 0 : 2 ** (info - 24)
    if (info > 27 && info < 31) break
    if (info !== 31 && at + 1 + width > bytes.length) break
    const argument = info === 31 ? null : info < 24 ? info : number(bytes.subarray(at + 1, at + 1 + width))
    at += info === 31 ? 1 : 1 + width
    heads += 1
    if (major === 7 && argument === null) open.pop()
    else if (open.length > 0) open[open.length - 1] -= 1
    if ((major === 2 || major === 3) && argument !== null) {
      at += argument
      if (at > bytes.length) break
    } else if (major >= 2 && major <= 6) {
      deepest = Math.max(deepest, open.length + 1)
      if (deepest > depthMax) break
      open.push(major === 6 ? 1 : argument === null ? Infinity : major === 5 ? 2 * argument : argument)
    }
    while (open.at(-1) === 0) open.pop()
    if (open.length === 0) break
  }
  return { depth: deepest, heads }
}

function must (condition) {
  if (!condition) throw new Malformed('not the deterministic encoding')
}

const number = (bytes) => bytes.reduce((sum, byte) => sum * 256 + byte, 0)

class Reader {
  constructor (bytes, anything) { Object.assign(this, { bytes, anything, at: 0 }) }

  #take (count) {
    must(this.at + count <= this.bytes.length)
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }

  item () {
    const [first] = this.#take(1)
    const major = first >> 5
    if (major === 7) return this.#simple(first & 31)
    const argument = this.#argument(first & 31)
    switch (major) {
      case 0: return argument
      case 1: return typeof argument === 'bigint' ? -1n - argument : -1 - argument
      case 2: return this.#take(Number(argument))
      case 3: return this.#text(Number(argument))
      case 4: return this.#times(argument, () => this.item())
      case 5: return this.#map(argument)
      default: return this.#tag(argument)
    }
  }

  #argument (info) {
    if (info < 24) return info
    must(info < 28)
    const width = 2 ** (info - 24)
    const bytes = this.#take(width)
    if (width === 8) {
      const wide = Buffer.from(bytes).readBigUInt64BE()
      must(wide > 0xffffffffn)
      return wide <= Number.MAX_SAFE_INTEGER ? Number(wide) : wide
    }
    must(number(bytes) >= (width === 1 ? 24 : 256 ** (width / 2)))
    return number(bytes)
  }

  #times (count, one) {
    must(count <= this.bytes.length)
    return Array.from({ length: Number(count) }, one)
  }

  #text (length) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#take(length))
    } catch {
      throw new Malformed('no UTF-8')
    }
  }

  #map (count) {
    let before = null
    return new Map(this.#times(count, () => {
      const start = this.at
      const key = this.item()
      const encoded = this.bytes.subarray(start, this.at)
      must(before === null || compareBytes(before, encoded) < 0)
      before = encoded
      return [key, this.item()]
    }))
  }

  #simple (info) {
    if (info >= 25 && info <= 27 && this.anything) return this.#float(2 ** (info - 24))
    must(info >= 20 && info <= 22)
    return [false, true, null][info - 20]
  }

  #float (width) {
    const bytes = Buffer.from(this.#take(width))
    if (width === 2) {
      must((bytes[0] & 0x7c) !== 0x7c || (bytes[0] & 3) + bytes[1] === 0 || bytes.equals(Buffer.of(0x7e, 0)))
      return new Tagged('half', bytes)
    }
    const value = width === 4 ? bytes.readFloatBE() : bytes.readDoubleBE()
    must(!Number.isNaN(value) && !fitsHalf(value) && (width === 4 || Math.fround(value) !== value))
    return value
  }

  #tag (tag) {
    must(this.anything)
    const content = this.item()
    const bignum = tag === 2 || tag === 3
    must(!bignum || (isBytes(content) && content.length > 8 && content[0] !== 0))
    return new Tagged(tag, content)
  }
}

function fitsHalf (value) {
  const size = Math.abs(value)
  if (size === 0 || size === Infinity) return true
  const step = 2 ** Math.max(Math.floor(Math.log2(size)) - 10, -24)
  return size <= 65504 && Number.isInteger(size / step)
}
