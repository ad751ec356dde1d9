"""How much a link may carry: rungs from full video (0) down to text (4). Pure; `pwa/src/call/ladder.ts` is its twin.

A call starts low and climbs. It falls at once, climbs after proof, waits longer after each climb that failed, and changes
at most twice in any minute, so that nobody sits in front of a picture that comes and goes. What people choose (a pin) is
no change of the ladder's own and holds at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

VOICE, TEXT = 3, 4
NEED = (800, 300, 120, 45, 0)
"""kbit/s each way that a rung needs."""
MINUTE, PROOF, LONGEST_PROOF = 60, 15, 120
SLOW_S, LOSSY, STUCK_S = 1.5, 0.15, 1.0
ROOM = 1.2
"""Climb only with this much more than the rung needs."""

WORDS = {
    "start": "先从语音开始，线路好再加画面。",
    "slow": "线路反应太慢，已经自动降一档。",
    "lossy": "线路丢得太多，已经自动降一档。",
    "narrow": "线路变窄了，已经自动降一档。",
    "better": "线路好转，已经自动升一档。",
    "pinned": "按您或对方的选择，用这一档。",
}


@dataclass(frozen=True)
class Sample:
    """One second of a link. None: not known. While the link is cut there are no samples: coming back is not the ladder's."""

    at: float
    rtt: float | None
    loss: float = 0.0
    kbps: float | None = None
    backlog: float = 0.0


@dataclass(frozen=True)
class Ladder:
    """Where a call stands. `changes` are the times of its own changes in the last minute; `proof` what a climb waits."""

    rung: int = VOICE
    reason: str = "start"
    pin: int = 0
    bad: int = 0
    clean_since: float | None = None
    climbed: float | None = None
    proof: float = PROOF
    changes: tuple[float, ...] = ()


def pinned(ladder: Ladder, pin: int) -> Ladder:
    """The ladder after somebody chose `pin` as the most a call may use; 0 leaves it to the link."""
    pin = min(max(pin, 0), TEXT)
    if ladder.rung >= pin:
        return replace(ladder, pin=pin)
    return replace(ladder, pin=pin, rung=pin, reason="pinned", clean_since=None, climbed=None)


def step(ladder: Ladder, sample: Sample, top: int = 0) -> Ladder:
    """The ladder after a sample; `top` is the best rung that both ends offer."""
    recent = tuple(at for at in ladder.changes if at > sample.at - MINUTE)
    now = replace(ladder, changes=recent)
    if now.climbed is not None and sample.at - now.climbed >= MINUTE:
        now = replace(now, climbed=None, proof=PROOF)
    best = max(top, now.pin)
    if now.rung < best:
        now = replace(now, rung=best, reason="pinned", clean_since=None, climbed=None)
    trouble = _trouble(now.rung, sample)
    if trouble is None:
        return _clean(now, sample, best)
    now = replace(now, bad=now.bad + 1, clean_since=None)
    if now.rung == TEXT or len(recent) >= 2 or (now.bad < 2 and sample.backlog <= STUCK_S):
        return now
    failed = now.climbed is not None
    return replace(
        now,
        rung=_fitting(now.rung + 1, sample),
        reason=trouble,
        bad=0,
        climbed=None,
        proof=min(now.proof * 2, LONGEST_PROOF) if failed else now.proof,
        changes=(*recent, sample.at),
    )


def _trouble(rung: int, sample: Sample) -> str | None:
    if (sample.rtt or 0) > SLOW_S or sample.backlog > STUCK_S:
        return "slow"
    if sample.loss > LOSSY:
        return "lossy"
    if sample.kbps is not None and sample.kbps < NEED[rung]:
        return "narrow"
    return None


def _fitting(best: int, sample: Sample) -> int:
    """The best rung from `best` down that the link is known to carry; pictures go at once when nothing is known."""
    if sample.kbps is None:
        return max(best, VOICE)
    return next((rung for rung in range(best, TEXT) if sample.kbps >= NEED[rung]), TEXT)


def _clean(now: Ladder, sample: Sample, best: int) -> Ladder:
    since = sample.at if now.clean_since is None else now.clean_since
    now = replace(now, bad=0, clean_since=since)
    if now.changes or now.rung <= best or sample.at - since < now.proof:
        return now
    rung = now.rung - 1 if sample.kbps is None else _roomy(best, now.rung, sample.kbps)
    if rung == now.rung:
        return now
    return replace(now, rung=rung, reason="better", clean_since=None, climbed=sample.at, changes=(sample.at,))


def _roomy(best: int, rung: int, kbps: float) -> int:
    return next((one for one in range(best, rung) if kbps >= NEED[one] * ROOM), rung)
