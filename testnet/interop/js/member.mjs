// What a member makes, judges and remembers: no socket and no file (6.6 to 6.14, 6.17, 8.9, 12.3 to 12.5).

import { randomBytes } from 'node:crypto'
import { compareBytes, decode, encode, hex, sameBytes, unhex, utf8 } from './cbor.mjs'
import { factsOf, makeFacts } from './facts.mjs'
import { Log } from './log.mjs'
import { checkSignedBy, LOG_KEY, noteKey, readCheckpoint } from './note.mjs'
import { checkReceipt, openReceipt } from './records.mjs'
import { CHECKS, LIMIT } from './spec.mjs'
import { checkStatement, openPayload, readStatement } from './statement.mjs'
import { caseIdOf, kidOf, makeSign1, must, publicKey, readMessage, readSigned, Refused, sha256, shallow, signedBy,
  signedHeader } from './wire.mjs'

function passOver (take) {
  try {
    take()
  } catch (error) {
    if (!(error instanceof Refused)) throw error
  }
}

const random = () => new Uint8Array(randomBytes(16))

/** The keys of a member, from one seed. */
export class Keys {
  constructor (seed) { this.seed = seed }
  of (purpose) { return sha256(this.seed, utf8(purpose)) }
  public (purpose) { return publicKey(this.of(purpose)) }
  kid (purpose) { return kidOf(this.public(purpose)) }
}

/** The entry of a member that begins now (7.5). */
export function makeEntry ({ id, keys, fed, address, role, country }) {
  const from = Date.now()
  const listed = ['statement', 'log', 'witness', 'transport'].map((purpose) =>
    ({ kid: keys.kid(purpose), from, public: keys.public(purpose), purpose }))
  return encode({
    id,
    keys: listed.sort((a, b) => compareBytes(a.kid, b.kid)),
    logs: [{ key: keys.kid('log'), state: 'open', origin: `${fed}/${id}/1` }],
    owns: { asns: [], domains: [], prefixes: [] },
    names: [['en', id]],
    nodes: [{ key: keys.kid('transport'), addresses: [address] }],
    roles: [role],
    contact: { hours: 'Mo-Fr 09:00-17:00', address: `desk@${id}`, time_zone: 'Etc/UTC' },
    languages: ['en'],
    capacities: [],
    jurisdictions: [country]
  })
}

export class Member {
  #statements = new Map() // id -> index of its record; those of others
  #refusals = new Map() // id -> bytes of the final refusal that was given
  #cases = new Map() // case id -> opener, recipient, heads
  #offered = new Set() // ids of one's own that were tried, and of those that came to an end
  #ended = new Set()
  spoilNextReceipt = false

  constructor (id, keys, chain) {
    must(chain.member(id), 'not-a-member')
    Object.assign(this, { id, keys, chain })
    this.log = new Log(`${chain.fed}/${id}/1`, keys.of('log'))
    must(chain.known.logKey(this.log.key.name, Date.now()), 'no-log')
    this.#record('log-opened')
    this.#record('roster')
  }

  #record (kind, members, facts) { return this.log.append(kind, this.chain.roster, members, facts) }

  /** The nodes of a member, with their keys (6.1). */
  nodesOf (id) {
    return (this.chain.member(id)?.get('nodes') ?? []).map((node) =>
      ({ key: this.chain.known.publicKey(node.get('key')), addresses: node.get('addresses') }))
  }

  /** Who asks on any protocol but hello, or nobody (6.4). */
  admits (key) { return key && this.chain.admitted(key, Date.now()) }

  hello (code = null) { return encode(['hello', this.chain.roster, code]) }

  // ------------------------------------------------------------ an exchange that others ask for: 6.7 and 6.8

