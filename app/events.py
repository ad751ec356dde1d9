"""Every event of the ledger: its name, its fields, who may emit it, which field is personal and gets sealed.

Events of kind `device` arrive from village pages through `POST /sync`; `centre` ones are appended by our own slices.
Bodies are msgspec structs: unknown fields are refused, so nothing unplanned reaches the ledger.
A personal field (named in `sealed`) holds plain JSON on the wire and vault-sealed text in the ledger.
Rows are sorted by name; `tests/contracts` holds that every event appended anywhere is here and documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from app.problems import Problem

VISIT = "visit:"
"""Begins what a rating names when it is about a visit and not about a decided matter."""
Short = Annotated[str, Meta(max_length=100)]
Line = Annotated[str, Meta(max_length=500)]
Long = Annotated[str, Meta(max_length=4000)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
When = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$")]
CaseNo = Annotated[str, Meta(pattern=r"^NJ\d{9}\d{8}[A-Z]{2}\d{4}$")]
"""办件编号: NJ + 9-digit region of the point + yyyymmdd + 2 letters of the device + 4-digit counter."""


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """Base of every event body."""


class QuestionAsked(Body):
    text: Line
    """What was asked; numbers are masked on the device before it is stored, numbers and announced names at the centre again."""
    decision: Literal["answer", "clarify", "redirect", "refuse", "handoff"]
    items: list[Short]
    """Items offered, best first."""
    release: Count
    picked: Short | None = None
    """The item the person opened, None for 都不是 or nothing."""
    declined: bool = False
    """Whether the person said that nothing of it fits (都不是, 说的不是这个)."""
    lingua: Count | None = None
    """Release of the words it was judged with; with `release` it fixes the answer."""


class MaterialChecked(Body):
    name: Line
    have: bool


class FileNamed(Body):
    """One page or paper that belongs to a case; the bytes follow by tus (sync/PROTOCOL.md, files)."""

    material: Line
    """What of the list it is, "" for something else."""
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    kind: Literal["image/jpeg", "application/pdf"]


class Mandate(Body):
    """Who lets whom act, in what, until when (app/handling/mandate.py); sealed."""

    way: Literal["signed", "paper"]
    """Signed on the screen, or a paper whose photo is among the files as 授权委托书."""
    item: Short
    powers: Annotated[list[Literal["submit", "amend", "collect"]], Meta(max_length=3)]
    since: Short
    """Day, 2026-11-25."""
    until: Short
    principal_name: Line
    principal_id: Line
    principal_relation: Short
    """本人, or what the guardian who signs is to the child."""
    agent_name: Line
    agent_id: Line
    strokes: Annotated[str, Meta(max_length=20_000)] = ""
    """The signature: "x,y x,y|…", one stroke after a bar, on a pad 1000 wide and 400 high."""
    signed_at: Short = ""


class CaseSubmitted(Body):
    case_no: CaseNo
    item: Short
    release: Count
    situations: list[Line]
    materials: list[MaterialChecked]
    applicant: dict[str, Line]
    """name, id_number, phone, region, address; sealed before it reaches the ledger."""
    proxy: dict[str, Line] | None = None
    """Who files for the applicant: name, id_number, phone, relation; sealed."""
    mandate: Mandate | None = None
    """With which right the proxy acts; sealed. None for a guardian, and from programs before 0.2."""
    note: Long = ""
    """Free text; sealed, since people write personal things into it."""
    files: Annotated[list[FileNamed], Meta(max_length=60)] = []
    follow: Short = ""
    """The short secret on the receipt, with which the person follows the case; sealed. "" from programs before 0.2."""


class NoticePrinted(Body):
    item: Short
    release: Count
    situations: list[Line]
    number: Short = ""
    """What stands on the paper, made on the device."""


class RatingGiven(Body):
    matter: Short
    """What is rated: a case number once it is decided (一事一评); `visit:` and a case number for the visit in which it
    was handed in, or `visit:` and an id when nothing was filed (一次一评). One rating for each. Programs before 0.2 name
    the case number in both."""
    level: Annotated[int, Meta(ge=1, le=5)]
    """GB/T 39046 A.8: 1 非常满意 … 5 非常不满意; 4 and 5 are 差评."""
    rated_at: When
    reasons: list[Short] = []
    text: Long = ""
    """Free text; sealed."""
    channel: Literal["PC端", "移动端", "纸质"] = "PC端"
    """Where it was given: at the service point, on the follow page, on paper (then `rated_at` is the day on the paper)."""


class CaseFileStored(Body):
    """A file of a case is whole, checked and sealed at the centre."""

    case_no: CaseNo
    sha256: Short
    kind: Short
    bytes: Count


class CaseSupplemented(Body):
    case_no: CaseNo
    materials: list[MaterialChecked]
    """The whole list as it stands now, not only what came."""
    applicant: dict[str, Line] | None = None
    """The applicant's fields where one of them was corrected; sealed."""
    note: Long = ""
    """What the guide says with it; sealed."""
    files: Annotated[list[FileNamed], Meta(max_length=60)] = []
    """Photos and papers of what came; none from programs before 0.2."""


