// The checks of a statement, in their order; the first that fails gives the one code (chapter 3).
//
//   bytes -> size, depth, outer, header -> key, signature -> known -> payload, kind, body, limits, ext
//         -> federation, recipient, case id, time, roster, matrix, case, party

import { hex, sameBytes, utf8 } from './cbor.mjs'
import { CDDL, KINDS, LIMIT } from './spec.mjs'
import { caseIdOf, must, readSign1, sha256, shallow, signedBy, structure } from './wire.mjs'

const ANY = { 'kind-name': { name: 'tstr', args: [] } } // a text that is no kind has its own check: 2.5

/**
 * Reads a statement as `reader` and gives what was found.
 * reader: me, now, chain, isRecorded(id), parties(case) -> {opener, recipient} or nothing; `from`: whose node sent it.
 */
export function checkStatement (bytes, reader) {
  const statement = checkSigned(bytes, reader)
  must(!reader.isRecorded(hex(statement.id)), 'known')
  openPayload(statement)
  checkAddress(statement, reader)
  checkRoster(statement, reader)
  checkCase(statement, reader)
  return statement
}

/** Read, and held somebody to it: 3.2 to 3.5. */
function checkSigned (bytes, { chain, from }) {
  const statement = readStatement(bytes)
  const key = chain.known.statementKey(statement.issuer, statement.kid)
  must(key, 'unknown-key')
  must(signedBy(key, statement), 'bad-signature')
  must(from === undefined || statement.issuer === from, 'unknown-key')
  return statement
}

export function readStatement (bytes) {
  must(bytes.length <= LIMIT.STATEMENT_BYTES_MAX, 'oversize')
  const object = readSign1(bytes, 'statement')
  const claims = object.header.get(15)
  return {
    ...object,
    bytes,
    id: sha256(bytes), // 3.6
    kid: object.header.get(4),
    issuer: claims.get(1),
    case: claims.get(2),
    iat: claims.get(6)
  }
}

/** Opens the payload: 3.7 to 3.11. */
export function openPayload (statement) {
  const payload = structure(statement.payload, CDDL.rules.payload.type, 'bad-payload', ANY)
  const kind = payload.value.get('kind')
  must(KINDS.has(kind), 'unknown-kind')
  const body = openBody(payload.value.get('body'), kind)
  must(payload.over.length + body.over.length === 0, 'over-limit')
  must((payload.value.get('ext') ?? []).every(([, critical]) => !critical), 'unknown-critical')
  return Object.assign(statement, { said: payload.value, kind, body: body.value, to: payload.value.get('to') })
}

function openBody (bytes, kind) {
  shallow(bytes)
  const body = structure(bytes, kind, 'bad-body')
  // 4.4: two rules between members
  if (kind === 'acknowledgement' && body.value.get('answer') === 'refused') must(body.value.has('code'), 'bad-body')
  if (kind === 'outcome') {
    const reasoned = ([, , answer, , reason]) => answer !== 'reinstated' || reason !== null
    must(body.value.get('items').every(reasoned), 'bad-body')
  }
  return body
}

/** For this federation, this member and this case, and of this time: 3.12 to 3.14. */
function checkAddress ({ said, issuer, to, kind, case: caseId, iat }, { me, now, chain }) {
  must(hex(said.get('fed')) === chain.fed, 'wrong-federation')
  must(to === me && to !== issuer, 'wrong-recipient')
  const nonce = said.get('case_nonce')
  must(KINDS.get(kind).opens ? nonce && hex(caseIdOf(issuer, nonce)) === caseId : !nonce, 'wrong-case-id')
  const at = iat * 1000
  must(at + LIMIT.WINDOW_PAST_MS >= now && at <= now + LIMIT.WINDOW_FUTURE_MS, 'outside-window')
}

/** By the newest roster and charter: 3.15. */
function checkRoster ({ issuer, to, kind, kid, iat }, { now, chain }) {
  const inForce = chain.takesKind(kind, now) && chain.inForce(issuer, now) && chain.known.valid(kid, iat * 1000, now)
  must(inForce, 'not-in-force')
  must(chain.mayReach(issuer, kind, to, now), 'role-forbidden')
}

/** 3.16. */
function checkCase ({ issuer, to, kind, case: caseId }, { parties }) {
  const { opens, side } = KINDS.get(kind)
  const known = parties(caseId)
  must(known || opens, 'unknown-case')
  if (!known) return
  const fits = issuer === known.opener ? to === known.recipient : issuer === known.recipient && to === known.opener
  const party = issuer === known.opener ? 'opener' : 'recipient'
  must(fits && (side === 'either' || side === party), 'wrong-party')
}

/** Whether facts open the commitment of a statement to its parent (3.17). */
export function opensParent (statement, facts) {
  const [nonce, caseId, id] = facts.get('parent')
  const commitment = sha256(utf8('comity-parent/1'), nonce, caseId, id)
  return sameBytes(nonce, statement.said.get('nonce')) && sameBytes(commitment, statement.said.get('parent'))
}
