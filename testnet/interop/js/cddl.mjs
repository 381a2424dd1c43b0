// comity.cddl as a program: reads its rules, and holds a value against one of them (chapter 2).
//
//   text -> tokens -> rules -> fits(rule, value) -> { right, over }
//
// `right`: the value has the structure (2.5 to 2.7). `over`: which limits it exceeds (2.8). What is embedded in a byte
// string is not looked into: it is read as bytes of its own (2.10).

import { compareBytes, isBytes, utf8 } from './cbor.mjs'

const TOKEN = /;[^\n]*|"(?:[^"\\]|\\.)*"|#6\.18|\.\.|\.[a-z]+|-?\d+|[A-Za-z][\w-]*|[=/,:?*[\](){}<>]/g

export class Cddl {
  constructor (text, limits) {
    this.rules = new Parser(text).rules()
    // The length of these forms is a limit, and no part of the form (2.7, 2.8).
    this.#limitLength('code', limits.CODE_BYTES_MAX)
    this.#limitLength('ext-name', limits.CODE_BYTES_MAX)
    this.#limitLength('domain', limits.DOMAIN_BYTES_MAX, false)
  }

  /** Whether a value is what a rule says. `bound` has the arguments of a generic rule. */
  fits (rule, value, bound = {}) {
    const over = []
    const type = typeof rule === 'string' ? this.rules[rule].type : rule
    return { right: this.#fits(type, value, { bound, over }), over }
  }

  /** The parts of a COSE_Sign1, by their names: the types of `protected`, `unprotected` and `payload` (2.12). */
  sign1 (rule) {
    const inside = (type) => type.control === 'cbor' ? type.right : type
    return Object.fromEntries(this.rules[rule].type.tagged.array.map(({ key, type }) => [key, inside(type)]))
  }

  #limitLength (name, max, loosen = true) {
    const form = this.rules[name].type
    const unbounded = (_, least) => least === '0' ? '*' : '+'
    if (loosen) form.right.literal = form.right.literal.replace(/\{(\d),\d+\}/g, unbounded)
    const length = { control: 'size', left: { name: 'tstr', args: [] }, right: { from: 1, to: max } }
    this.rules[name].type = { control: 'and', left: length, right: form }
  }

  #fits (type, value, context) {
    if (type.choice) return this.#choice(type.choice, value, context)
    if (type.name) return this.#named(type, value, context)
    if (type.control) return this.#control(type, value, context)
    if (type.list) return this.#list(type, value, context)
    if (type.array) {
      return Array.isArray(value) && value.length === type.array.length &&
        type.array.every((entry, i) => this.#fits(entry.type, value[i], context))
    }
    if (type.map) return this.#map(type.map, value, context)
    if ('literal' in type) return value === type.literal
    if ('from' in type) return isUint(value) && limit(context, 'value', value, type)
    throw new Error('no such type here')
  }

  #choice (choice, value, context) {
    const before = context.over.length
    return choice.some((type) => {
      if (this.#fits(type, value, context)) return true
      context.over.length = before
      return false
    })
  }

  #named ({ name, args }, value, context) {
    const basic = BASIC[name]
    if (basic) return basic(value)
    if (name in context.bound) return this.#fits(context.bound[name], value, context)
    const { type, params } = this.rules[name]
    if (params.length === 0) return this.#fits(type, value, context)
    const bound = Object.fromEntries(params.map((param, i) => [param, args[i]]))
    return this.#fits(type, value, { ...context, bound })
  }

  #control ({ control, left, right }, value, context) {
    if (!this.#fits(left, value, context)) return false
    switch (control) {
      case 'and': return this.#fits(right, value, context)
      case 'cbor': return true
      case 'le': return limit(context, 'value', value, { from: 0, to: right.literal })
      case 'regexp': return new RegExp(`^(?:${right.literal})$`, 'u').test(value)
      case 'size': {
        const length = isBytes(value) ? value.length : utf8(value).length
        return 'literal' in right ? length === right.literal : limit(context, 'length', length, right)
      }
    }
    throw new Error(`no such control: ${control}`)
  }

  #list ({ list, from, to, sorted }, value, context) {
    return Array.isArray(value) && limit(context, 'count', value.length, { from, to }) &&
      value.every((entry) => this.#fits(list, entry, context)) &&
      (!sorted || isSorted(value, sorted))
  }

  #map (members, value, context) {
    if (!(value instanceof Map)) return false
    const known = new Set(members.map(({ key }) => key))
    return [...value.keys()].every((key) => known.has(key)) &&
      members.every(({ key, type, optional }) =>
        value.has(key) ? this.#fits(type, value.get(key), context) : optional)
  }
}

const isUint = (value) => (Number.isInteger(value) || typeof value === 'bigint') && value >= 0