class CaseWithdrawn(Body):
    case_no: CaseNo
    reason: Long
    """Why the applicant takes it back; sealed, since people write personal things into it."""


class CaseProgressed(Body):
    case_no: CaseNo
    state: Short
    state_name: Short
    note: Long
    """For the applicant: what is missing, why refused; sealed, as `result`. Entries from before 0.2 stand open."""
    missing: list[Line] = []
    """Returned: everything that is missing, at once (一次性告知)."""
    owed: list[Line] = []
    """What may still follow (容缺), as it stands after this step."""
    owed_due: Short = ""
    """The day by which it must come, 2026-12-01."""
    due: Short = ""
    """The last day for the centre's next step; "" when none runs."""
    result: Line = ""
    """Done: the decision and the paper that was made."""


class CaseAssigned(Body):
    case_no: CaseNo
    department: Short
    handler: Short
    """The person who works it, "" for nobody yet."""
    note: Line = ""


class CaseLinked(Body):
    case_no: CaseNo
    external_case_no: Short


class CaseNoted(Body):
    case_no: CaseNo
    text: Long
    """For colleagues only; sealed."""


class CaseCleared(Body):
    """The service point shall wipe its copy of a case whose time is over."""

    case_no: CaseNo


class Forgotten(Body):
    """Personal data were wiped and their key with them; the subject is what they belonged to."""

    kind: Short
    why: Short
    """period: its time was over; request: the person asked (the reason is with `personal.requested`)."""
    counts: dict[Short, Count]


class PersonalRequested(Body):
    """A person asked what is kept of them, or that it be deleted; the subject is an id of the request, nothing of them."""

    act: Literal["export", "delete"]
    reason: Short
    """A key of `app/retention/rules.REASONS`: nothing can be typed."""
    subjects: list[Line]


class RetentionRan(Body):
    """What a run wiped, by kind: how many, never whom."""

    counts: dict[Short, Count]
    held: Count


class ResultIssued(Body):
    """A document that a decision made; the subject is its case."""

    case_no: CaseNo
    document: Short
    said: Line
    """Name and number; sealed."""
    kind: Short
    """Of its bytes, "" for a number without a paper."""
    bytes: Count
    sha256: Short


class ResultWithdrawn(Body):
    """A wrong document was taken back."""

    case_no: CaseNo
    document: Short
    reason: Line
    """Sealed."""


class DepartmentsSet(Body):
    departments: list[Short]


class DeviceEnrolled(Body):
    letters: Short


class MoveOrdered(Body):
    """A device shall work at another point."""

    reason: Line
    point: Short


class DeviceMoved(Body):
    """A device works at another point; its events up to `after_seq` belong to the one before."""

    point: Short
    before: Short
    after_seq: Annotated[int, Meta(ge=0)]
    reason: Line


class ResendOrdered(Body):
    """A device shall send again what it recorded from a number on."""

    reason: Line
    from_seq: Annotated[int, Meta(ge=1)]


class OrderDropped(Body):
    """An order to a device was taken back."""

    order: Annotated[int, Meta(ge=1)]


class KeysCertified(Body):
    """A key letter of the offline root was imported."""

    serial: Annotated[int, Meta(ge=1)]
    root: Short
    keys: list[Short]


class DeviceRenamed(Body):
    name: Short


class Reasoned(Body):
    """Something done for a stated reason."""

    reason: Line


class CodeIssued(Body):
    expires_at: When


class KnowledgeEdition(Body):
    edition: Short


class KnowledgeReleased(Body):
    release: Count
    content_root: Short
    items: Count
    note: Long


class DraftMade(Body):
    """A reply was drafted for an agent, or could not be: figures only, no word of it."""

    outcome: Short
    """model, verbatim, advice, or the code of the problem."""
    model: Short
    milliseconds: Count
    """How long the model took; 0 when it was not asked."""
    sources: Count
    kept: Count
    dropped: dict[Short, Count]
    """Sentences that were not shown, by reason."""


class CourierPacked(Body):
    knowledge: Count
    """Number of the release in the pack."""
    lingua: Count
    bytes: Count


class CourierTaken(Body):
    """What one outbox on a USB stick brought; the subject is its id."""

    accepted: Count
    duplicate: Count
    refused: Count
    files: Count
    files_refused: Count
    bytes: Count


