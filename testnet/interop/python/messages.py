"""Messages between nodes (chapter 6): how they are read."""

from spec import LIMITS
from wire import items, need, need_depth, read

BYTES_MAX = {  # 6.2 and 6.5; for what two protocols carry, the longer one
    "exchange-request": "EXCHANGE_REQUEST_BYTES_MAX",
    "exchange-reply": "EXCHANGE_REPLY_BYTES_MAX",
    "redeliver-request": "STATEMENT_BYTES_MAX",
    "redeliver-reply": "EXCHANGE_REQUEST_BYTES_MAX",
    "roster-request": "SMALL_REQUEST_BYTES_MAX",
    "roster-reply": "ROSTER_REPLY_BYTES_MAX",
    "audit-request": "AUDIT_REQUEST_BYTES_MAX",
    "audit-reply": "AUDIT_REPLY_BYTES_MAX",
    "finding-request": "SMALL_REQUEST_BYTES_MAX",
    "finding-answer": "AUDIT_REPLY_BYTES_MAX",
    "witness-request": "WITNESS_REQUEST_BYTES_MAX",
    "witness-reply": "WITNESS_REPLY_BYTES_MAX",
}


def read_message(data, rule):
    """6.5."""
    need(len(data) <= LIMITS[BYTES_MAX[rule]], "oversize")
    need_depth(data)
    need(items(data) <= LIMITS["FRAMING_ITEMS_MAX"], "over-limit")
    return read(data, rule)


def read_reply(data, asked):
    """6.8: as many results as statements; but one for `bad-exchange`."""
    reply = read_message(data, "exchange-reply")
    results = reply[2]
    bad = len(results) == 1 and results[0][:2] == [2, "bad-exchange"]
    need(bad or len(results) == asked, "over-limit")
    return reply
