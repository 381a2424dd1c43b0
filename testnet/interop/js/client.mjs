// Says hello as a stranger: that js-libp2p reaches a node of Comity. The client takes this place; see ../README.md.
//
//   node client.mjs hello SEED MULTIADDR      SEED: 32 bytes in hex

import process from 'node:process'
import { decode, encode } from 'cborg'

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
const { generateKeyPairFromSeed } = await import('@libp2p/crypto/keys')
const { multiaddr } = await import('@multiformats/multiaddr')

/** One request and one reply: write, close the write side, read to the end. */
async function ask (node, address, protocol, request) {
  const stream = await node.dialProtocol(multiaddr(address), protocol, { signal: AbortSignal.timeout(10_000) })
  stream.send(request)
  await stream.close()
  const parts = []
  for await (const part of stream) parts.push(part.subarray())
  return Buffer.concat(parts)
}

const [, , , seed, address] = process.argv
const node = await createLibp2p({
  privateKey: await generateKeyPairFromSeed('Ed25519', Buffer.from(seed, 'hex')),
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()]
})
const reply = await ask(node, address, '/comity/hello/1', encode(['hello', [0, new Uint8Array(32)]]))
const [what, [version], code] = decode(reply)
console.log(JSON.stringify({ what, version, code, peer: node.peerId.toString() }))
await node.stop()