class LibraryText(Body):
    title: Line
    version: Count


class Nothing(Body):
    """The name and subject say it all."""


class OpenDataFile(Body):
    sha256: Short


class PersonAdded(Body):
    username: Short
    roles: list[Short]
    region: Short


class PersonChanged(Body):
    roles: list[Short]
    region: Short
    active: bool


class PointAdded(Body):
    name: Short
    region: Short


class PointChanged(Body):
    name: Short


class RectificationMoved(Body):
    state: Short
    act: Short = ""
    """What was done: a key of `app/ratings/rules.ACTS`."""
    note: Long = ""
    """What was said and done; sealed."""
    again: Annotated[int, Meta(ge=0, le=5)] | None = None
    """Level of the re-rating at the call-back, 0 when the person would or could not."""


class SyncSettled(Body):
    settlement: Line
    event: Short


class MessageLeft(Body):
    """A village left word for the centre when nobody took its call; the subject is the message's own id."""

    text: Annotated[str, Meta(max_length=1000)]
    """Sealed."""
    item: Short
    """"" for none."""
    release: Count
    day: Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
    """The day of the wished call-back, "" for as soon as possible."""
    part: Literal["soon", "morning", "afternoon"]
    why: Literal["offline", "unstaffed", "waiting", "unanswered", "asked"]
    """Why a message and not a call."""
    language: Short = ""


class MessageMoved(Body):
    """What the centre did with a message; goes down to its point."""

    state: Short
    act: Literal["taken", "put_back", "rung", "silent", "later", "unsettled", "answered", "closed"]
    agent_name: Short
    tries: Count
    due_from: When
    due_until: When
    note: Long = ""
    """To the village; sealed."""


class TalkEnded(Body):
    outcome: Short


class TalkConsent(Body):
    kind: Short
    given: bool


class TalkComputer(Body):
    what: Literal["paired", "locked", "stopped"]
    reason: Short
    """Of a pairing the system, of a stop why; never what was seen or typed."""


class TalkOpened(Body):
    item: Short


class TalkPassed(Body):
    how: Literal["declined", "lapsed"]


class TalkRefused(Body):
    kind: Literal["page", "page_control"]


class TalkAct(Body):
    """One act of an agent on a village page."""

    verb: Literal["fill", "press", "choose", "scroll"]
    mark: Short
    """Where, in the words of the program's own list; never what was filled in."""
    outcome: Literal["done", "refused", "held", "unanswered"]
    reason: Short


class TalkMoved(Body):
    person: Short
    department: Short


class TalkHeld(Body):
    on: bool


class TalkInvited(Body):
    guest: Short


class TalkEntered(Body):
    mode: Literal["listen", "whisper", "join"]


class TalkLeft(Body):
    guest: Short
    sent_away: bool
    """Whether the village sent them away."""


class AgentState(Body):
    state: Short
    why: Short
    """missed: a call rang and was not taken; "": said so himself."""


class Kind(NamedTuple):
    """One row of the table."""

    source: Literal["device", "centre", "both"]
    body: type[Body]
    sealed: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    """Kept in the open, for figures and gaps: whatever is personal in it is hidden before."""


