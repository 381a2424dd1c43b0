"""What four libraries that know nothing of Comity say of a log that a node wrote.

    python verifiers.py DIR [LIBRARY ...]        one line of JSON; ends with 0 if everything holds

DIR has what `comity log export` and `comity log prove` wrote, and a cosigned checkpoint:

    log/             checkpoint, vkey, tile/<level>/..., tile/entries/...       C2SP tlog-tiles
    cosigned         a checkpoint with the log's line and a witness's           C2SP tlog-cosignature
    witness          the witness's verifier key, one line
    record/<n>       c2sp.org/tlog-proof@v1; beside it .leaf, the record, and .cose, a receipt of RFC 9942
    grown/<size>     an add-checkpoint request of C2SP tlog-witness; beside it .cose, a consistency receipt of RFC 9942
    receipt          [leaf, COSE receipt]: the first receipt that the node gave while it wrote

Each library answers on its own, and takes nothing from another one's word but what stands in its line below. What it
counts is how many things it found right.
"""

import base64
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

EVERY_RECORD_UP_TO = 5_000  # of longer logs, some: the first and last, and so many in between
IN_BETWEEN = 250


class Wrong(Exception):
    """Something does not hold, by the word of a library."""


def must(holds, what):
    if not holds:
        raise Wrong(what)


