// Runs the vectors: for each the values that were found, or the one code (protocol-spec/vectors/README.md).
//
//   file -> vector -> context: what the reader knows -> question of its object -> {ok} or {code}

import { readdirSync, readFileSync } from 'node:fs'
import { concat, decode, encode, hex, sameBytes, unhex, utf8 } from './cbor.mjs'
import { chooseClocks, dueTime } from './clocks.mjs'
import { Case } from './fold.mjs'
import { checkSignedBy, LOG_KEY, noteKey, readCheckpoint, readVerifierKey, signers, WITNESS_KEY } from './note.mjs'
import { checkConsistencyReceipt, checkFork, checkReceipt, readFacts, readLeaf, readReceipt } from './records.mjs'
import { LIMIT } from './spec.mjs'
import { checkStatement, openPayload, opensParent, readStatement } from './statement.mjs'
import { describe } from './state.mjs'
import { checkConsistency, checkInclusion, leafHash } from './tree.mjs'
import { Chain } from './trust.mjs'
import { makeSign1, must, readMessage, readSigned, Refused, sha256, signedBy } from './wire.mjs'

/** Gives one line for each vector of each file of a folder. */
export function * runVectors (dir) {
  const federation = new Federation(readJson(`${dir}/federation.json`))
  const files = readdirSync(dir).filter((file) => file.endsWith('.json') && file !== 'federation.json').sort()
  for (const file of files) {
    for (const vector of readJson(`${dir}/${file}`)) yield { name: vector.name, ...run(vector, federation) }
  }
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

const texts = (found) => Object.fromEntries(Object.entries(found).map(([name, value]) => [name, String(value)]))

function run ({ object, hex: digits = '', pad_to: padTo = 0, context = {} }, federation) {
  const given = unhex(digits)
  const bytes = concat(given, new Uint8Array(Math.max(0, padTo - given.length)))
  try {
    const found = OBJECTS[object](bytes, context, federation)
    return { ok: object.startsWith('clock-') ? found : texts(found) }
  } catch (error) {
    if (error instanceof Refused) return { code: error.code }
    throw error
  }
}

/** What `federation.json` has: keys, chains and stories. */
class Federation {
  #stories = new Map()
  #chains = new Map()

  constructor ({ fed, now_ms: now, keys, chains, stories }) { Object.assign(this, { fed, now, keys, chains, stories }) }

  key (owner, purpose) { return this.keys.find((key) => key.owner === owner && key.purpose === purpose) }

  /** The chain as the reader has it, to read with. */
  chain (name) {
    if (!this.#chains.has(name)) this.#chains.set(name, this.ownChain(name))
    return this.#chains.get(name)
  }

  /** The same, to take something. */
  ownChain (name) {
    const chain = new Chain(this.fed)
    if (!name) return chain
    for (const charter of this.chains[name].charters) chain.takeCharter(unhex(charter))
    for (const roster of this.chains[name].rosters) chain.takeRoster(unhex(roster), this.now)
    return chain
  }

  logKey (chain, member, now) {
    const origin = `${this.fed}/${member}/1`
    return noteKey(origin, LOG_KEY, chain.known.logKey(origin, now))
  }

  witnessKey (member) {
    return noteKey(`${this.fed}/${member}/witness`, WITNESS_KEY, unhex(this.key(member, 'witness').public))
  }

  /** A case in which the statements of a story were said. */
  story (name) {
    const { opener, said } = this.stories[name]
    const story = new Case(opener)
    for (const statement of this.#said(name, said)) story.add(statement)
    return story
  }

  #said (name, said) {
    if (!this.#stories.has(name)) this.#stories.set(name, said.flatMap(this.#repeated()))
    return this.#stories.get(name)
  }

  /** `{repeat, like}`: the statement given, again and again, each after the one before it. */
  #repeated () {
    let last
    return (entry) => {
      if (typeof entry === 'string') return (last = open(unhex(entry)))
      const like = open(unhex(entry.like))
      const seed = unhex(this.key(like.issuer, 'statement').seed)
      return Array.from({ length: entry.repeat }, (_, i) => {
        const nonce = concat(new Uint8Array(12), Uint8Array.of((i + 1) >> 24, (i + 1) >> 16, (i + 1) >> 8, i + 1))
        const payload = encode(new Map(like.said).set('re', [last.id]).set('nonce', nonce))
        return (last = open(makeSign1(seed, like.header, payload)))
      })
    }
  }
}

const open = (bytes) => openPayload(readStatement(bytes))

/** Hashes that stand one after the other. */
const hashes = (bytes) => Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * i + 32))

