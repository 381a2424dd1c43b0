"""What the specification says as data: limits, registries, and the structures of `comity.cddl` (2.5 to 2.8).

A small reader of the part of CDDL (RFC 8610) that `comity.cddl` uses. It is not a validator library because it has to
tell two failures apart: `WrongStructure` is raised, a limit that is exceeded is returned (2.8).
"""

import json
import re
import tomllib
from pathlib import Path

PROTOCOL = Path(__file__).resolve().parents[3] / "protocol-spec"


def registry(name):
    return tomllib.loads((PROTOCOL / "registries" / f"{name}.toml").read_text())["values"]


def _limits():
    """By name, those of `wire` first: `same_as` names one of them."""
    result = {}
    for row in registry("limit"):
        value = row["value"] if "value" in row else result[row["same_as"]]
        result[f"{row['owner']}:{row['id']}"] = value
        result.setdefault(row["id"], value)
    return result


LIMITS = _limits()
KINDS = {row["id"]: row for row in registry("kind")}
CHECKS = {row["code"]: row for row in registry("check")}


class WrongStructure(Exception):
    """The value does not have the structure of the rule."""


# Forms whose length is a limit and no part of the form (2.7), and the limit.
FORMS = {
    "code": (r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", "CODE_BYTES_MAX"),
    "ext-name": (r"[a-z0-9][a-z0-9.-]*", "CODE_BYTES_MAX"),
    "domain": (None, "DOMAIN_BYTES_MAX"),
}

TOKEN = re.compile(
    r'\s+|"(?:[^"\\]|\\.)*"|#6\.18|\.\.|\.(?:size|le|regexp|cbor|and)\b|-?\d+\*\d+|\*\d+|-?\d+'
    r"|[A-Za-z][A-Za-z0-9_-]*|[=/?:,(){}\[\]<>]"
)


class Cddl:
    """The rules of a CDDL file. `check(rule, value)` is the way in."""

    def __init__(self, text):
        self.rules = {}
        for block in re.split(r"\n(?=[a-z][a-z0-9-]*(?:<[^>]*>)?\s*=)", text):
            head = re.match(r"([a-z][a-z0-9-]*)(?:<([^>]*)>)?\s*=", block)
            if head:
                parameters = [name.strip() for name in (head[2] or "").split(",") if name.strip()]
                self.rules[head[1]] = (parameters, Parser(block[head.end() :]).rule())

    def check(self, rule, value):
        """Whether all limits are kept. Raises `WrongStructure`."""
        return self._type(Parser(rule).rule(), value, {})

    def _type(self, node, value, scope):
        return getattr(self, f"_{node[0]}")(node, value, scope)

    def _choice(self, node, value, scope):
        kept = None
        for option in node[1]:
            try:
                kept = self._type(option, value, scope) or kept or False
            except WrongStructure:
                continue
        if kept is None:
            raise WrongStructure
        return kept

    def _literal(self, node, value, _scope):
        _ensure(type(value) is type(node[1]) and value == node[1])
        return True

    def _range(self, node, value, _scope):
        _ensure(type(value) is int and 0 <= value < 2**64)
        return node[1] <= value <= node[2]

    def _name(self, node, value, scope):
        name, arguments = node[1], node[2]
        if name in scope:
            return self._type(scope[name], value, {})
        if name in PRELUDE:
            _ensure(PRELUDE[name](value))
            return True
        if name in FORMS:
            pattern, limit = FORMS[name]
            if pattern is not None:
                _ensure(isinstance(value, str) and re.fullmatch(pattern, value))
                return len(value) <= LIMITS[limit]
            return self._type(self.rules[name][1], value, {}) and len(value) <= LIMITS[limit]
        parameters, body = self.rules[name]
        inner = {key: _bind(argument, scope) for key, argument in zip(parameters, arguments)}
        return self._type(body, value, inner)

    def _control(self, node, value, scope):
        operator, left, right = node[1:]
        kept = self._type(left, value, scope)
        if operator == ".and":
            return self._type(right, value, scope) and kept
        if operator == ".cbor":  # read as bytes of its own, at its own place (2.10)
            return kept
        if operator == ".le":
            _ensure(value < 2**64)
            return value <= right[1] and kept
        if operator == ".regexp":
            _ensure(re.fullmatch(right[1], value))
            return kept
        length = len(value.encode()) if isinstance(value, str) else len(value)
        if right[0] == "literal":
            _ensure(length == right[1])
            return kept
        return right[1] <= length <= right[2] and kept

    def _tag(self, _node, _value, _scope):
        raise WrongStructure("a COSE_Sign1 is read by its own rules")

    def _map(self, node, value, scope):
        _ensure(isinstance(value, dict))
        named = {key for key, _, _ in node[1]}
        _ensure(all(key in named for key in value))
        kept = True
        for key, optional, member in node[1]:
            if key in value:
                kept = self._type(member, value[key], scope) and kept
            else:
                _ensure(optional)
        return kept

    def _array(self, node, value, scope):
        _ensure(isinstance(value, list) and len(value) == len(node[1]))
        return all([self._type(member, entry, scope) for member, entry in zip(node[1], value)])

    def _list(self, node, value, scope):
        least, most, member, order = node[1:]
        _ensure(isinstance(value, list))
        kept = all([self._type(member, entry, scope) for entry in value])
        if order:
            keys = [order(entry) for entry in value]
            _ensure(all(before < after for before, after in zip(keys, keys[1:])))
        return least <= len(value) <= most and kept


def _ensure(holds):
    if not holds:
        raise WrongStructure


def _bind(argument, scope):
    """An argument that is itself a parameter means what it means outside."""
    return scope[argument[1]] if argument[0] == "name" and argument[1] in scope else argument


PRELUDE = {
    "uint": lambda value: type(value) is int and value >= 0,
    "tstr": lambda value: isinstance(value, str),
    "bstr": lambda value: isinstance(value, bytes),
    "bool": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "any": lambda value: True,
}


class Parser:
    """Reads one rule. A comment with the word *sorted* belongs to the first list of its line (2.6)."""

    def __init__(self, text):
        self.tokens, self.orders = [], []
        for line in text.split("\n"):
            code, _, comment = line.partition(";")
            order = _order(comment)
            for token in TOKEN.findall(code):
                if not token.isspace():
                    takes = order if re.fullmatch(r"\d*\*\d+", token) else None
                    order = None if takes else order
                    self.tokens.append(token)
                    self.orders.append(takes)
        self.at = 0

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def take(self, token=None):
        found = self.peek()
        if token is not None and found != token:
            raise ValueError(f"{token} expected, not {found}")
        self.at += 1
        return found

    def skip(self, token):
        if self.peek() == token:
            self.take()

    def rule(self):
        return self.choice()

    def choice(self):
        options = [self.control()]
        while self.peek() == "/":
            self.take()
            options.append(self.control())
        return options[0] if len(options) == 1 else ("choice", options)

    def control(self):
        left = self.primary()
        if self.peek() == "..":
            self.take()
            return ("range", left[1], self.primary()[1])
        if self.peek().startswith("."):
            return ("control", self.take(), left, self.primary())
        return left

    def primary(self):
        token = self.take()
        if token == "(":
            inner = self.choice()
            self.take(")")
            return inner
        if token == "{":
            return self.map()
        if token == "[":
            return self.array()
        if token == "#6.18":
            self.take("(")
            self.choice()
            self.take(")")
            return ("tag",)
        if token.startswith('"'):
            return ("literal", json.loads(token))
        if re.fullmatch(r"-?\d+", token):
            return ("literal", int(token))
        arguments = []
        if self.peek() == "<":
            self.take()
            while self.peek() != ">":
                arguments.append(self.choice())
                self.skip(",")
            self.take(">")
        return ("name", token, arguments)

    def map(self):
        members = []
        while self.peek() != "}":
            optional = self.peek() == "?"
            self.skip("?")
            key = self.take()
            self.take(":")
            members.append((_key(key), optional, self.choice()))
            self.skip(",")
        self.take("}")
        return ("map", members)

    def array(self):
        if re.fullmatch(r"\d*\*\d+", self.peek()):
            order = self.orders[self.at]
            least, most = self.take().split("*")
            member = self.choice()
            self.take("]")
            return ("list", int(least or 0), int(most), member, order)
        members = []
        while self.peek() != "]":
            if self.peek(1) == ":":  # a label, for people
                self.take()
                self.take(":")
            members.append(self.choice())
            self.skip(",")
        self.take("]")
        return ("array", members)


def _key(token):
    if token.startswith('"'):
        return json.loads(token)
    return int(token) if re.fullmatch(r"-?\d+", token) else token


def _order(comment):
    """The key of a sorted list, from what its comment says: by which members, or by the whole entry."""
    found = re.search(r"\bsorted\b(?: by ([a-z]+)(?: and ([a-z]+))?)?", comment)
    if not found:
        return None
    names = [name for name in found.groups() if name and name != "the"]

    def key(entry):
        if not names:
            return entry
        if isinstance(entry, dict):
            return [entry[name] for name in names]
        return entry[: len(names)]

    return key


CDDL = Cddl((PROTOCOL / "comity.cddl").read_text())
