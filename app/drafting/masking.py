"""Personal data out of what people write, before any of it leaves the centre.

Patterns only: an ID number, a telephone or a bank card is always found, a name only after a word that announces one
(我叫…, 姓名…). When in doubt more is hidden: a draft needs to know what is asked, never who asks.
"""

from __future__ import annotations

import re
import unicodedata

HAN = "㐀-鿿"
NUMERAL = "零〇一二三四五六七八九十百幺两"
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
    "任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文和普阿密木褚怒欧恒岳祝字此迪肯"
)
ENDS_NAME = rf"(?=$|[^{HAN}·]|我|想|要|是|的|住|家|身份|电话|手机|今|办|来|在|有|户|年|他|她|男|女|生|号)"
RELATIVES = "爸|妈|爹|娘|父亲|母亲|儿子|女儿|媳妇|老婆|老公|老伴|丈夫|妻子|爷爷|奶奶|孙子|孙女|娃|娃娃|哥|弟|姐|妹"
CALLED = rf"我叫|名叫|叫做|名字叫|(?:姓名|名字|户主|申请人|经办人|联系人|监护人)(?:是|:|\s)|(?:{RELATIVES})叫"
"""Announce a name for sure."""
MAYBE = rf"我是|本人|这是|姓名|名字|户主|申请人|经办人|联系人|监护人|(?:我|他|她)(?:{RELATIVES})"
"""Announce a name when a surname follows; `姓名怎么改` asks how to change one."""
NO_NAME = "(?![他她我你谁什人车不])"

PLACE = "(?:省|州|市|县|区|乡|镇|村|寨|路|街|巷|组|号|栋|幢|单元|室|户|楼)"
OF_PLACE = rf"(?:(?![能可想要不办吗怎在到去来])[{HAN}\d·-])"
"""A character of an address; `住在外地能办吗` is none."""

DIGIT = r"[\d零〇一二三四五六七八九幺]"
CHAIN = rf"(?:\+|[A-Za-z]{{1,3}})?{DIGIT}(?:[ ._-]?{DIGIT}){{6,}}[Xx]?"
"""Seven digits and more in a row, written or spoken, however they are grouped."""

RULES: tuple[tuple[str, str], ...] = (
    (r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", "邮箱"),
    (r"(?:微信号?|QQ号?|qq号?|抖音号?)[是为::\s]*[A-Za-z0-9_-]{5,}", "联系账号"),
    (CHAIN, ""),
    (r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Za-z][ ·]?[A-Za-z0-9]{5,6}", "车牌号"),
    (rf"(?:\d{{2,4}}|[{NUMERAL}]{{2,4}})年[\d{NUMERAL}]{{1,3}}月[\d{NUMERAL}]{{1,3}}[日号]?(?:出?生)", "出生日期"),
    (rf"(?P<keep>住址|地址|家住|住在|家在|我住)[是为:\s]*(?:{OF_PLACE}{{1,10}}?{PLACE})+[\d{NUMERAL}]*", "住址"),
    (rf"[{HAN}]{{0,16}}(?:[村组路街巷寨]|社区|小区)[\d{NUMERAL}]{{1,4}}(?:[组号栋幢座]|单元|门牌)[{HAN}\d{NUMERAL}]{{0,8}}[号室户]?", "住址"),
    (rf"[\d{NUMERAL}]{{1,4}}[栋幢座][\d{NUMERAL}]{{0,3}}(?:单元)?[\d{NUMERAL}]{{0,4}}[号室]?", "住址"),
    (rf"(?P<keep>{CALLED}|{MAYBE})[:\s]*[{HAN}]{{1,6}}·[{HAN}·]{{1,10}}", "姓名"),
    (rf"(?P<keep>{CALLED})[:\s]*{NO_NAME}(?:[{HAN}]{{2,4}}?{ENDS_NAME}|[{HAN}]{{2,3}})", "姓名"),
    (rf"(?P<keep>{MAYBE})[{SURNAMES}][{HAN}]{{1,2}}{ENDS_NAME}", "姓名"),
)  # fmt: skip
"""(pattern, what it hides), tried in order; `keep` is the word that announced it and stays."""

_RULES = tuple((re.compile(pattern), label) for pattern, label in RULES)


def plain(text: str) -> str:
    """NFKC without control and invisible characters: full-width digits and split numbers do not slip through."""
    shown = (c if c not in "\n\t" else " " for c in unicodedata.normalize("NFKC", text))
    return "".join(c for c in shown if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))


def mask(text: str) -> str:
    """The text with personal data replaced by what it was, as in “我叫［姓名］”."""
    text = plain(text)
    for pattern, label in _RULES:
        text = pattern.sub(lambda found, label=label: _hidden(found, label), text)  # type: ignore[misc]
    return text


def kept(text: str) -> str:
    """What may be kept in the open: the text as it stands when nothing in it is personal, else masked."""
    hidden = mask(text)
    return text if hidden == plain(text) else hidden


def _hidden(found: re.Match[str], label: str) -> str:
    said = found.groupdict().get("keep") or ""
    return f"{said}［{label or _kind(found.group())}］"


def _kind(chain: str) -> str:
    digits = re.sub("[ .+_-]", "", chain)
    if len(digits) in (15, 18) or (digits[0].isascii() and digits[0].isalpha()):
        return "证件号"
    if len(digits) >= 16:
        return "银行卡号"
    return "手机号" if re.fullmatch(r"(?:86)?[1一幺].{10}", digits) else "号码"
