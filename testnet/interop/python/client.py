"""Says hello as a stranger: that py-libp2p reaches a node of Comity. The client takes this place; see ../README.md.

    python client.py hello SEED MULTIADDR      SEED: 32 bytes in hex
"""

import json
import sys

import cbor2
import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.network.stream.exceptions import StreamEOF
from libp2p.peer.peerinfo import info_from_p2p_addr
from multiaddr import Multiaddr


async def ask(host, peer, protocol, request):
    """One request and one reply: write, close the write side, read to the end."""
    stream = await host.new_stream(peer, [protocol])
    await stream.write(request)
    await stream.close_write()
    reply = b""
    while True:
        try:
            part = await stream.read(65536)
        except StreamEOF:
            return reply
        if not part:
            return reply
        reply += part


async def hello(seed, address):
    host = new_host(key_pair=create_new_key_pair(bytes.fromhex(seed)), muxer_preference="YAMUX")
    async with host.run(listen_addrs=[]):
        with trio.fail_after(10):
            peer = info_from_p2p_addr(Multiaddr(address))
            await host.connect(peer)
            reply = await ask(host, peer.peer_id, "/comity/hello/1", cbor2.dumps(["hello", [0, bytes(32)]], canonical=True))
        what, reference, code = cbor2.loads(reply)
        print(json.dumps({"what": what, "version": reference[0], "code": code, "peer": str(host.get_id())}))


trio.run(hello, sys.argv[2], sys.argv[3])
