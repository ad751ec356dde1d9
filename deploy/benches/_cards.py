"""Cards of persons who never lived, drawn and photographed: what the reading of cards is measured and tried with.

Numbers are those of `tests/vectors/check_vectors.json` (births in 1899). `photo` lays a card on a dark table a little
turned; `worn` blurs it, adds grain and a lamp, within what a document camera gives; `hard` is beyond that.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from deploy.environment import ROOT

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
"""Debian's fonts-noto-cjk."""
KINDS = ("id-card", "household", "social-security")
PEOPLE = (
    ("测试丰", "汉", "云南省怒江州泸水市大练地街道和谐社区1组3号"),
    ("阿普试", "傈僳", "云南省怒江州福贡县上帕镇木古甲村2组15号"),
    ("测试花", "怒", "云南省怒江州贡山县独龙江乡孔当村4组6号"),
    ("和例", "白", "云南省怒江州兰坪县金顶街道官坪社区7号"),
    ("丁样木", "独龙", "云南省怒江州泸水市六库街道江西社区12号"),
)
SIZE = (1012, 638)
"""Of an ID-1 card (85.6 by 54 mm) at 300 dots per inch."""


@dataclass(frozen=True)
class Person:
    """Who a card says it belongs to."""

    name: str
    number: str
    nation: str
    address: str

    @property
    def birth(self) -> str:
        """yyyy-mm-dd, as the number says."""
        return f"{self.number[6:10]}-{self.number[10:12]}-{self.number[12:14]}"

    @property
    def sex(self) -> str:
        """By the seventeenth digit."""
        return "男" if int(self.number[16]) % 2 else "女"


def people() -> list[Person]:
    """Every name with every valid number."""
    known = json.loads((ROOT / "tests/vectors/check_vectors.json").read_text(encoding="utf-8"))["id_valid"]
    return [Person(name, number, nation, address) for name, nation, address in PEOPLE for number in known]


def draw(person: Person, kind: str) -> Image.Image:
    """The card as it is printed."""
    return {"id-card": _id_card, "household": _household, "social-security": _social}[kind](person)


