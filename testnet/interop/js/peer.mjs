// libp2p: one stream, one request, one reply (6.1 to 6.3).

import process from 'node:process'
import { PROTOCOLS } from './spec.mjs'

// js-libp2p needs it, and Node has it from 22 on. Before libp2p is loaded, so libp2p is imported below.
Promise.withResolvers ??= function () {
  const out = {}
  out.promise = new this((resolve, reject) => Object.assign(out, { resolve, reject }))
  return out
}
const { createLibp2p } = await import('libp2p')
const { tcp } = await import('@libp2p/tcp')
const { noise } = await import('@chainsafe/libp2p-noise')
const { yamux } = await import('@chainsafe/libp2p-yamux')
const { generateKeyPairFromSeed, publicKeyFromRaw } = await import('@libp2p/crypto/keys')
const { peerIdFromPublicKey } = await import('@libp2p/peer-id')
const { multiaddr } = await import('@multiformats/multiaddr')

export const EXCHANGE = '/comity/exchange/1'
export const ROSTER = '/comity/roster/1'
export const HELLO = '/comity/hello/1'

/** A peer with the identity of this seed. */
export async function startPeer (seed, listen = []) {
  return createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', seed),
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false } // ping is not spoken: 6.1
  })
}

/** One request to the peer that has this key, at the first of its addresses that answers. */
export async function ask (peer, { key, addresses }, protocol, request) {
  const limits = PROTOCOLS[protocol]
  const id = peerIdFromPublicKey(publicKeyFromRaw(key))
  const at = addresses.map((address) => multiaddr(`${address.split('/p2p/')[0]}/p2p/${id}`))
  const signal = AbortSignal.timeout(limits.time)
  const stream = await peer.dialProtocol(at, protocol, { signal })
  const reply = readAll(stream, limits.reply, limits.time)
  await write(stream, request).catch(() => {}) // a stranger is answered unread: the reply counts
  return reply
}

/**
 * Serves a protocol. `answer(key, read)` gives the bytes of the reply, and perhaps what to do once it is written.
 * It reads the request itself, or not at all.
 */
export async function serve (peer, protocol, answer) {
  const limits = PROTOCOLS[protocol]
  await peer.handle(protocol, async (stream, connection) => {
    try {
      const key = connection.remotePeer.publicKey?.raw
      const { reply, after } = await answer(key, () => readAll(stream, limits.request, limits.time))
      await write(stream, reply)
      after?.()
    } catch (error) {
      process.stderr.write(`${protocol}: ${error.stack}\n`)
      stream.abort(error)
    }
  })
}

async function write (stream, bytes) {
  if (!stream.send(bytes)) await stream.onDrain()
  await stream.close()
}

/** To the end of the stream. What is too long or takes too long ends it. */
async function readAll (stream, bytesMax, timeMax) {
  const timer = setTimeout(() => stream.abort(new Error('no end in time')), timeMax)
  const parts = []
  let length = 0
  try {
    for await (const part of stream) {
      length += part.byteLength
      if (length > bytesMax) {
        stream.abort(new Error('too long'))
        throw new Error('too long')
      }
      parts.push(part.subarray())
    }
  } finally {
    clearTimeout(timer)
  }
  return Uint8Array.from(Buffer.concat(parts))
}
