// Charters and rosters: whom to believe, and what they may do (chapter 7).
//
//   bytes -> outer structure -> signatures -> content -> does it follow from what is here? -> taken
//
// What the rosters say of keys and logs is kept for ever, in `Known` of known.mjs.

import { decode } from 'cborg'
import { encode, hex, sameBytes, unhex } from './cbor.mjs'
import { Known } from './known.mjs'
import { checkCharter, checkRoster } from './rosters.mjs'
import { CDDL, KINDS, LIMIT } from './spec.mjs'
import { kidOf, must, readObject, sha256, shallow, signedHeader, sigStructure, verify } from './wire.mjs'

export class Chain {
  charters = [] // by version, from 1
  rosters = [] // by version, from 1: those in force
  beside = [] // signed beside one of them: 7.8

  constructor (fed) { this.fed = fed }

  get newest () { return this.rosters.at(-1) }
  get known () { return this.newest?.known ?? Known.NOTHING }
  get roster () { return this.newest ? [this.newest.value.get('version'), this.newest.hash] : [0, unhex(this.fed)] }

  /** The newest charter that rosters of this version are made under (7.7, step 5). */
  charterFor (version) {
    return this.charters.findLast(({ value }) => value.get('first_roster') <= version) ?? this.charters[0]
  }

  // ------------------------------------------------------------ 7.6

  takeCharter (bytes) {
    const signed = readEnvelope(bytes, 'charter')
    if (this.charters.length === 0) return this.#takeFirstCharter(signed)
    if (this.charters.some(({ hash }) => sameBytes(hash, signed.hash))) return 'known'
    const { version } = peek(signed.payload, { version: 'uint' })
    must(version > 1, 'wrong-federation')
    const before = this.charters[version - 2]?.value
    must(before, 'version-gap')

    const byOld = signed.signatures.filter(([kid]) => governs(before, kid))
    checkSignatures({ ...signed, signatures: byOld }, [before])
    const value = checkCharter(signed.payload)
    checkSignatures(signed, [before, value])
    must(!this.charters[version - 1], 'charter-conflict')
    must(sameBytes(value.get('previous'), this.charters[version - 2].hash), 'wrong-previous')
    must(value.get('first_roster') > before.get('first_roster'), 'first-roster-order')
    this.charters.push({ ...signed, value })
    return this.#cutFrom(value.get('first_roster')) ? 'replaced' : 'extended'
  }