def sample(size):
    if size <= EVERY_RECORD_UP_TO:
        return range(size)
    return sorted({*range(4), *range(size - 4, size), *(size * n // IN_BETWEEN for n in range(IN_BETWEEN))})


def older_sizes(size):
    return sorted({n for n in (1, 2, 3, 255, 256, 257, size // 3, size // 2, 65_535, 65_536, size - 1) if 0 < n < size})


class Folder:
    """The files, read and taken apart; nothing here is believed."""

    def __init__(self, root):
        self.root = Path(root)
        self.vkey = self.text("log/vkey").strip()
        _, key_id, key = self.vkey.split("+", 2)
        self.key_id = bytes.fromhex(key_id)
        self.public = base64.b64decode(key)[1:]
        encoded = Ed25519PublicKey.from_public_bytes(self.public).public_bytes
        self.pem = encoded(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.der = encoded(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def text(self, path):
        return self.bytes(path).decode()

    def bytes(self, path):
        return (self.root / path).read_bytes()

    def numbers(self, folder):
        found = sorted(int(path.name) for path in (self.root / folder).iterdir() if "." not in path.name)
        must(found, f"{folder} is empty")
        return found

    def record(self, index):
        """Of a tlog-proof: index, path, checkpoint; and the record, and the receipt."""
        head, _, checkpoint = self.text(f"record/{index}").partition("\n\n")
        first, second, *path = head.split("\n")
        must(first == "c2sp.org/tlog-proof@v1" and second == f"index {index}", "a tlog-proof of another form")
        path = [base64.b64decode(line, validate=True) for line in path]
        return path, checkpoint, self.bytes(f"record/{index}.leaf"), self.bytes(f"record/{index}.cose")

    def grown(self, old):
        head, _, checkpoint = self.text(f"grown/{old}").partition("\n\n")
        first, *path = head.split("\n")
        must(first == f"old {old}", "an add-checkpoint request of another form")
        path = [base64.b64decode(line, validate=True) for line in path]
        return path, checkpoint, self.bytes(f"grown/{old}.cose")


# ------------------------------------------------------------------------------------------------------- tlog-scales


def tlog_scales(folder):
    """Signatures of types 1 and 4; the tree from the tiles; the very texts of our proofs."""
    from tlog_scales.backend import LocalBackend
    from tlog_scales.reader import TilesReader
    from tlog_scales.signing import Vkey, VkeySet
    from tlog_scales.tiles import leaf_hash
    from tlog_scales.tlog import Checkpoint
    from tlog_scales.utils import b64enc

    reader = TilesReader(LocalBackend(folder.root / "log"))
    head = reader.get_checkpoint()
    log, witness = Vkey.from_string(folder.vkey), Vkey.from_string(folder.text("witness").strip())
    must(log.name == head.origin, "the key of another log")
    head.verify(log)
    must(reader.calculate_root_hash() == head.root_hash, "the tiles have another root")

    cosigned = Checkpoint.from_text(folder.text("cosigned"))
    signed = {(key.sig_type, key.name) for key, _ in VkeySet(log, witness).verify(cosigned.signatures, cosigned)}
    must(signed == {(1, log.name), (4, witness.name)}, "a line of the cosigned checkpoint")
    must(cosigned.serialize_body() == head.serialize_body(), "another head was cosigned")

    indexes = sample(head.size)
    for index in indexes:
        reader.get_inclusion_proof(index, head.size).check(leaf_hash(reader.get_entry(index)), head.root_hash)
    for old in older_sizes(head.size):
        reader.get_consistency_proof(old, head.size).check(reader.mth(0, old), head.root_hash)

    same = 0
    lines = lambda proof: "".join(f"{b64enc(hash_)}\n" for hash_ in proof.node_hashes)
    for index in folder.numbers("record"):
        theirs = f"c2sp.org/tlog-proof@v1\nindex {index}\n{lines(reader.get_inclusion_proof(index, head.size))}"
        must(folder.text(f"record/{index}") == f"{theirs}\n{head.serialize()}", f"the proof of {index} is not theirs")
        must(folder.bytes(f"record/{index}.leaf") == reader.get_entry(index), f"the record {index} is another")
        same += 1
    for old in folder.numbers("grown"):
        theirs = f"old {old}\n{lines(reader.get_consistency_proof(old, head.size))}"
        must(folder.text(f"grown/{old}") == f"{theirs}\n{head.serialize()}", f"the growth from {old} is not theirs")
        same += 1
    return {"size": head.size, "root": b64enc(head.root_hash), "included": len(indexes),
            "consistent": len(older_sizes(head.size)), "same_texts": same, "signatures": len(signed)}


# ---------------------------------------------------------------------------------------------------------- sigstore


def sigstore(folder):
    """Signed note, checkpoint, inclusion: the code that checks entries of the log of another project."""
    from sigstore._internal.merkle import verify_merkle_inclusion
    from sigstore._internal.rekor.checkpoint import SignedCheckpoint, verify_checkpoint
    from sigstore._internal.trust import Keyring
    from sigstore_models.common import v1

    key = v1.PublicKey(raw_bytes=base64.b64encode(folder.der), key_details=v1.PublicKeyDetails.PKIX_ED25519)
    keyring, checked = Keyring([key]), 0
    for index in folder.numbers("record"):
        path, checkpoint, leaf, _ = folder.record(index)
        head = SignedCheckpoint.from_text(checkpoint).checkpoint
        proof = SimpleNamespace(log_index=index, tree_size=head.log_size, hashes=path,
                                root_hash=bytes.fromhex(head.log_hash),
                                checkpoint=SimpleNamespace(envelope=checkpoint))
        log_id = SimpleNamespace(key_id=folder.key_id)
        entry = SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=proof, canonicalized_body=leaf, log_id=log_id))
        verify_checkpoint(keyring, entry)
        verify_merkle_inclusion(entry)
        checked += 1
    return {"included": checked}


# -------------------------------------------------------------------------------------------------------- scitt-cose


def scitt_cose(folder):
    """Receipts of RFC 9942 of both sorts, and both proofs of RFC 9162."""
    from scitt_cose import merkle
    from scitt_cose.cose_sign1 import verify_sign1
    from scitt_cose.receipt import verify_receipt

    counts = {"included": 0, "receipts": 0, "consistent": 0, "consistency_receipts": 0}
    for index in folder.numbers("record"):
        path, checkpoint, leaf, receipt = folder.record(index)
        size, root = claimed(checkpoint)
        hexes = [hash_.hex() for hash_ in path]
        must(merkle.verify_inclusion(leaf.hex(), index, size, hexes, root.hex()), f"the inclusion of {index}")
        found = verify_receipt(receipt, leaf_entry_hex=leaf.hex(), log_public_key_pem=folder.pem)
        must(found.ok, f"the receipt of {index}: {found.errors}")
        must((found.tree_size, found.leaf_index, found.root) == (size, index, root.hex()), "a receipt of another head")
        counts["included"] += 1
        counts["receipts"] += 1
    leaf, receipt = cbor2.loads(folder.bytes("receipt"))
    found = verify_receipt(receipt, leaf_entry_hex=leaf.hex(), log_public_key_pem=folder.pem)
    must(found.ok and found.leaf_index == cbor2.loads(leaf)["index"], f"the node's own receipt: {found.errors}")
    counts["receipts"] += 1
    for old in folder.numbers("grown"):
        path, checkpoint, receipt = folder.grown(old)
        size, root = claimed(checkpoint)
        older = root_of(folder, old)
        hexes = [hash_.hex() for hash_ in path]
        must(merkle.verify_consistency(older.hex(), root.hex(), old, size, hexes), f"the growth from {old}")
        must(consistency_of(receipt) == (old, size, path), "a consistency receipt of another proof")
        verify_sign1(receipt, public_key_pem=folder.pem, detached_payload=root)
        counts["consistent"] += 1
        counts["consistency_receipts"] += 1
    return counts


# ------------------------------------------------------------------------------------------------------------ pycose


def pycose(folder):
    """The signature of every receipt, over the root that the proof in it leads to."""
    from pycose.keys import OKPKey
    from pycose.keys.curves import Ed25519
    from pycose.messages import CoseMessage
    from scitt_cose import merkle

    def signed(receipt, root):
        message = CoseMessage.decode(receipt)
        must(message.payload is None and message.phdr_encoded == protected_of(receipt), "a receipt of another form")
        message.key = OKPKey(crv=Ed25519, x=folder.public)
        return message.verify_signature(detached_payload=root)

    counts = {"receipts": 0, "consistency_receipts": 0}
    for index in folder.numbers("record"):
        _, checkpoint, leaf, receipt = folder.record(index)
        size, at, path = cbor2.loads(cbor2.loads(receipt).value[1][396][-1][0])
        root = merkle.root_from_inclusion_proof(leaf.hex(), at, size, [hash_.hex() for hash_ in path])
        must(root == claimed(checkpoint)[1].hex(), f"the receipt of {index} leads elsewhere")
        must(signed(receipt, bytes.fromhex(root)), f"the signature of the receipt of {index}")
        counts["receipts"] += 1
    for old in folder.numbers("grown"):
        _, checkpoint, receipt = folder.grown(old)
        root = claimed(checkpoint)[1]
        must(signed(receipt, root), f"the signature of the growth from {old}")
        counts["consistency_receipts"] += 1
    return counts


def claimed(checkpoint):
    """Size and root that a checkpoint states; who asks has them checked."""
    _, size, root = checkpoint.split("\n")[:3]
    return int(size), base64.b64decode(root)


def root_of(folder, old):
    """The root of the older tree, from the tiles."""
    from tlog_scales.backend import LocalBackend
    from tlog_scales.reader import TilesReader

    reader = TilesReader(LocalBackend(folder.root / "log"))
    reader.get_checkpoint()
    return reader.mth(0, old)


def consistency_of(receipt):
    old, new, path = cbor2.loads(cbor2.loads(receipt).value[1][396][-2][0])
    return old, new, path


def protected_of(receipt):
    return cbor2.loads(receipt).value[0]


LIBRARIES = {"tlog-scales": tlog_scales, "sigstore": sigstore, "scitt-cose": scitt_cose, "pycose": pycose}


def main(root, *libraries):
    answer, holds = {}, True
    folder = None
    for name in libraries or LIBRARIES:
        try:
            folder = folder or Folder(root)
            answer[name] = {"ok": True, **LIBRARIES[name](folder)}
        except Exception as error:  # Whatever a library throws: it does not find this right.
            answer[name] = {"ok": False, "reason": f"{type(error).__name__}: {error}"[:500]}
            holds = False
    print(json.dumps(answer))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