def photo(card: Image.Image, chance: random.Random, size: tuple[int, int] = (1600, 1200)) -> Image.Image:
    """The card on a dark table, turned by a few degrees."""
    table = Image.new("RGB", size, (52, 58, 60))
    turned = card.convert("RGBA").rotate(chance.uniform(-6, 6), expand=True, resample=Image.Resampling.BICUBIC)
    table.paste(turned, ((size[0] - turned.width) // 2, (size[1] - turned.height) // 2), turned)
    return table


def worn(card: Image.Image, chance: random.Random) -> Image.Image:
    """A moderately bad picture of the card itself: turned by two degrees, blurred, grainy, a lamp mirrored in it."""
    turned = card.rotate(chance.uniform(-2, 2), resample=Image.Resampling.BICUBIC, fillcolor=(120, 120, 120))
    soft = turned.filter(ImageFilter.GaussianBlur(chance.uniform(0.6, 1.6)))
    grain = Image.effect_noise(soft.size, chance.uniform(10, 26)).convert("RGB")
    grainy = Image.blend(soft, grain, 0.1)
    lamp = Image.new("L", soft.size, 0)
    x, y = chance.randrange(soft.width), chance.randrange(soft.height)
    ImageDraw.Draw(lamp).ellipse((x - 130, y - 80, x + 130, y + 80), fill=chance.randrange(60, 130))
    lamp = lamp.filter(ImageFilter.GaussianBlur(40))
    return Image.composite(Image.new("RGB", soft.size, "white"), grainy, lamp)


def hard(card: Image.Image, chance: random.Random) -> Image.Image:
    """Worse than a guide should keep: small, turned by five degrees, out of focus, in shadow, with much grain."""
    small = card.resize((620, 391), Image.Resampling.BICUBIC)
    turned = small.rotate(chance.uniform(-5, 5), resample=Image.Resampling.BICUBIC, fillcolor=(90, 90, 90))
    soft = turned.filter(ImageFilter.GaussianBlur(chance.uniform(1.2, 2.0)))
    grain = Image.effect_noise(soft.size, chance.uniform(40, 60)).convert("RGB")
    shadow = Image.linear_gradient("L").resize(soft.size).point(lambda tone: 110 + tone // 2)
    return Image.composite(Image.blend(soft, grain, 0.18), Image.new("RGB", soft.size, (20, 20, 24)), shadow)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, size, index=2)  # simplified Chinese


def _blank(tint: tuple[int, int, int], seed: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    card = Image.new("RGB", SIZE, tint)
    pen = ImageDraw.Draw(card)
    chance = random.Random(seed)  # noqa: S311 - a pattern, no secret
    for _ in range(26):  # the fine waves of the print
        y = chance.randrange(SIZE[1])
        pen.arc((-200, y - 120, SIZE[0] + 200, y + 120), 0, 180, fill=tuple(part - 14 for part in tint))
    return card, pen


def _lines(pen: ImageDraw.ImageDraw, rows: list[tuple[str, str, int, int]]) -> None:
    for label, value, x, y in rows:
        pen.text((x, y), label, font=_font(26), fill=(60, 96, 140))
        pen.text((x + 26 * len(label) + 22, y - 5), value, font=_font(34), fill=(24, 24, 24))


def _id_card(person: Person) -> Image.Image:
    card, pen = _blank((226, 234, 238), person.number)
    year, month, day = person.birth.split("-")
    rows = [
        ("姓名", person.name, 60, 70),
        ("性别", person.sex, 60, 150),
        ("民族", person.nation, 280, 150),
        ("住址", person.address[:11], 60, 310),
    ]
    _lines(pen, rows)
    pen.text((60, 230), "出生", font=_font(26), fill=(60, 96, 140))
    pen.text((134, 225), f"{year}年{int(month)}月{int(day)}日", font=_font(34), fill=(24, 24, 24))
    for at, start in enumerate(range(11, len(person.address), 11), 1):
        pen.text((134, 305 + 48 * at), person.address[start : start + 11], font=_font(34), fill=(24, 24, 24))
    pen.text((60, 545), "公民身份号码", font=_font(26), fill=(60, 96, 140))
    pen.text((340, 535), person.number, font=_font(44), fill=(24, 24, 24))
    pen.rectangle((700, 80, 950, 400), fill=(198, 206, 212))
    pen.ellipse((775, 140, 875, 250), fill=(150, 158, 164))
    pen.pieslice((735, 260, 915, 480), 180, 360, fill=(150, 158, 164))
    return card


def _household(person: Person) -> Image.Image:
    card, pen = _blank((240, 236, 222), person.number)
    pen.text((360, 24), "常住人口登记卡", font=_font(38), fill=(24, 24, 24))
    rows = [
        (("姓名", person.name), ("户主或与户主关系", "户主")),
        (("性别", person.sex), ("民族", person.nation + "族")),
        (("出生日期", "{}年{}月{}日".format(*person.birth.split("-"))), ("籍贯", "云南省")),
        (("公民身份号码", person.number), ("宗教信仰", "")),
    ]
    for at, pair in enumerate(rows):
        y = 110 + 88 * at
        pen.rectangle((30, y, 982, y + 88), outline=(110, 110, 110), width=2)
        for x, (label, value) in zip((44, 640), pair, strict=True):
            pen.text((x, y + 28), label, font=_font(25), fill=(60, 60, 60))
            pen.text((x + 25 * len(label) + 24, y + 24), value, font=_font(32), fill=(20, 20, 20))
    pen.text((44, 500), "本市（县）其他住址", font=_font(25), fill=(60, 60, 60))
    pen.text((300, 496), person.address, font=_font(28), fill=(20, 20, 20))
    return card


def _social(person: Person) -> Image.Image:
    card, pen = _blank((224, 238, 228), person.number)
    pen.text((120, 40), "中华人民共和国社会保障卡", font=_font(42), fill=(24, 24, 24))
    rows = [
        ("姓名", person.name, 330, 180),
        ("社会保障号码", person.number, 330, 270),
        ("卡号", "A00000" + person.number[-4:], 330, 360),
        ("发卡日期", "2020年1月", 330, 450),
    ]
    _lines(pen, rows)
    pen.rectangle((60, 170, 290, 460), fill=(198, 206, 212))
    return card
