// A member's own log, in memory: records, heads, receipts, and its files (8.5 to 8.8, 8.14).

import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { concat, encode } from './cbor.mjs'
import { LOG_KEY, makeCheckpoint, noteKey } from './note.mjs'
import { LOG_LIMIT } from './spec.mjs'
import { leafHash, pathOf, rootOf } from './tree.mjs'
import { kidOf, makeSign1, publicKey, sha256 } from './wire.mjs'

export class Log {
  #leaves = []
  #hashes = []
  #counts = new Map() // of records for each counterpart: 8.6
  #time = 0

  constructor (origin, seed) {
    this.seed = seed
    this.key = noteKey(origin, LOG_KEY, publicKey(seed))
  }

  get size () { return this.#leaves.length }
  get root () { return rootOf(this.#hashes) }
  leaf (index) { return this.#leaves[index] }

  /** Appends a record and gives its index. `facts` are the bytes that it commits to. */
  append (kind, roster, members = {}, facts = undefined) {
    const { counterpart } = members
    const seq = counterpart && (this.#counts.get(counterpart) ?? 0)
    if (counterpart) this.#counts.set(counterpart, seq + 1)
    this.#time = Math.max(this.#time, Date.now())
    const salt = new Uint8Array(randomBytes(16))
    const index = this.size
    const committed = { seq, facts: facts && sha256(facts) }
    const leaf = encode({ v: 1, kind, salt, time: this.#time, index, roster, ...committed, ...members })
    this.#leaves.push(leaf)
    this.#hashes.push(leafHash(leaf))
    return index
  }

  checkpoint () { return makeCheckpoint(this.key, this.seed, this.size, this.root) }

  /** The receipt of a record under the newest head. */
  receipt (index) {
    const proof = encode([this.size, index, pathOf(this.#hashes, index)])
    const unprotected = new Map([[396, new Map([[-1, [proof]]])]])
    const header = new Map([[1, -8], [4, kidOf(this.key.key)], [395, 1]])
    return [this.#leaves[index], makeSign1(this.seed, header, null, { unprotected, detached: this.root })]
  }

  /** The files of C2SP tlog-tiles, and the key that they are verified with. */
  write (dir) {
    const put = (path, content) => {
      mkdirSync(dirname(`${dir}/${path}`), { recursive: true })
      writeFileSync(`${dir}/${path}`, content)
    }
    const { name, id, type, key } = this.key
    put('checkpoint', this.checkpoint())
    put('vkey', `${name}+${id}+${Buffer.from([type, ...key]).toString('base64')}`)
    for (const [path, leaves] of tiles(this.#leaves)) {
      const entries = leaves.map((leaf) => concat(Uint8Array.of(leaf.length >> 8, leaf.length), leaf))
      put(`tile/entries/${path}`, concat(...entries))
    }
    for (let [level, hashes] = [0, this.#hashes]; hashes.length > 0; level += 1) {
      for (const [path, some] of tiles(hashes)) put(`tile/${level}/${path}`, concat(...some))
      hashes = full(hashes).map(rootOf)
    }
  }
}

const WIDTH = LOG_LIMIT.TILE_HASHES

const groups = (list) =>
  Array.from({ length: Math.ceil(list.length / WIDTH) }, (_, i) => list.slice(i * WIDTH, (i + 1) * WIDTH))
const full = (list) => groups(list).filter((group) => group.length === WIDTH)

/** Groups of 256 with their paths; the last one may have fewer. */
function tiles (list) {
  return groups(list).map((group, i) => {
    const digits = String(i).padStart(3 * Math.ceil(String(i).length / 3), '0').match(/\d{3}/g)
    const path = digits.map((three, at) => at < digits.length - 1 ? `x${three}` : three).join('/')
    return [group.length === WIDTH ? path : `${path}.p/${group.length}`, group]
  })
}