  /** The reply, and the statements that are registered with it for the first time. */
  answerExchange (bytes, from) {
    const arrived = []
    let results
    try {
      const [, offers] = readMessage(bytes, 'exchange-request', LIMIT.EXCHANGE_REQUEST_BYTES_MAX)
      results = offers.map(([statement]) => this.#answer(statement, from, arrived))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      results = [{ code: 'bad-exchange' }]
    }
    const checkpoint = results.some(({ index }) => index !== undefined) ? this.log.checkpoint() : null
    return { reply: encode([this.chain.roster, checkpoint, results.map((result) => this.#result(result))]), arrived }
  }

  #result ({ index, refusal, code }) {
    if (refusal) return [1, refusal]
    return index === undefined ? [2, code, null] : [0, this.#receipt(index)]
  }

  #receipt (index) {
    const [leaf, proof] = this.log.receipt(index)
    if (this.spoilNextReceipt) proof[proof.length - 1] ^= 1
    this.spoilNextReceipt = false
    return [leaf, proof]
  }

  #answer (bytes, from, arrived) {
    const id = hex(sha256(bytes))
    const reader = {
      me: this.id,
      from,
      now: Date.now(),
      chain: this.chain,
      isRecorded: (id) => this.#statements.has(id) || this.#refusals.has(id),
      parties: (caseId) => this.#cases.get(caseId)
    }
    try {
      const statement = checkStatement(bytes, reader)
      const index = this.#record('received', this.#all(statement, from, 'in'), factsOf(statement))
      this.#statements.set(id, index)
      this.#remember(statement)
      arrived.push(statement)
      return { index }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      return this.#refuse(bytes, id, from, error.code)
    }
  }

  #refuse (bytes, id, from, code) {
    if (code === 'known') return { index: this.#statements.get(id), refusal: this.#refusals.get(id) }
    const { answer, again } = CHECKS.get(code)
    if (answer === 'unsigned') return { code }
    const payload = encode({ of: sha256(bytes), to: from, code, roster: this.chain.roster })
    const header = signedHeader('application/comity-refusal+cbor', this.keys.kid('statement'))
    const refusal = makeSign1(this.keys.of('statement'), header, payload)
    if (!again) {
      this.#record('refused', { statement: sha256(bytes), counterpart: from, direction: 'in' }, makeFacts({ code }))
      this.#refusals.set(id, refusal)
    }
    return { refusal }
  }

  /** *All of the statement*, as it stands in a record (8.7). */
  #all ({ id, case: caseId, kind }, counterpart, direction) {
    return { case: unhex(caseId), statement: id, statement_kind: kind, counterpart, direction }
  }

  /** The heads of its case, with it (5.2). */
  #remember ({ id, case: caseId, issuer, to, said }) {
    const known = this.#cases.get(caseId) ?? { opener: issuer, recipient: to, heads: [] }
    known.heads = known.heads.filter((head) => !said.get('re').some((other) => sameBytes(other, head))).concat([id])
    this.#cases.set(caseId, known)
  }

  // ------------------------------------------------------------ a roster exchange: 6.13 and 6.14

  /** The code of a hello, or nothing if the reply is another one (6.4). */
  helloCode (reply) {
    try {
      const [word, , code] = readMessage(reply, 'hello-reply', LIMIT.HELLO_REPLY_BYTES_MAX)
      return word === 'hello' ? code : undefined
    } catch {
      return undefined
    }
  }

  /** The reply on hello and, to `members` only, on roster. `admitted`: whether the peer is. */
  answerRoster (bytes, { admitted, members }) {
    const unknown = encode(['unknown', this.chain.roster])
    let request
    try {
      request = readMessage(bytes, 'roster-request', LIMIT.SMALL_REQUEST_BYTES_MAX)
    } catch {
      return unknown
    }
    const [word, version, offset] = request
    if (word === 'hello') return this.hello(admitted ? null : 'not-admitted')
    if (word === 'since' && members) return encode(['chain', ...this.chain.since(version)])
    const roster = word === 'part' && this.chain.rosters[version - 1]
    if (!roster) return unknown
    const part = roster.bytes.subarray(offset, offset + LIMIT.ROSTER_PART_BYTES_MAX)
    return encode(['part', version, roster.bytes.length, part])
  }

  /** The version that a message of a member names, if it is newer than one's own (6.5). */
  isBehind (message) {
    shallow(message)
    const [first, second] = decode(message)
    const [version] = first === 'hello' || first === 'unknown' ? second : Array.isArray(first) ? first : [0]
    return version > this.chain.rosters.length
  }

  /** Takes what is new in a chain; what is not taken is passed over (6.13). */
  takeChain (reply) {
    const [word, charters, rosters] = readMessage(reply, 'roster-reply', LIMIT.ROSTER_REPLY_BYTES_MAX)
    if (word !== 'chain') return
    for (const charter of charters) passOver(() => this.chain.takeCharter(charter))
    const before = this.chain.rosters.length
    for (const roster of rosters) passOver(() => this.chain.takeRoster(roster, Date.now()))
    if (this.chain.rosters.length > before) this.#record('roster')
  }

  // ------------------------------------------------------------ a statement of one's own: 3.19 and 6.12

  /** Signs a statement. `change` replaces members of what is signed, for those who want it wrong. */
  sign (to, kind, body, change = {}) {
    const key = change.key ?? 'statement'
    const nonce = random()
    const known = this.#cases.get(change.case)
    const payload = encode({
      v: 1,
      re: [...known?.heads ?? []].sort(compareBytes),
      to,
      fed: unhex(this.chain.fed),
      body: encode(body),
      kind,
      nonce: random(),
      handling: { lang: 'en', audience: 'case-staff', sensitive: 'none', notify_uploader: 'allowed' },
      case_nonce: change.case ? undefined : nonce,
      ...change.payload
    })
    const claims = new Map([[1, this.id], [2, change.sub ?? change.case ?? hex(caseIdOf(this.id, nonce))],
      [6, change.iat ?? Math.floor(Date.now() / 1000)]])
    const header = signedHeader('application/comity-statement+cbor', this.keys.kid(key)).set(15, claims)
    const unprotected = new Map(change.unprotected?.(this.keys.kid(key)))
    return makeSign1(this.keys.of(key), header, change.payloadBytes ?? payload, { unprotected })
  }

  request (bytes) { return encode([this.chain.roster, [[bytes, null, []]]]) }

  /** The request for an exchange. What is a statement of this member is recorded as offered first. */
  offer (to, bytes) {
    const statement = this.#own(bytes)
    if (statement && !this.#offered.has(hex(statement.id))) {
      this.#offered.add(hex(statement.id))
      this.#record('offered', this.#all(statement, to, 'out'), factsOf(statement))
    }
    return this.request(bytes)
  }

  #own (bytes) {
    try {
      const statement = openPayload(readStatement(bytes))
      return statement.issuer === this.id ? statement : null
    } catch {
      return null
    }
  }

