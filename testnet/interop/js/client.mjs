// A member of a federation, written from protocol-spec/ alone. The contract is in ../README.md.
//
//   node client.mjs member --id ID --seed HEX --fed HEX --listen MULTIADDR --role ROLE --country CC OUT
//   node client.mjs run --id ID --seed HEX --listen MULTIADDR --charter FILE … --roster FILE …
//   node client.mjs vectors DIR
//
// Here is what it does; what a member knows and judges is in member.mjs, its sockets are in peer.mjs.

import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { decode, encode, hex, isBytes, unhex } from './cbor.mjs'
import { Keys, makeEntry, Member } from './member.mjs'
import { checkedByOthers } from './others.mjs'
import { readStatement } from './statement.mjs'
import { Chain } from './trust.mjs'
import { runVectors } from './vectors.mjs'
import { Refused, sha256 } from './wire.mjs'
import { requestBody, WRONG } from './wrong.mjs'

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

const PROGRAM = {
  /** Writes the entry that a governance puts into its next roster. */
  member ({ id, seed, fed, listen, role, country, rest: [out] }) {
    writeFileSync(out, makeEntry({ id, keys: new Keys(unhex(seed)), fed, address: listen, role, country }))
  },

  vectors ({ rest: [dir] }) {
    for (const line of runVectors(dir)) say(line)
  },

  /** A member until its input ends. */
  async run ({ id, seed, listen, charter, roster }) {
    const chain = readChain(charter, roster)
    const net = await import('./peer.mjs')
    const session = new Session(new Member(id, new Keys(unhex(seed)), chain), net)
    await session.start(listen)
    for await (const line of createInterface({ input: process.stdin })) {
      const command = JSON.parse(line)
      say(await session[command.do](command))
      if (command.do === 'quit') break
    }
    await session.stop()
    process.exit(0)
  }
}

/** The chain from its first charter on, whose hash is the federation (7.6, 7.7). */
function readChain (charters, rosters) {
  const bytes = (path) => Uint8Array.from(readFileSync(path))
  const [payload] = decode(bytes(charters[0]))
  const chain = new Chain(hex(sha256(payload)))
  for (const path of charters) chain.takeCharter(bytes(path))
  for (const path of rosters) chain.takeRoster(bytes(path), Date.now())
  return chain
}

/** A running member and its commands; each gives its answer. */
class Session {
  #arrived = []
  #waiting = () => {}

  constructor (member, net) { Object.assign(this, { member, net }) }