  #takeFirstCharter (signed) {
    must(hex(signed.hash) === this.fed, 'wrong-federation')
    const value = checkCharter(signed.payload, { version: 1 })
    checkSignatures(signed, [value])
    this.charters.push({ ...signed, value })
    return 'extended'
  }

  /** Rosters whose makers had no say over their versions are as if they had never come. */
  #cutFrom (version) {
    const before = this.rosters.length
    const stays = ({ value }) => value.get('version') < version
    this.rosters = this.rosters.filter(stays)
    this.beside = this.beside.filter(stays)
    return this.rosters.length < before
  }

  // ------------------------------------------------------------ 7.7

  takeRoster (bytes, now) {
    const signed = readEnvelope(bytes, 'roster')
    if ([...this.rosters, ...this.beside].some(({ hash }) => sameBytes(hash, signed.hash))) return 'known'
    const value = this.checkSignedRoster(signed)
    must(value.get('issued') <= now + LIMIT.WINDOW_FUTURE_MS, 'from-the-future')
    const version = value.get('version')
    const taken = { ...signed, value, recorded: now }
    if (version <= this.rosters.length) {
      const before = this.#knownBefore(value) ?? Known.NOTHING
      this.beside.push({ ...taken, known: before.after(value, this.governors(version), { strict: false }) })
      return 'conflict'
    }
    const known = this.#follows(value)
    this.rosters.push({ ...taken, known: known.after(value, this.governors(version)) })
    return 'extended'
  }

  /** Steps 3 to 8: what a roster can be judged by without those before it. */
  checkSignedRoster (signed) {
    const { version, fed, charter: hash } = peek(signed.payload, { version: 'uint', fed: 'hash', charter: 'hash' })
    must(hex(fed) === this.fed, 'wrong-federation')
    must(version <= this.rosters.length + 1, 'version-gap')
    const charter = this.charterFor(version)
    const named = this.charters.find((one) => sameBytes(one.hash, hash))
    must(!named || named === charter, 'wrong-charter')
    must(named, 'unknown-charter')
    checkSignatures(signed, [charter.value])
    return checkRoster(signed.payload, this.fed)
  }

  /** Steps 11 to 13. What all that came before it have said, of both camps if it settles a conflict. */
  #follows (value) {
    const resolves = value.get('resolves')
    const previous = value.get('previous')
    if (!this.newest) return Known.NOTHING
    if (!resolves) {
      must(sameBytes(previous, this.newest.hash), 'wrong-previous')
      must(value.get('issued') >= this.newest.value.get('issued'), 'issued-earlier')
      return this.known
    }
    must(resolves.some((hash) => sameBytes(hash, this.newest.hash)), 'wrong-previous')
    must(resolves.some((hash) => sameBytes(hash, previous)), 'wrong-previous')
    const otherHash = resolves.find((hash) => !sameBytes(hash, this.newest.hash))
    const other = this.beside.find(({ hash, value }) =>
      sameBytes(hash, otherHash) && value.get('version') === this.rosters.length)
    must(other, 'sibling-missing')
    for (const one of [this.newest, other]) must(value.get('issued') >= one.value.get('issued'), 'issued-earlier')
    return this.known.merge(other.known)
  }

  #knownBefore (value) {
    return [...this.rosters, ...this.beside].find(({ hash }) => sameBytes(hash, value.get('previous')))?.known
  }

  /** The public keys that govern, or have governed, rosters of this version. */
  governors (version) {
    return new Set(this.charters.filter(({ value }) => value.get('first_roster') <= version)
      .flatMap(({ value }) => value.get('keys').map(hex)))
  }

  /** Evidence that the governance has signed two rosters of one version (7.8). */
  conflict (bytes) {
    const both = readObject(bytes, 'roster-conflict', 2 * LIMIT.ROSTER_BYTES_MAX + 1)
    const [one, other] = both.map((signed) => {
      const envelope = readEnvelope(encode(signed), 'roster')
      return { hash: envelope.hash, version: this.checkSignedRoster(envelope).get('version') }
    })
    must(one.version === other.version && !sameBytes(one.hash, other.hash), 'no-conflict')
    return one.version
  }

  /** For who has the rosters before this version: charters, rosters, and whether there are more (6.13). */
  since (version) {
    const disputed = this.beside.some(({ value }) => value.get('version') === version - 1)
    const rosters = [...this.rosters, ...this.beside] // the one in force first, then those beside it
      .filter(({ value }) => value.get('version') >= (disputed ? version - 1 : version))
      .sort((a, b) => a.value.get('version') - b.value.get('version'))
    const charters = this.charters.slice(-LIMIT.ROSTER_CHAIN_MAX)
    let room = LIMIT.EXCHANGE_REPLY_BYTES_MAX
    const fitting = rosters.slice(0, LIMIT.ROSTER_CHAIN_MAX)
      .filter(({ bytes }, i) => (room -= bytes.length) >= 0 || i === 0)
    return [charters.map(({ bytes }) => bytes), fitting.map(({ bytes }) => bytes), fitting.length < rosters.length]
  }

  // ------------------------------------------------------------ 7.9 to 7.12

  member (id, { value } = this.newest) {
    return value.get('members').find((member) => member.get('id') === id)
  }

  /** The roles that count at this time (7.10). */
  rolesInForce (id, now) {
    if (!this.newest) return []
    const roles = this.member(id)?.get('roles') ?? []
    const expires = this.newest.value.get('expires')
    if (now < expires) return roles
    const inTime = this.rosters.findLast(({ recorded, value }) => recorded < value.get('expires'))
    const before = (inTime && this.member(id, inTime)?.get('roles')) ?? []
    return roles.filter((role) => before.includes(role))
  }

  inForce (id, now) { return this.rolesInForce(id, now).length > 0 }

  takesKind (kind, now) {
    if (!this.newest) return false
    if (!KINDS.get(kind).asks) return true // 7.10
    const { value } = this.charterFor(this.rosters.length)
    return now < this.newest.value.get('expires') + value.get('grace')
  }

  mayReach (issuer, kind, recipient, now) {
    const from = this.rolesInForce(issuer, now)
    const to = this.rolesInForce(recipient, now)
    return this.charterFor(this.rosters.length).value.get('matrix')
      .some(([role, what, other]) => what === kind && from.includes(role) && to.includes(other))
  }

  /** The member whose node has this transport key, if it is admitted now (6.4). */
  admitted (key, now) {
    const kid = kidOf(key)
    const id = this.newest?.value.get('members').find((member) =>
      member.get('nodes').some((node) => sameBytes(node.get('key'), kid)))?.get('id')
    return id !== undefined && this.inForce(id, now) && this.known.valid(kid, now, now) ? id : null
  }
}

/** The outer structure of a signed charter or roster (7.2). */
function readEnvelope (bytes, what) {
  const bytesMax = { charter: LIMIT.CHARTER_BYTES_MAX, roster: LIMIT.ROSTER_BYTES_MAX }[what]
  const [payload, signatures] = readObject(bytes, `signed-${what}`, bytesMax)
  return { what, bytes, payload, signatures, hash: sha256(payload) }
}

/** What has to be known of a payload before its signatures are verified; nothing else of it is judged yet. */
function peek (payload, members) {
  shallow(payload)
  let value
  try {
    value = decode(payload, { useMaps: true, rejectDuplicateMapKeys: true })
  } catch {
    must(false, 'bad-payload')
  }
  must(value instanceof Map, 'bad-payload')
  return Object.fromEntries(Object.entries(members).map(([name, type]) => {
    must(CDDL.fits({ name: type, args: [] }, value.get(name)).right, 'bad-payload')
    return [name, value.get(name)]
  }))
}

const governs = (charter, kid) => charter.get('keys').find((key) => sameBytes(kidOf(key), kid))

/** The signatures, in their order, under the keys of one or more governances (7.2). */
function checkSignatures ({ what, payload, signatures }, charters) {
  for (const [kid, signature] of signatures) {
    const key = charters.map((charter) => governs(charter, kid)).find(Boolean)
    must(key, 'wrong-signer')
    const header = encode(signedHeader(`application/comity-${what}+cbor`, kid))
    must(verify(key, sigStructure(header, payload), signature), 'bad-signature')
  }
  for (const charter of charters) {
    must(signatures.filter(([kid]) => governs(charter, kid)).length >= charter.get('k'), 'threshold')
  }
}
