"""A member of a federation, written from `protocol-spec/` alone. The contract is in ../README.md.

    client.py member --id ID --seed HEX --fed HEX --listen MULTIADDR --role ROLE --country CC OUT
    client.py run    --id ID --seed HEX --listen MULTIADDR --charter FILE … --roster FILE …
    client.py vectors DIR
"""

import argparse
import json
import os
import sys
from base64 import b64encode
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.network.stream.exceptions import StreamEOF
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import PeerInfo
from multiaddr import Multiaddr

import statements
import vectors
from member import Member, clock, entry
from messages import read_message
from spec import LIMITS
from wire import Refused, encode
from wrongs import WRONGS, takedown

EXCHANGE, ROSTER, HELLO = "/comity/exchange/1", "/comity/roster/1", "/comity/hello/1"
PEER_ID = bytes.fromhex("002408011220")  # then the public key (6.1)
SMALL = "SMALL_REQUEST_BYTES_MAX"
REQUEST_MAX = {EXCHANGE: "EXCHANGE_REQUEST_BYTES_MAX", ROSTER: SMALL, HELLO: SMALL}
REPLY_MAX = {EXCHANGE: "EXCHANGE_REPLY_BYTES_MAX", ROSTER: "ROSTER_REPLY_BYTES_MAX", HELLO: "HELLO_REPLY_BYTES_MAX"}
TIME_MAX = {EXCHANGE: "EXCHANGE_TIME_MS_MAX", ROSTER: "EXCHANGE_TIME_MS_MAX", HELLO: "HELLO_TIME_MS_MAX"}


class NoReply(Exception):
    """Nothing is known about what the other side has done with a request (6.3)."""


# ------------------------------------------------- one stream, one request, one reply


async def read_to_end(stream, limit):
    data = b""
    while True:
        try:
            part = await stream.read(65536)
        except StreamEOF:
            part = b""
        if not part:
            return data
        data += part
        if len(data) > LIMITS[limit]:
            await stream.reset()
            raise NoReply("more bytes than the protocol allows")


async def ask(host, peer, protocol, request):
    """It reads while it writes: who is not admitted is answered unread (6.3)."""
    reply = None

    async def write(stream):
        try:
            await stream.write(request)
            await stream.close_write()
        except Exception as error:  # the library has one for each layer; a whole reply counts all the same
            print(f"not all was written: {error!r}", file=sys.stderr)

    try:
        with trio.fail_after(LIMITS[TIME_MAX[protocol]] / 1000):
            await host.connect(peer)
            stream = await host.new_stream(peer.peer_id, [protocol])
            async with trio.open_nursery() as nursery:
                nursery.start_soon(write, stream)
                reply = await read_to_end(stream, REPLY_MAX[protocol])
                nursery.cancel_scope.cancel()
    except Exception as error:
        raise NoReply(repr(error)) from error
    if not reply:
        raise NoReply("no reply")
    return reply


def peer_at(public, address):
    """The peer that has to answer: the key that the roster lists, whatever the address says (6.1)."""
    address = Multiaddr(address)
    if "p2p" in [protocol.name for protocol in address.protocols()]:
        address = address.decapsulate("/p2p/" + address.value_for_protocol("p2p"))
    return PeerInfo(ID(PEER_ID + public), [address])


@asynccontextmanager
async def listening(key, addresses):
    host = new_host(key_pair=create_new_key_pair(key.seed), muxer_preference="YAMUX")
    async with host.run(listen_addrs=[Multiaddr(address) for address in addresses]):
        yield host


# -------------------------------------------------------------------------- the member