const BASIC = {
  bool: (value) => typeof value === 'boolean',
  bstr: isBytes,
  null: (value) => value === null,
  tstr: (value) => typeof value === 'string',
  uint: isUint
}

/** A limit is noted and does not end the check: structure comes before limits everywhere (2.8). */
function limit ({ over }, what, number, { from, to }) {
  if (number < from || number > to) over.push(what)
  return true
}

/** Strictly rising by the keys that the comment names; without a name by the whole entry (2.6). */
function isSorted (list, sorted) {
  const key = (entry) => {
    if (sorted === 'whole') return entry
    return entry instanceof Map ? sorted.map((name) => entry.get(name)) : entry.slice(0, sorted.length)
  }
  return list.every((entry, i) => i === 0 || compare(key(list[i - 1]), key(entry)) < 0)
}

/** Numbers by value, bytes and texts bytewise, arrays entry by entry (2.6). */
function compare (a, b) {
  if (Array.isArray(a)) return a.reduce((order, entry, i) => order || compare(entry, b[i]), 0)
  if (typeof a === 'string') return compareBytes(utf8(a), utf8(b))
  if (isBytes(a)) return compareBytes(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}

class Parser {
  #tokens = []
  #at = 0

  constructor (text) {
    for (const [number, line] of text.split('\n').entries()) {
      for (const [token] of line.matchAll(TOKEN)) {
        if (token.startsWith(';')) this.#comment(number, token)
        else this.#tokens.push({ token, number })
      }
    }
  }

  rules () {
    const rules = {}
    while (this.#at < this.#tokens.length) {
      const name = this.#take()
      const params = this.#arguments(() => this.#take())
      this.#expect('=')
      rules[name] = { params, type: this.#type() }
    }
    return rules
  }

  #sorted = new Map()

  /** A comment that says `sorted` is a rule of the list that stands on its line (2.6). */
  #comment (number, comment) {
    const found = /\bsorted(?: by ([a-z ]+))?/.exec(comment)
    if (!found) return
    const names = found[1] === undefined || found[1] === 'the three texts' ? 'whole' : found[1].split(' and ')
    this.#sorted.set(number, names)
  }

  #peek (ahead = 0) { return this.#tokens[this.#at + ahead]?.token }
  #take () { return this.#tokens[this.#at++].token }
  #next (token) { return this.#peek() === token && Boolean(this.#take()) }
  #expect (token) {
    const found = this.#take()
    if (found !== token) throw new Error(`${token} and not ${found} in line ${this.#tokens[this.#at - 1].number + 1}`)
  }

  #arguments (one) {
    const found = []
    if (this.#next('<')) do found.push(one()); while (this.#next(','))
    if (found.length > 0) this.#expect('>')
    return found
  }

  #type () {
    const choice = [this.#controlled()]
    while (this.#next('/')) choice.push(this.#controlled())
    return choice.length === 1 ? choice[0] : { choice }
  }

  #controlled () {
    let left = this.#plain()
    if (this.#next('..')) left = { from: left.literal, to: this.#plain().literal }
    while (this.#peek()?.startsWith('.')) left = { control: this.#take().slice(1), left, right: this.#plain() }
    return left
  }

  #plain () {
    const { number } = this.#tokens[this.#at]
    const token = this.#take()
    if (token === '(') return this.#until(')', () => this.#type())
    if (token === '[') return this.#array(number)
    if (token === '{') return { map: this.#group('}') }
    if (token === '#6.18') return { tagged: this.#plain() }
    if (token.startsWith('"')) return { literal: JSON.parse(token) }
    if (/^-?\d/.test(token)) return { literal: Number(token) }
    return { name: token, args: this.#arguments(() => this.#type()) }
  }

  #until (end, one) {
    const found = one()
    this.#expect(end)
    return found
  }

  #array (number) {
    const array = this.#group(']')
    const [{ type, times }] = array
    if (!times) return { array }
    const sorted = this.#sorted.get(number)
    this.#sorted.delete(number)
    return { list: type, ...times, sorted }
  }

  #group (end) {
    const entries = []
    while (!this.#next(end)) {
      const optional = this.#next('?')
      const times = this.#times()
      const key = this.#key()
      entries.push({ key, optional, times, type: this.#type() })
      this.#next(',')
    }
    return entries
  }

  #times () {
    const least = this.#peek(1) === '*' && /^\d/.test(this.#peek()) ? Number(this.#take()) : 0
    return this.#next('*') ? { from: least, to: Number(this.#take()) } : undefined
  }

  #key () {
    if (this.#peek(1) !== ':') return undefined
    const token = this.#take()
    this.#expect(':')
    return token.startsWith('"') ? JSON.parse(token) : /^-?\d/.test(token) ? Number(token) : token
  }
}
