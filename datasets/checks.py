"""What an item must satisfy before it may be released. Pure; messages are Chinese, editors read them too.

The consistency rules come from the checks that item guides undergo nationally: a promise that is not instant makes a
承诺件; visits above 0 need a reason; visits of 0 need a way to handle it remotely (GB/T 39046-2020 and guide practice).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from datasets import workdays
from datasets.flow_checks import check_flow, check_targets
from datasets.rows import LISTS, MATERIAL, SCALARS, Document
from datasets.sources import Fault, Sources

Codes = Mapping[str, Mapping[str, str]]

OTHERS = {"base_code", "task_code", "levels", "site_visits", "verify", "verified_on"}
TEXTS = tuple(name for name in SCALARS if name not in OTHERS)
MAY_BE_EMPTY = {"site_visits_reason"}
FIELDS = {*SCALARS, *LISTS, "materials", "situations", "flow", "qa"}
NEEDED_LISTS = ("conditions", "steps", "legal_basis", "sources", "aliases")
NECESSITIES = ("必要", "情形必要", "可容缺")
INSTANT = re.compile("当场|即时|当日|随到随办")
WAITS = re.compile(r"\d+\s*(个工作日|日|天|个月)")
REMOTE = re.compile("手机|线上|网上|[Aa][Pp][Pp]|视频|微信|邮寄|快递|小程序|平台|自助")
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
LONGEST = 2000


def check(sources: Sources) -> list[Fault]:
    """Every fault of a whole folder, sorted by file."""
    faults = list(sources.faults)
    for document in sources.items:
        file = f"items/{document.get('slug')}.yaml"
        faults += [Fault(file, field, message) for field, message in check_item(document, sources.codes)]
    faults += _across(sources.items)
    faults += _regions(sources.regions)
    faults += _rewrites(sources.rewrites)
    faults += _phrasings(sources)
    faults += _purposes(sources)
    faults += [Fault("holidays.csv", f"第 {line} 行", message) for line, message in workdays.faults(sources.holidays)]
    return sorted(set(faults))


def check_item(document: Document, codes: Codes) -> list[tuple[str, str]]:
    """(field, message) for every fault of one item by itself; a field inside a list is written `materials[2].name`."""
    faults: list[tuple[str, str]] = []
    faults += [(name, "缺少这一项") for name in sorted(FIELDS - set(document))]
    faults += [(str(name), "不认识的字段") for name in sorted(set(document) - FIELDS, key=str)]
    if faults:
        return faults
    faults += _shapes(document)
    if faults:
        return faults  # the rules below rely on the shapes
    faults += _code_sets(document, codes)
    faults += _consistency(document)
    faults += _situations(document)
    faults += check_flow(document)
    faults += _private(document)
    return faults


def _text(field: str, value: Any, empty: bool = False) -> list[tuple[str, str]]:
    if not isinstance(value, str):
        return [(field, "应是文字")]
    if not value.strip() and not empty:
        return [(field, "不能为空")]
    if len(value) > LONGEST:
        return [(field, f"超过 {LONGEST} 字")]
    if value != value.strip() or "\x00" in value:
        return [(field, "首尾有空格或含特殊字符")]
    return []


def _shapes(document: Document) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    for name in TEXTS:
        faults += _text(name, document[name], empty=name in MAY_BE_EMPTY)
    for name in ("base_code", "task_code"):
        if document[name] is not None:
            faults += _text(name, document[name])
    if isinstance(document["slug"], str) and not SLUG.fullmatch(document["slug"]):
        faults.append(("slug", "只用小写字母、数字和短横线"))
    visits = document["site_visits"]
    if isinstance(visits, bool) or not isinstance(visits, int) or not 0 <= visits <= 9:
        faults.append(("site_visits", "应是 0 到 9 的整数"))
    if not isinstance(document["verify"], bool):
        faults.append(("verify", "应是 true 或 false"))
    faults += _date(document["verified_on"])
    for name in (*LISTS, "levels"):
        faults += _list_of_texts(name, document[name], needed=name in NEEDED_LISTS or name == "levels")
    faults += _materials("materials", document["materials"])
    faults += _shapes_of_situations(document["situations"])
    faults += _shapes_of_qa(document["qa"])
    return faults


def _date(value: Any) -> list[tuple[str, str]]:
    if value is None:
        return []
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return [("verified_on", "应是日期，如 2026-05-20，没有核实过就留空")]
    return []


def _list_of_texts(name: str, value: Any, needed: bool) -> list[tuple[str, str]]:
    if not isinstance(value, list):
        return [(name, "应是列表")]
    if needed and not value:
        return [(name, "至少要有一条")]
    faults = [fault for n, text in enumerate(value, 1) for fault in _text(f"{name}[{n}]", text)]
    doubles = [text for text, count in Counter(map(str, value)).items() if count > 1]
    return faults + [(name, f"“{text}”写了两次") for text in doubles]


def _materials(name: str, value: Any) -> list[tuple[str, str]]:
    if not isinstance(value, list):
        return [(name, "应是列表")]
    faults: list[tuple[str, str]] = []
    for n, material in enumerate(value, 1):
        at = f"{name}[{n}]"
        if not isinstance(material, dict) or set(material) != set(MATERIAL):
            faults.append((at, f"应写明 {'、'.join(MATERIAL)}"))
            continue
        for field in ("name", "form", "source"):
            faults += _text(f"{at}.{field}", material[field])
        if isinstance(material["copies"], bool) or not isinstance(material["copies"], int) or material["copies"] < 0:
            faults.append((f"{at}.copies", "应是份数"))
        if material["necessity"] not in NECESSITIES:
            faults.append((f"{at}.necessity", f"应是 {'、'.join(NECESSITIES)} 之一"))
    names = Counter(str(m.get("name")) for m in value if isinstance(m, dict))
    return faults + [(name, f"“{text}”写了两次") for text, count in names.items() if count > 1]


def _shapes_of_situations(value: Any) -> list[tuple[str, str]]:
    if not isinstance(value, list) or not value:
        return [("situations", "至少要有一种情形")]
    faults: list[tuple[str, str]] = []
    for n, situation in enumerate(value, 1):
        at = f"situations[{n}]"
        if not isinstance(situation, dict) or set(situation) != {"name", "note", "add_materials", "remove_materials"}:
            faults.append((at, "应写明 name、note、add_materials、remove_materials"))
            continue
        faults += _text(f"{at}.name", situation["name"]) + _text(f"{at}.note", situation["note"], empty=True)
        faults += _materials(f"{at}.add_materials", situation["add_materials"])
        faults += _list_of_texts(f"{at}.remove_materials", situation["remove_materials"], needed=False)
    return faults


def _shapes_of_qa(value: Any) -> list[tuple[str, str]]:
    if not isinstance(value, list) or not value:
        return [("qa", "至少要有一条问答")]
    faults: list[tuple[str, str]] = []
    for n, pair in enumerate(value, 1):
        at = f"qa[{n}]"
        if not isinstance(pair, dict) or not {"q", "a"} <= set(pair) <= {"q", "a", "q_full"}:
            faults.append((at, "应写明 q、a,问题离开本事项就看不懂时再写 q_full"))
            continue
        for field, text in pair.items():
            faults += _text(f"{at}.{field}", text)
        if pair.get("q_full") == pair["q"]:
            faults.append((f"{at}.q_full", "与 q 相同时不要写"))
    return faults


def _code_sets(document: Document, codes: Codes) -> list[tuple[str, str]]:
    pairs = [("domain", "domain", document["domain"]), ("task_type", "task_type", document["task_type"])]
    pairs += [("project_type", "project_type", document["project_type"])]
    pairs += [("levels", "use_level", level) for level in document["levels"]]
    wrong = [(field, name, code) for field, name, code in pairs if code not in codes.get(name, {})]
    return [(field, f"代码“{code}”不在代码表 {name} 中") for field, name, code in wrong]


def _consistency(document: Document) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    promise, kind = document["promised_limit"], document["project_type"]
    if kind == "1" and (WAITS.search(promise) or not INSTANT.search(promise)):
        faults.append(("project_type", f"承诺时限“{promise}”不是当场办结，应是承诺件（2）"))
    if kind == "2" and INSTANT.search(promise) and not WAITS.search(promise):
        faults.append(("project_type", f"承诺时限“{promise}”是当场办结，应是即办件（1）"))
    if document["site_visits"] > 0 and not document["site_visits_reason"]:
        faults.append(("site_visits_reason", "要到现场就要写明原因"))
    if document["site_visits"] == 0 and document["site_visits_reason"]:
        faults.append(("site_visits_reason", "不用到现场就不要写原因"))
    if document["site_visits"] == 0 and not REMOTE.search(document["place"] + document["cross_region"]):
        faults.append(("site_visits", "不用到现场，就要有网上、手机、视频或邮寄的办法"))
    if document["verify"] and not document["verify_fields"]:
        faults.append(("verify_fields", "需要核实时，要写明核实哪几项"))
    return faults


def _situations(document: Document) -> list[tuple[str, str]]:
    own = {material["name"] for material in document["materials"]}
    faults: list[tuple[str, str]] = []
    names = Counter(situation["name"] for situation in document["situations"])
    faults += [("situations", f"情形“{name}”写了两次") for name, count in names.items() if count > 1]
    for n, situation in enumerate(document["situations"], 1):
        for name in situation["remove_materials"]:
            if name not in own:
                faults.append((f"situations[{n}].remove_materials", f"材料清单里没有“{name}”"))
    if not any(s["add_materials"] or s["remove_materials"] for s in document["situations"]):
        faults.append(("situations", "至少有一种情形要增减材料"))
    return faults


def _private(document: Document) -> list[tuple[str, str]]:
    """Knowledge is public: nobody's ID or mobile number may stand in it."""
    return [
        (field, "不能写个人的身份证号或手机号")
        for field, text in _texts("", document)
        if ID_NUMBER.search(text) or MOBILE.search(text)
    ]