class Client:
    def __init__(self, member, host):
        self.member, self.host = member, host
        self.arrived = trio.Condition()
        for protocol in (EXCHANGE, ROSTER, HELLO):
            host.set_stream_handler(protocol, lambda stream, protocol=protocol: self.serve(stream, protocol))

    # ------------------------------------------------------------------------- serving

    async def serve(self, stream, protocol):
        peer = stream.muxed_conn.peer_id.to_bytes()
        try:
            with trio.fail_after(LIMITS[TIME_MAX[protocol]] / 1000):
                await self.answer(stream, protocol, peer)
        except Exception as error:  # whatever a peer does costs its own stream, and no more
            print(f"{protocol}: {error!r}", file=sys.stderr)
            await stream.reset()
        await self.catch_up(self.admitted(peer))

    async def catch_up(self, member):
        """Fetches the rosters that this member has and we do not (6.5, 6.13)."""
        again = member and self.member.heard > self.member.roster[0]
        while again:
            try:
                request = encode(["since", self.member.roster[0] + 1])
                again = self.member.take_chain(await self.ask_member(member, ROSTER, request))
            except NoReply:
                return

    def admitted(self, peer):
        return self.member.trust.admitted(peer[6:], clock()) if peer[:6] == PEER_ID else None

    async def answer(self, stream, protocol, peer):
        """Admission is asked when the stream opens, when the request is whole, and before the reply (6.4)."""
        unread, new = encode(["hello", self.member.roster, "not-admitted"]), []
        reply = unread
        if protocol == HELLO or self.admitted(peer):
            request = await read_to_end(stream, REQUEST_MAX[protocol])
            sender = self.admitted(peer)
            if protocol == EXCHANGE and sender:
                reply, new = self.member.answer_exchange(request, sender)
            elif protocol == HELLO or sender:
                reply = self.member.answer_roster(request, sender, protocol == HELLO)
            if protocol != HELLO and not self.admitted(peer):
                reply, new = unread, []
        await stream.write(reply)
        await stream.close()
        async with self.arrived:
            self.member.inbox += new
            self.arrived.notify_all()

    # ------------------------------------------------------------------------- sending

    async def deliver(self, to, data, request=None):
        """6.12 and 6.17, steps 5 to 9, for one attempt."""
        said, offer = self.member.offer(data, to)
        reply = await self.ask_member(to, EXCHANGE, request or offer)
        code = stranger_code(reply)
        answer = {"code": code, "retry_after": None} if code else self.member.delivered(reply, data, said, to)
        await self.catch_up(to)
        return answer

    async def ask_member(self, to, protocol, request):
        listed = self.member.trust.member(to)
        error = NoReply("no member of that name, or none of its nodes has an address")
        for node in listed["nodes"] if listed else []:
            public = self.member.trust.key(to, node["key"], "transport")["public"]
            for address in node["addresses"]:
                try:
                    return await ask(self.host, peer_at(public, address), protocol, request)
                except NoReply as failed:
                    error = failed
        raise error

    # ------------------------------------------------------------------------ commands

    async def do(self, command):
        name = "do_" + command.pop("do").replace("-", "_")
        try:
            return await getattr(self, name)(**command)
        except NoReply as error:
            return {"closed": str(error)}

    async def do_request(self, to, url):
        body = statements.takedown_request(url, clock())
        return await self.deliver(to, self.member.make("takedown-request", to, body, os.urandom(16)))

    async def do_send(self, to, statement):
        return await self.deliver(to, bytes.fromhex(statement))

    async def do_send_wrong(self, to, what):
        if what == "bad-exchange":
            return await self.deliver(to, b"", request=encode([]))
        return await self.deliver(to, WRONGS[what](self.member, to))

    async def do_wait(self, kind):
        async with self.arrived:
            while not (found := [one for one in self.member.inbox if one[1].kind == kind]):
                await self.arrived.wait()
            self.member.inbox.remove(found[0])
        sender, said = found[0]
        shown = {"statement": said.data.hex(), "id": said.id.hex(), "kind": kind, "from": sender}
        return shown | {"case": said.case.hex(), "body": hexed(said.body)}

    async def do_bad_receipt(self):
        self.member.book.spoil_next_receipt = True
        return {"done": True}

    async def do_stranger(self, to):
        """Says hello and sends an exchange with a key that is in no roster."""
        listed = self.member.trust.member(to)["nodes"][0]
        public = self.member.trust.key(to, listed["key"], "transport")["public"]
        peer = peer_at(public, listed["addresses"][0])
        data = takedown(self.member, to)
        hello = encode(["hello", self.member.roster])
        exchange = encode([self.member.roster, [[data, None, []]]])
        async with listening(self.member.stranger_key, []) as host:
            return {
                "hello": stranger_code(await ask(host, peer, HELLO, hello)),
                "exchange": stranger_code(await ask(host, peer, EXCHANGE, exchange)),
            }

    async def do_log(self, dir):
        self.member.book.write_tiles(dir)
        return {"size": self.member.book.size, "root": b64encode(self.member.book.root()).decode()}

    async def do_quit(self):
        return {"done": True}


def stranger_code(reply):
    """Whether a reply is that to somebody who is not admitted, looked at before it is decoded (6.4)."""
    try:
        word, _, code = read_message(reply, "roster-reply")
        return code if word == "hello" else None
    except (Refused, ValueError):
        return None


def hexed(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: hexed(member) for key, member in value.items()}
    return [hexed(member) for member in value] if isinstance(value, list) else value


# ----------------------------------------------------------------------- command line


def say(answer):
    print(json.dumps(answer), flush=True)


async def run(arguments):
    charters = [Path(name).read_bytes() for name in arguments.charter]
    rosters = [Path(name).read_bytes() for name in arguments.roster]
    member = Member(arguments.id, bytes.fromhex(arguments.seed), charters, rosters)
    async with listening(member.keys["transport"], [arguments.listen]) as host:
        client = Client(member, host)
        say({"ready": [str(address) for address in host.get_transport_addrs()], "peer": str(host.get_id())})
        while line := await trio.to_thread.run_sync(sys.stdin.readline):
            command = json.loads(line)
            say(await client.do(dict(command)))
            if command["do"] == "quit":
                break


def parse():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    member = commands.add_parser("member")
    for name in ("id", "seed", "fed", "listen", "role", "country"):
        member.add_argument(f"--{name}", required=True)
    member.add_argument("out")
    running = commands.add_parser("run")
    for name in ("id", "seed", "listen"):
        running.add_argument(f"--{name}", required=True)
    for name in ("charter", "roster"):
        running.add_argument(f"--{name}", required=True, nargs="+", action="extend")
    commands.add_parser("vectors").add_argument("dir")
    return parser.parse_args()


def main():
    arguments = parse()
    if arguments.command == "vectors":
        vectors.run(arguments.dir)
    elif arguments.command == "run":
        trio.run(run, arguments)
    else:
        written = entry(arguments.id, bytes.fromhex(arguments.seed), bytes.fromhex(arguments.fed), arguments.listen,
                        arguments.role, arguments.country)
        Path(arguments.out).write_bytes(encode(written))


if __name__ == "__main__":
    main()