# fmt: off
EVENTS: dict[str, Kind] = {
    "agent.state": Kind("centre", AgentState),
    "case.assigned": Kind("centre", CaseAssigned, sealed=("note",)),
    "case.cleared": Kind("centre", CaseCleared),
    "case.file_stored": Kind("centre", CaseFileStored),
    "case.linked": Kind("centre", CaseLinked),
    "case.noted": Kind("centre", CaseNoted, sealed=("text",)),
    "case.progressed": Kind("centre", CaseProgressed, sealed=("note", "result")),
    "case.submitted": Kind("device", CaseSubmitted, sealed=("applicant", "proxy", "mandate", "note", "follow")),
    "case.supplemented": Kind("device", CaseSupplemented, sealed=("applicant", "note")),
    "case.withdrawn": Kind("device", CaseWithdrawn, sealed=("reason",)),
    "courier.packed": Kind("centre", CourierPacked),
    "courier.taken": Kind("centre", CourierTaken),
    "device.code_issued": Kind("centre", CodeIssued),
    "device.enrolled": Kind("centre", DeviceEnrolled),
    "device.move_dropped": Kind("centre", OrderDropped),
    "device.move_ordered": Kind("centre", MoveOrdered),
    "device.moved": Kind("centre", DeviceMoved),
    "device.renamed": Kind("centre", DeviceRenamed),
    "device.resend_dropped": Kind("centre", OrderDropped),
    "device.resend_ordered": Kind("centre", ResendOrdered),
    "device.revoked": Kind("centre", Reasoned),
    "guide.admitted": Kind("centre", Nothing),
    "keys.certified": Kind("centre", KeysCertified),
    "knowledge.approved": Kind("centre", KnowledgeEdition),
    "knowledge.drafted": Kind("centre", KnowledgeEdition),
    "knowledge.rejected": Kind("centre", KnowledgeEdition),
    "knowledge.released": Kind("centre", KnowledgeReleased),
    "lingua.released": Kind("centre", KnowledgeReleased),
    "media.released": Kind("centre", KnowledgeReleased),
    "knowledge.submitted": Kind("centre", KnowledgeEdition),
    "knowledge.withdrawn": Kind("centre", KnowledgeEdition),
    "library.added": Kind("centre", LibraryText),
    "library.changed": Kind("centre", LibraryText),
    "library.restored": Kind("centre", Nothing),
    "library.withdrawn": Kind("centre", Reasoned),
    "message.left": Kind("device", MessageLeft, sealed=("text",)),
    "message.moved": Kind("centre", MessageMoved, sealed=("note",)),
    "notice.printed": Kind("device", NoticePrinted),
    "opendata.approved": Kind("centre", OpenDataFile),
    "opendata.built": Kind("centre", OpenDataFile),
    "person.added": Kind("centre", PersonAdded),
    "person.changed": Kind("centre", PersonChanged),
    "person.departments": Kind("centre", DepartmentsSet),
    "person.link": Kind("centre", Nothing),
    "person.password": Kind("centre", Nothing),
    "personal.forgotten": Kind("centre", Forgotten),
    "personal.requested": Kind("centre", PersonalRequested),
    "personal.unmasked": Kind("centre", Reasoned),
    "point.added": Kind("centre", PointAdded),
    "point.changed": Kind("centre", PointChanged),
    "question.asked": Kind("device", QuestionAsked, masked=("text",)),
    "rating.given": Kind("both", RatingGiven, sealed=("text",)),
    "rectification.moved": Kind("centre", RectificationMoved, sealed=("note",)),
    "reply.drafted": Kind("centre", DraftMade),
    "result.issued": Kind("centre", ResultIssued, sealed=("said",)),
    "result.withdrawn": Kind("centre", ResultWithdrawn, sealed=("reason",)),
    "retention.held": Kind("centre", Reasoned, sealed=("reason",)),
    "retention.ran": Kind("centre", RetentionRan),
    "retention.released": Kind("centre", Reasoned, sealed=("reason",)),
    "sync.settled": Kind("centre", SyncSettled),
    "talk.act": Kind("centre", TalkAct),
    "talk.claimed": Kind("centre", Nothing),
    "talk.computer": Kind("centre", TalkComputer),
    "talk.consent": Kind("centre", TalkConsent),
    "talk.ended": Kind("centre", TalkEnded),
    "talk.entered": Kind("centre", TalkEntered),
    "talk.held": Kind("centre", TalkHeld),
    "talk.invited": Kind("centre", TalkInvited),
    "talk.left": Kind("centre", TalkLeft),
    "talk.moved": Kind("centre", TalkMoved),
    "talk.opened": Kind("centre", TalkOpened),
    "talk.passed": Kind("centre", TalkPassed),
    "talk.picked_up": Kind("centre", Nothing),
    "talk.refused": Kind("centre", TalkRefused),
    "talk.returned": Kind("centre", Nothing),
    "talk.rung": Kind("centre", Nothing),
    "talk.wrapped": Kind("centre", TalkEnded),
    "voice.approved": Kind("centre", KnowledgeEdition),
    "voice.recorded": Kind("centre", KnowledgeEdition),
    "voice.rejected": Kind("centre", KnowledgeEdition),
    "voice.stopped": Kind("centre", KnowledgeEdition),
    "voice.withdrawn": Kind("centre", KnowledgeEdition),
}
# fmt: on


def owner(body: Mapping[str, Any], subject: str) -> str:
    """Whose key seals what is personal in an event: its case, also where a visit to hand one in was rated."""
    matter = str(body.get("case_no") or body.get("matter") or subject)
    return matter.removeprefix(VISIT) if matter.startswith(f"{VISIT}NJ") else matter


def check(name: str, body: Any, source: Literal["device", "centre"]) -> dict[str, Any]:
    """The body as plain data, or Problem('event.unknown' | 'event.field') naming what is wrong."""
    kind = EVENTS.get(name)
    if kind is None or kind.source not in (source, "both"):
        raise Problem("event.unknown", name=name[:100])
    try:
        return msgspec.to_builtins(msgspec.convert(body, kind.body))  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise Problem("event.field", field=str(error)) from error