  /** What the reply to one statement says, once it is believed; 12.5 says what follows. */
  readReply (to, bytes, reply) {
    const message = readMessage(reply, 'exchange-reply', LIMIT.EXCHANGE_REPLY_BYTES_MAX)
    const [, checkpoint, results] = message
    must(results.length === 1, 'over-limit')
    const [[sort, what, retryAfter]] = results
    const statement = this.#own(bytes)
    if (sort === 2) return { code: what, retry_after: retryAfter }
    try {
      return sort === 0
        ? this.#believeReceipt(to, bytes, statement, what, checkpoint)
        : this.#believeRefusal(to, bytes, statement, what)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const answered = { statement: sha256(bytes), counterpart: to, direction: 'out' }
      this.#record('refused', answered, makeFacts({ code: error.code }))
      return { wrong: error.code }
    }
  }

  /** 8.9, steps 1 to 10. */
  #believeReceipt (to, bytes, statement, parts, checkpoint) {
    must(checkpoint !== null, 'no-checkpoint')
    const head = readCheckpoint(utf8(checkpoint))
    const [fed, member] = head.origin.split('/')
    const key = this.chain.known.logKey(head.origin, Date.now())
    must(fed === this.chain.fed && member === to && key, 'foreign-origin')
    checkSignedBy(head, noteKey(head.origin, LOG_KEY, key))
    const receipt = openReceipt(parts)
    checkReceipt(receipt, key, head)
    const { leaf } = receipt
    must(leaf.get('kind') === 'received' && leaf.get('direction') === 'in', 'not-received')
    must(sameBytes(leaf.get('statement'), sha256(bytes)) && leaf.get('counterpart') === this.id, 'another-statement')
    return { receipt, key, statement }
  }

  /** After other libraries have found the receipt right too. */
  recordSent (to, { receipt, statement }) {
    if (!statement || this.#ended.has(hex(statement.id))) return
    this.#end('sent', to, statement, { receipt: receipt.leafHash })
    this.#remember(statement)
  }

  #end (kind, to, statement, facts) {
    this.#ended.add(hex(statement.id))
    this.#record(kind, this.#all(statement, to, 'out'), makeFacts(facts))
  }

  /** 12.4. */
  #believeRefusal (to, bytes, statement, refusal) {
    const object = readSigned(refusal, 'refusal', LIMIT.STATEMENT_BYTES_MAX)
    const kid = object.header.get(4)
    const key = this.chain.known.statementKey(to, kid)
    must(key && !this.chain.known.compromised(kid, Date.now()), 'unknown-key')
    must(signedBy(key, object), 'bad-signature')
    const code = object.value.get('code')
    must(sameBytes(object.value.get('of'), sha256(bytes)) && object.value.get('to') === this.id, 'another-statement')
    const isFinal = CHECKS.get(code)?.again === false
    if (statement && isFinal && !this.#ended.has(hex(statement.id))) this.#end('refused', to, statement, { code })
    return { refused: code }
  }
}
