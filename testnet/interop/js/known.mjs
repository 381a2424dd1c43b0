// Every key and log that rosters ever listed, and who has left: what a verifier never forgets (7.7 to 7.9).

import { compareBytes, hex, sameBytes } from './cbor.mjs'
import { must, Refused, usable } from './wire.mjs'

const seconds = (ms) => Math.floor(ms / 1000)
const or = (value, absent) => value === undefined ? absent : value
const since = (key) => key.get('ended') instanceof Map ? key.get('ended').get('compromised-since') : undefined

export class Known {
  static NOTHING = new Known(new Map(), new Map(), new Map())

  /** `keys`: by kid, with the holder; `logs`: by origin, with the holder; `left`: members that have left, and when. */
  constructor (keys, logs, left) { Object.assign(this, { keys, logs, left }) }

  /** What is known after one more roster (7.7, step 14). Not strict: what breaks a rule leaves the entry before. */
  after (roster, governors, { strict = true } = {}) {
    const next = new Known(new Map(this.keys), new Map(this.logs), new Map(this.left))
    const issued = roster.get('issued')
    const attempt = (step) => {
      try {
        step()
      } catch (error) {
        if (strict || !(error instanceof Refused)) throw error
      }
    }
    const listed = new Set(roster.get('members').map((member) => member.get('id')))
    for (const member of roster.get('members')) {
      const id = member.get('id')
      for (const key of member.get('keys')) attempt(() => next.#takeKey(id, key, this.keys, issued, governors))
      attempt(() => this.#nothingVanished(member))
      for (const log of this.#logsOf(id)) attempt(() => checkLog(log, member.get('logs')))
      for (const log of member.get('logs')) next.#takeLog(id, log)
      next.left.delete(id)
    }
    for (const { holder } of next.keys.values()) {
      if (!listed.has(holder) && !next.left.has(holder)) next.left.set(holder, issued)
    }
    return next
  }

  #takeKey (holder, key, before, issued, governors) {
    const kid = hex(key.get('kid'))
    const old = before.get(kid)
    if (old) {
      must(old.holder === holder && old.key.get('purpose') === key.get('purpose'), 'key-reused')
      checkKey(old.key, key, issued)
    } else {
      must(!governors.has(hex(key.get('public'))), 'key-reused')
      must(usable(key.get('public')), 'weak-key')
    }
    this.keys.set(kid, { holder, key })
  }

  #takeLog (holder, log) {
    const old = this.logs.get(log.get('origin'))
    if (!old || old.log.get('state') === 'open') this.logs.set(log.get('origin'), { holder, log })
  }

  #nothingVanished (member) {
    const listed = new Set(member.get('keys').map((key) => hex(key.get('kid'))))
    for (const [kid, { holder }] of this.keys) must(holder !== member.get('id') || listed.has(kid), 'key-vanished')
  }

  #logsOf (id) { return [...this.logs.values()].filter(({ holder }) => holder === id).map(({ log }) => log) }

  /** What two camps knew, whichever was first (7.8). */
  merge (other) {
    return new Known(
      union(this.keys, other.keys, mergeKeys),
      union(this.logs, other.logs, mergeLogs),
      union(this.left, other.left, Math.min)
    )
  }

  /** The statement key of a member, from any roster that was ever taken (3.4). */
  statementKey (member, kid) {
    const found = this.keys.get(hex(kid))
    return found?.holder === member && found.key.get('purpose') === 'statement' ? found.key.get('public') : undefined
  }

  /** The key of a log, whether that is open or closed, unless it is compromised by now (8.4). */
  logKey (origin, now) {
    const log = this.logs.get(origin)?.log
    const key = log && this.keys.get(hex(log.get('key')))?.key
    return key && !(since(key) <= now) ? key.get('public') : undefined
  }

  /** Whether a signature of this key is believed (7.9). */
  valid (kid, signedAt, seenAt) {
    const found = this.keys.get(hex(kid))
    if (!found) return false
    const { holder, key } = found
    const until = Math.min(or(key.get('until'), Infinity), or(this.left.get(holder), Infinity))
    return !(since(key) <= seenAt) &&
      seconds(signedAt) >= seconds(key.get('from')) && seconds(signedAt) <= seconds(until)
  }

  publicKey (kid) { return this.keys.get(hex(kid))?.key.get('public') }

  compromised (kid, now) { return since(this.keys.get(hex(kid)).key) <= now }
}

/** What may become of a key (7.7.1). */
function checkKey (old, key, issued) {
  must(['public', 'purpose', 'from'].every((name) => sameValue(old.get(name), key.get(name))), 'key-changed')
  const stays = sameValue(old.get('ended'), key.get('ended')) && sameValue(since(old), since(key))
  const worse = old.get('ended') === undefined || (since(key) !== undefined && !(since(key) > since(old)))
  must(stays || worse, 'key-resurrected')
  const [oldUntil, until] = [old, key].map((one) => or(one.get('until'), Infinity))
  if (oldUntil === until) return
  must(!(oldUntil <= issued || old.has('ended')) || until < oldUntil, 'key-resurrected')
  must(until >= issued, 'key-changed')
}

function sameValue (a, b) {
  return a instanceof Uint8Array ? sameBytes(a, b) : a instanceof Map ? b instanceof Map : a === b
}

/** A log that was listed before, in a roster that follows: it has its key, and its last head if it has one. */
function checkLog (old, logs) {
  const log = logs.find((one) => one.get('origin') === old.get('origin'))
  must(log, 'log-vanished')
  must(sameBytes(log.get('key'), old.get('key')), 'log-changed')
  if (old.get('state') === 'open') return
  must(log.get('state') !== 'open', 'log-reopened')
  const [[size, root], [oldSize, oldRoot]] = [log, old].map((one) => one.get('state').get('closed'))
  must(size === oldSize && sameBytes(root, oldRoot), 'log-changed')
}

function union (one, other, merge) {
  const all = new Map(one)
  for (const [name, entry] of other) all.set(name, all.has(name) ? merge(all.get(name), entry) : entry)
  return all
}

function mergeKeys (one, other) {
  const order = ({ holder, key }) => `${holder} ${key.get('purpose')}`
  if (order(one) !== order(other)) return order(one) < order(other) ? one : other
  const least = (name) => Math.min(...[one, other].map(({ key }) => or(key.get(name), Infinity)))
  const compromised = Math.min(...[one, other].map(({ key }) => or(since(key), Infinity)))
  const ended = compromised < Infinity
    ? new Map([['compromised-since', compromised]])
    : one.key.get('ended') ?? other.key.get('ended')
  const key = new Map(one.key).set('from', least('from'))
  if (least('until') < Infinity) key.set('until', least('until'))
  if (ended) key.set('ended', ended)
  return { holder: one.holder, key }
}

function mergeLogs (one, other) {
  const key = compareBytes(one.log.get('key'), other.log.get('key')) <= 0 ? one.log.get('key') : other.log.get('key')
  const heads = [one, other].map(({ log }) => log.get('state')).filter((state) => state !== 'open')
    .map((state) => state.get('closed'))
    .sort(([size, root], [size2, root2]) => size2 - size || compareBytes(root2, root))
  const state = heads.length === 0 ? 'open' : new Map([['closed', heads[0]]])
  return { holder: one.holder, log: new Map(one.log).set('key', key).set('state', state) }
}