def _texts(at: str, value: Any) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, list):
        for n, one in enumerate(value, 1):
            yield from _texts(f"{at}[{n}]", one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(f"{at}.{key}" if at else str(key), one)


def _across(items: list[Document]) -> list[Fault]:
    """Codes and names stand for one item; an alias may be shared, an item's own name may not be another's alias."""
    faults: list[Fault] = []
    slugs = {str(document.get("slug")) for document in items}
    for document in items:
        file = f"flows/{document.get('slug')}.yaml"
        faults += [Fault(file, field, message) for field, message in check_targets(document, slugs)]
    for field in ("slug", "code", "name"):
        counts = Counter(str(document.get(field)) for document in items)
        for document in items:
            if counts[str(document.get(field))] > 1:
                file, value = f"items/{document.get('slug')}.yaml", document.get(field)
                faults.append(Fault(file, field, f"“{value}”与别的事项重复"))
    return faults


KINDS = ("elsewhere", "emergency", "private", "complaint", "chat")
"""Why a question is not ours: another office, danger, somebody else's data, a grievance, no need at all."""


def _phrasings(sources: Sources) -> list[Fault]:
    """A way of asking leads to one place only; a topic that is not ours says where to go instead."""
    file, faults = "phrasings/elsewhere", []
    places = Counter(text for document in sources.items for text in set(document["phrasings"]))
    places.update(text for topic in sources.elsewhere for text in topic["phrasings"])
    faults += [Fault("phrasings/", "-", f"“{text}”写在 {count} 处") for text, count in places.items() if count > 1]
    for topic in sources.elsewhere:
        for field, message in (*_text("say", topic["say"]), *_text("name", topic["name"])):
            faults.append(Fault(file, f"{topic['slug']}.{field}", message))
        if topic["kind"] not in KINDS:
            faults.append(Fault(file, f"{topic['slug']}.kind", f"应是 {'、'.join(KINDS)} 之一"))
        if not SLUG.fullmatch(topic["slug"]) or not topic["phrasings"]:
            faults.append(Fault(file, topic["slug"], "代号只用小写字母、数字和短横线，至少有一条问法"))
        for field, text in _texts("", topic):
            if MOBILE.search(text) or ID_NUMBER.search(text):
                faults.append(Fault(file, f"{topic['slug']}.{field}", "不能写个人的身份证号或手机号"))
    slugs = Counter(str(one["slug"]) for one in (*sources.items, *sources.elsewhere))
    return faults + [Fault(file, slug, "代号重复") for slug, count in slugs.items() if count > 1]


def _purposes(sources: Sources) -> list[Fault]:
    return [
        Fault("purposes.csv", word, message)
        for word, why in sources.purposes.items()
        for _field, message in (*_text("word", word), *_text("why", why))
    ]


def _regions(regions: list[dict[str, str]]) -> list[Fault]:
    known = {row["code"] for row in regions}
    faults = []
    if len(known) != len(regions):
        faults.append(Fault("regions.csv", "code", "区划代码有重复"))
    for row in regions:
        if not re.fullmatch(r"\d{12}", row["code"]):
            faults.append(Fault("regions.csv", row["code"], "区划代码应是 12 位数字"))
        if row["parent"] and row["parent"] not in known:
            faults.append(Fault("regions.csv", row["code"], f"上级 {row['parent']} 不在表中"))
    return faults


def _rewrites(rewrites: list[dict[str, str]]) -> list[Fault]:
    counts = Counter(row["colloquial"] for row in rewrites)
    faults = [Fault("synonyms.csv", word, "写了两次") for word, count in counts.items() if count > 1]
    halves = [row["colloquial"] for row in rewrites if not (row["colloquial"] and row["standard"])]
    return faults + [Fault("synonyms.csv", word, "两边都要写") for word in halves]
