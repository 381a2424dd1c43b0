"""Legal clocks: which of them run for a case, and when they are due (chapter 17)."""

import calendar
import re
import tomllib
import zoneinfo
from datetime import date, datetime, time, timedelta, timezone

from spec import PROTOCOL

zoneinfo.reset_tzpath([])  # the rules of time zones are those of the package `tzdata`, not of this machine (17.4)
MILLISECOND = timedelta(milliseconds=1)
FOREVER = datetime.max.replace(tzinfo=timezone.utc)


def _published():
    clocks, areas = {}, {}
    for path in sorted((PROTOCOL / "clocks").glob("*.toml")):
        file = tomllib.loads(path.read_text())
        areas |= {area["code"]: {area["code"], *area["countries"]} for area in file.get("areas", [])}
        law = {name: file.get(name) for name in ("instrument", "area", "zone")}
        clocks |= {clock["id"]: law | clock for clock in file.get("clocks", [])}
    return clocks, areas


CLOCKS, AREAS = _published()


# -------------------------------------------------------------- 17.2 which run


def choose(charter, opening, recipient, registered_at):
    """The clocks that run or are shown, each with its word. `opening`: kind, grounds, claimed, capacity."""
    found = [(name, _standing(name, duration, opening, recipient, registered_at)) for name, duration in charter]
    named = [name for name, _ in charter]
    found += [(name, "not-in-force") for name in opening["claimed"] if name not in named]
    return [[name, word] for name, word in found if word]


def _standing(name, duration, opening, recipient, registered_at):
    clock = CLOCKS.get(name)
    claimed = name in opening["claimed"]
    if clock is None:
        return "unknown" if duration is None else "charter"
    capacities = clock.get("capacities")
    if opening["kind"] not in clock["kinds"] or (capacities and opening.get("capacity") not in capacities):
        return "does-not-apply" if claimed else None
    word = _applies(clock, opening["grounds"], recipient) or ("claim" if claimed else None)
    if word is None:
        return None
    if clock["start"] == "outside":
        return "not-computed"
    day = registered_at.astimezone(zoneinfo.ZoneInfo(clock["zone"])).date().isoformat()
    return word if clock.get("from", day) <= day <= clock.get("to", day) else "not-law"


def _applies(clock, grounds, recipient):
    area = AREAS.get(clock["area"], {clock["area"]})
    if clock["place"] == "recipient":
        return "recipient" if area & set(recipient) else None
    fits = any(ground["instrument"] == clock["instrument"] and ground["nature"] in clock["natures"]
               and ground["jurisdiction"] in area and _article_fits(clock, ground) for ground in grounds)
    return "ground" if fits else None


def _article_fits(clock, ground):
    number = re.search(r"[0-9][A-Za-z0-9]*", ground.get("article", ""))
    return not clock.get("articles") or (number is not None and number[0] in clock["articles"])


# ------------------------------------------------------- 17.4, 17.5 when it is due


def due(period, zone, base, still=timedelta()):
    """When a clock is due that began at `base` and stood still for a while; None without a fixed time."""
    if period is None:
        return None
    if "hours" in period:
        return base + timedelta(hours=period["hours"]) + still
    zone = zoneinfo.ZoneInfo(zone)
    local = base.astimezone(zone)
    day = _months_later(local.date(), 12 * period.get("years", 0) + period.get("months", 0))
    day += timedelta(weeks=period.get("weeks", 0), days=period.get("days", 0))
    if period["ends"] == "same-time":
        return _instant(day, local.time(), zone) + still
    last = _instant(day + timedelta(1), time(), zone) - MILLISECOND + still
    day = last.astimezone(zone).date()
    while period.get("last_day") == "next-weekday" and day.weekday() > 4:
        day += timedelta(1)
    return _instant(day + timedelta(1), time(), zone)


def _months_later(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _instant(day, at, zone):
    """What is left out is later by as much as is left out; of what comes twice, the first: both are `fold=0`."""
    return datetime.combine(day, at.replace(fold=0), zone).astimezone(timezone.utc)


def with_pauses(period, zone, start, pauses, until):
    """When it is due, how long it stood still in all, and whether it does at `until` (17.5)."""
    base, still, total, before, paused = start, timedelta(), timedelta(), start, False
    for pause in sorted(pauses, key=lambda pause: (pause["from"], pause["to"] or FOREVER)):
        over = pause["to"] is not None and pause["to"] <= until
        begin, end = max(pause["from"], before), pause["to"] if over else until
        due_then = due(period, zone, base, still)
        if end < begin or (due_then is not None and due_then <= begin):
            continue
        before, paused, total = end, not over, total + (end - begin)
        base, still = (end, timedelta()) if pause["effect"] == "restart" else (base, still + (end - begin))
    return due(period, zone, base, still), total, paused