/** A message and its greatest length (6.2, 6.5). */
const message = (rule, bytesMax, found) => (bytes, context) => found(readMessage(bytes, rule, bytesMax), context)

/** A signed object and whose statement key it answers for. */
const signed = (rule, found, bytesMax = LIMIT.EVIDENCE_BYTES_MAX) => (bytes, { signer }, federation) => {
  const object = readSigned(bytes, rule, bytesMax)
  must(signedBy(unhex(federation.key(signer, 'statement').public), object), 'bad-signature')
  return found(object.value)
}

/** What the id of a finding is made of (10.7). */
const FINDING = ['code', 'of', 'counterpart', 'case', 'statement', 'clock', 'index']

/** Of a text its UTF-8. */
const hashOf = (given) => hex(sha256(typeof given === 'string' ? utf8(given) : given))

const OBJECTS = {
  statement (bytes, { chain, me, now_ms: now, recorded, parties, story }, federation) {
    if (story) {
      const said = federation.story(story)
      const { code } = said.verdict(said.add(open(bytes)))
      must(!code, code)
      return { verdict: 'legal' }
    }
    const [opener, recipient] = parties ?? []
    const reader = {
      me,
      now,
      chain: federation.chain(chain),
      isRecorded: () => recorded === true,
      parties: () => parties && { opener, recipient }
    }
    const { case: id, id: hash, issuer, kind } = checkStatement(bytes, reader)
    return { case: id, id: hex(hash), issuer, kind }
  },

  concurrent (bytes, { story }, federation) {
    const [a, b] = decode(bytes).map(open)
    const [one, other] = [[a, b], [b, a]].map((order) => {
      const said = federation.story(story)
      for (const statement of order) said.add(statement)
      return describe(said.view(), federation.stories[story].said.length, { a: hex(a.id), b: hex(b.id) })
    })
    if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error('the order of arrival counts')
    return one
  },

  'signed-charter' (bytes, { chain }, federation) {
    return { added: federation.ownChain(chain).takeCharter(bytes), hash: hex(sha256(decode(bytes)[0])) }
  },

  'signed-roster' (bytes, { chain, now_ms: now }, federation) {
    return { added: federation.ownChain(chain).takeRoster(bytes, now), hash: hex(sha256(decode(bytes)[0])) }
  },

  'roster-conflict': (bytes, { chain }, federation) => ({ version: federation.chain(chain).conflict(bytes) }),

  checkpoint (bytes, { chain, log, witness, trusted }, federation) {
    const checkpoint = readCheckpoint(bytes)
    checkSignedBy(checkpoint, federation.logKey(federation.chain(chain), log, federation.now))
    const found = { origin: checkpoint.origin, root: hex(checkpoint.root), size: checkpoint.size }
    if (witness) [{ time: found.cosigned_at_s }] = signers(checkpoint, [federation.witnessKey(witness)])
    if (trusted) {
      const names = signers(checkpoint, trusted.map(readVerifierKey)).map(({ name }) => name)
      found.signed_by = [...new Set(names)].sort().join(' ')
    }
    return found
  },

  receipt (bytes, { chain, log, checkpoint }, federation) {
    const receipt = readReceipt(bytes)
    const key = federation.logKey(federation.chain(chain), log, federation.now)
    const head = checkpoint && readCheckpoint(utf8(checkpoint))
    if (head) checkSignedBy(head, key)
    const root = checkReceipt(receipt, key.key, head)
    return { index: receipt.index, leaf_hash: hex(receipt.leafHash), root: hex(root) }
  },

  'consistency-receipt' (bytes, { chain, log, checkpoint, old_root: oldRoot }, federation) {
    const key = federation.logKey(federation.chain(chain), log, federation.now)
    const head = checkpoint && readCheckpoint(utf8(checkpoint))
    if (head) checkSignedBy(head, key)
    const found = checkConsistencyReceipt(bytes, unhex(oldRoot), key.key, head)
    return { ...found, root: hex(found.root) }
  },

  'fork-evidence' (bytes, { chain, log }, federation) {
    return { fork: checkFork(bytes, federation.logKey(federation.chain(chain), log, federation.now)) }
  },

  inclusion (bytes, { leaf, index, size, root }) {
    const hash = leafHash(utf8(`comity-vectors/1 leaf ${leaf}`))
    checkInclusion(hash, index, { size, root: unhex(root) }, hashes(bytes))
    return { leaf_hash: hex(hash) }
  },

  consistency (bytes, { old_size: oldSize, old_root: oldRoot, size, root }) {
    checkConsistency({ size: oldSize, root: unhex(oldRoot) }, { size, root: unhex(root) }, hashes(bytes))
    return { more: size - oldSize }
  },

  leaf (bytes) {
    readLeaf(bytes)
    return { leaf_hash: hex(leafHash(bytes)) }
  },

  facts (bytes) {
    readFacts(bytes)
    return { hash: hex(sha256(bytes)) }
  },

  refusal: signed('refusal', (value) => ({ of: hex(value.get('of')), refused_with: value.get('code') }),
    LIMIT.STATEMENT_BYTES_MAX),
  sequences: signed('sequences', ([origin, size]) => ({ origin, size })),
  restored: signed('restored', (value) =>
    ({ lost: value.get('closed')[1] - value.get('restored'), opened: value.get('opened') })),

  'exchange-request': message('exchange-request', LIMIT.EXCHANGE_REQUEST_BYTES_MAX,
    ([, statements]) => ({ statements: statements.length })),
  'exchange-reply': message('exchange-reply', LIMIT.EXCHANGE_REPLY_BYTES_MAX, ([, , results], { asked }) => {
    must(results.length === asked, 'over-limit')
    return { results: results.length }
  }),
  'redeliver-request': message('redeliver-request', LIMIT.STATEMENT_BYTES_MAX, ([, , from]) => ({ from })),
  'redeliver-reply': message('redeliver-reply', LIMIT.EXCHANGE_REQUEST_BYTES_MAX,
    ([, statements]) => ({ statements: statements.length })),
  'roster-request': message('roster-request', LIMIT.SMALL_REQUEST_BYTES_MAX, ([word]) => ({ word })),
  'roster-reply': message('roster-reply', LIMIT.ROSTER_REPLY_BYTES_MAX, ([word]) => ({ word })),
  'audit-request': message('audit-request', LIMIT.AUDIT_REQUEST_BYTES_MAX,
    ([, origin, from, size]) => ({ origin, from, size: size ?? 'newest' })),
  'audit-reply': message('audit-reply', LIMIT.AUDIT_REPLY_BYTES_MAX,
    ([word, , third, records]) => word === 'records' ? { records: records.length } : { code: third }),

  'witness-request': message('witness-request', LIMIT.WITNESS_REQUEST_BYTES_MAX, ([word, first, from]) =>
    word === 'head' ? { word, origin: first, from: from ?? 'none' } : { word, hash: hashOf(first) }),
  'witness-reply': message('witness-reply', LIMIT.WITNESS_REPLY_BYTES_MAX, ([word, first, second]) => ({
    answer: () => ({ word, status: first }),
    head: () => ({ word, checkpoint: first === null ? 'none' : hashOf(first), path: second?.length ?? 'none' }),
    taken: () => ({ word, hash: hex(first) }),
    refused: () => ({ word, code: second })
  })[word]()),
  'finding-request': message('finding-request', LIMIT.SMALL_REQUEST_BYTES_MAX,
    ([word, bytes]) => ({ word, hash: hashOf(bytes) })),
  'finding-answer': message('finding-answer', LIMIT.AUDIT_REPLY_BYTES_MAX,
    ([word, first, second]) => word === 'noted' ? { word, hash: hex(first) } : { word, code: second }),
  'finding-notice': signed('finding-notice', (value) => {
    const content = FINDING.map((name) => value.get(name) ?? null)
    const id = sha256(utf8('comity-finding/1'), encode(content))
    if (!sameBytes(id, value.get('id'))) throw new Error('the id of a finding is another')
    return { by: value.get('by'), of: value.get('of'), code: value.get('code'), id: hex(id) }
  }, LIMIT.FINDING_BYTES_MAX),
  'signed-finding-reply': signed('signed-finding-reply',
    (value) => ({ of: hex(value.get('of')), code: value.get('code') }), LIMIT.FINDING_BYTES_MAX),

  'clock-due': (_, context) => dueTime(context),
  'clock-choice': (_, context) => ({ clocks: chooseClocks(context) }),

  'parent-opening' (bytes) {
    const [statement, factsBytes] = decode(bytes)
    const facts = readFacts(factsBytes)
    if (!opensParent(open(statement), facts)) return { opens: 'no' }
    const [, caseId, id] = facts.get('parent')
    return { opens: 'yes', case: hex(caseId), statement: hex(id) }
  },

  evidence (bytes) {
    const [statement, objects] = decode(bytes)
    const named = open(statement).said.get('evidence') ?? []
    const beside = named.filter((hash) => objects.some((object) => sameBytes(sha256(object), hash)))
    return { named: named.length, beside: beside.length }
  }
}
