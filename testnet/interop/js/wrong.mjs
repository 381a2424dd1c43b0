// Statements that a member makes: sound ones, and those that are wrong in just one way (../README.md).

import { randomBytes } from 'node:crypto'
import { concat, hex } from './cbor.mjs'
import { LIMIT } from './spec.mjs'

const item = (url) => ({ n: 1, scope: 'this-location', hosting: [], locator: { url }, assessments: [] })

/** The body of a takedown request with one item (4.3). */
export const requestBody = (url) => ({
  asked: [['content', 'removed']],
  basis: [{ nature: 'notice', good_faith: true, instrument: 'eu-dsa', jurisdiction: 'SE' }],
  items: [item(url)],
  clocks: [],
  urgency: 'routine',
  capacity: 'service',
  reference: 'interop',
  requester: { attested: false, capacity: 'hotline' },
  assessed_at: Date.now()
})

const referralBody = () => ({
  done: [],
  items: [item(URL)],
  reason: 'hosting-country',
  urgency: 'routine',
  clearance: 'none-needed',
  reference: 'interop',
  assessed_at: Date.now(),
  reported_at: Date.now()
})

const URL = 'https://platform.example/item/1'
const request = (change = {}, body = {}) => (member, to) =>
  member.sign(to, 'takedown-request', { ...requestBody(URL), ...body }, change)

/** By the code that the other side has to answer with: `(member, to)` gives the bytes. */
export const WRONG = {
  'oversize': (member, to) => {
    const bytes = request()(member, to)
    return concat(bytes, new Uint8Array(LIMIT.STATEMENT_BYTES_MAX + 1 - bytes.length))
  },
  'too-deep': request({ payloadBytes: Uint8Array.from([...Array(LIMIT.DEPTH_MAX + 1).fill(0x81), 0]) }),
  'not-canonical': (member, to) => {
    const [tag, , ...rest] = request()(member, to)
    return Uint8Array.from([tag, 0x98, 4, ...rest])
  },
  'bad-header': request({ unprotected: (kid) => [[4, kid]] }),
  'unknown-key': request({ key: 'stranger' }),
  'bad-signature': (member, to) => {
    const bytes = request()(member, to)
    bytes[bytes.length - 1] ^= 1
    return bytes
  },
  'bad-payload': request({ payload: { handling: undefined } }),
  'unknown-kind': request({ payload: { kind: 'greeting' } }),
  'bad-body': request({ payload: { body: Uint8Array.of(0xa0) } }),
  'over-limit': request({}, { items: [] }),
  'unknown-critical': request({ payload: { ext: [['unknown.example', true, new Uint8Array()]] } }),
  'wrong-federation': request({ payload: { fed: new Uint8Array(32) } }),
  'wrong-recipient': request({ payload: { to: 'elsewhere.example' } }),
  'wrong-case-id': request({ sub: '00'.repeat(16) }),
  'outside-window': request({ iat: 86400 }),
  'role-forbidden': (member, to) => member.sign(to, 'referral', referralBody()),
  'unknown-case': (member, to) =>
    member.sign(to, 'information-request', { asks: ['status'] }, { case: hex(randomBytes(16)) })
}