  async start (listen) {
    const { member, net } = this
    this.peer = await net.startPeer(member.keys.of('transport'), [listen])
    await net.serve(this.peer, net.EXCHANGE, (key, read) => this.#admitted(key, read, (request, from) => {
      const { reply, arrived } = member.answerExchange(request, from)
      return { reply, after: () => this.#tell(arrived) }
    }))
    await net.serve(this.peer, net.ROSTER, (key, read) => this.#admitted(key, read, (request, from) => {
      const reply = member.answerRoster(request, { admitted: true, members: true })
      return { reply, after: () => this.#catchUp(from, request) }
    }))
    await net.serve(this.peer, net.HELLO, async (key, read) =>
      ({ reply: member.answerRoster(await read(), { admitted: member.admits(key), members: false }) }))
    const ready = this.peer.getMultiaddrs().map((address) => address.toString().split('/p2p/')[0])
    say({ ready, peer: this.peer.peerId.toString() })
  }

  async stop () { await this.peer.stop() }

  /** A stranger is answered unread; who has become one meanwhile, too (6.4). */
  async #admitted (key, read, answer) {
    const request = this.member.admits(key) && await read()
    const from = this.member.admits(key)
    return from ? answer(request, from) : { reply: this.member.hello('not-admitted') }
  }

  /** Fetches the rosters that a member has and this one has not (6.13). */
  async #catchUp (from, message) {
    try {
      if (!this.member.isBehind(message)) return
      const request = encode(['since', this.member.chain.rosters.length + 1])
      this.member.takeChain(await this.#ask(from, this.net.ROSTER, request))
    } catch (error) {
      process.stderr.write(`no newer roster from ${from}: ${error.message}\n`)
    }
  }

  #tell (arrived) {
    this.#arrived.push(...arrived)
    this.#waiting()
  }

  // ------------------------------------------------------------ the commands

  async request ({ to, url }) {
    const bytes = this.member.sign(to, 'takedown-request', requestBody(url))
    return this.#deliver(to, bytes)
  }

  async send ({ to, statement }) { return this.#deliver(to, unhex(statement)) }

  async 'send-wrong' ({ to, what }) {
    if (what === 'bad-exchange') return this.#deliver(to, new Uint8Array(), Uint8Array.of(0x80))
    return this.#deliver(to, WRONG[what](this.member, to))
  }

  async wait ({ kind }) {
    for (;;) {
      const at = this.#arrived.findIndex((statement) => statement.kind === kind)
      if (at >= 0) return told(this.#arrived.splice(at, 1)[0])
      await new Promise((resolve) => { this.#waiting = resolve })
    }
  }

  'bad-receipt' () {
    this.member.spoilNextReceipt = true
    return { done: true }
  }

  /** As a key that is in no roster. */
  async stranger ({ to }) {
    const stranger = await this.net.startPeer(this.member.keys.of('stranger'))
    const code = async (protocol, request) =>
      this.member.helloCode(await this.#ask(to, protocol, request, stranger)) ?? null
    const bytes = this.member.sign(to, 'takedown-request', requestBody('https://platform.example/item/1'))
    const answer = {
      hello: await code(this.net.HELLO, encode(['hello', this.member.chain.roster])),
      exchange: await code(this.net.EXCHANGE, this.member.request(bytes))
    }
    await stranger.stop()
    return answer
  }

  log ({ dir }) {
    const { log } = this.member
    log.write(dir)
    return { size: log.size, root: Buffer.from(log.root).toString('base64') }
  }

  quit () { return { done: true } }

  // ------------------------------------------------------------ delivery: 6.12, without its retries

  async #deliver (to, bytes, whole) {
    const request = whole ?? this.member.offer(to, bytes)
    try {
      const reply = await this.#ask(to, this.net.EXCHANGE, request)
      if (reply.length === 0) return { closed: 'a reply of no bytes' }
      const answer = await this.#judge(to, bytes, reply)
      await this.#catchUp(to, reply)
      return answer
    } catch (error) {
      return error instanceof Refused ? { wrong: error.code } : { closed: error.message }
    }
  }

  async #judge (to, bytes, reply) {
    const code = this.member.helloCode(reply)
    if (code !== undefined) return { code, retry_after: null } // a stranger here: 6.4
    const found = this.member.readReply(to, bytes, reply)
    if (!found.receipt) return found
    const checkedBy = await checkedByOthers(found.receipt, found.key)
    this.member.recordSent(to, found)
    const { id, case: caseId } = readStatement(bytes)
    const receipt = { leaf: hex(found.receipt.leafBytes), index: found.receipt.index, size: found.receipt.size }
    return { statement: hex(bytes), id: hex(id), case: caseId, receipt, checked_by: checkedBy }
  }

  /** One node of the member after the other, until one answers. */
  async #ask (to, protocol, request, peer = this.peer) {
    let failed = new Error(`no node of ${to} is listed`)
    for (const node of this.member.nodesOf(to)) {
      try {
        return await this.net.ask(peer, node, protocol, request)
      } catch (error) {
        failed = error
      }
    }
    throw failed
  }
}

const told = ({ bytes, id, kind, issuer, case: caseId, body }) =>
  ({ statement: hex(bytes), id: hex(id), kind, from: issuer, case: caseId, body: plain(body) })

/** A body as JSON, its byte strings in hexadecimal. */
function plain (value) {
  if (isBytes(value)) return hex(value)
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, entry]) => [name, plain(entry)]))
  return value
}

const LISTS = ['charter', 'roster']

/** `--name VALUE`, and the words that belong to no option. */
function options (words) {
  const found = { rest: [], charter: [], roster: [] }
  let list = found.rest
  for (let at = 0; at < words.length; at += 1) {
    const name = words[at].startsWith('--') && words[at].slice(2)
    if (!name) list.push(words[at])
    else if (!LISTS.includes(name)) found[name] = words[at += 1]
    list = name ? found[LISTS.includes(name) ? name : 'rest'] : list
  }
  return found
}

const [, , program, ...words] = process.argv
await PROGRAM[program](options(words))
