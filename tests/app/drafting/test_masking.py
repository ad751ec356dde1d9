"""No personal data leaves the centre, and the question is still a question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.drafting.masking import mask

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "check_vectors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我叫李四海，身份证丢了", "我叫［姓名］,身份证丢了"),
        ("我叫恒开想办低保", "我叫［姓名］想办低保"),
        ("我姓名是阿普·迪阿鲁", "我姓名是［姓名］"),
        ("我儿子叫和志强要上户口", "我儿子叫［姓名］要上户口"),
        ("我是张三，来办低保", "我是［姓名］,来办低保"),
        ("电话138-8888-8888", "电话［手机号］"),
        ("１３８ ８８８８ ８８８８", "［手机号］"),
        ("138\u200b8888\u200b8888", "［手机号］"),
        ("+86 13888888888", "［手机号］"),
        ("幺三八零零零零幺二三四", "［手机号］"),
        ("座机0886-3622345", "座机［号码］"),
        ("卡号6222 0212 3456 7890 123", "卡号［银行卡号］"),
        ("护照E12345678", "护照［证件号］"),
        ("邮箱a.b@example.com", "邮箱［邮箱］"),
        ("加微信:wx_id12345", "加［联系账号］"),
        ("云Q12345的车", "［车牌号］的车"),
        ("住在大练地街道和谐社区三组12号，想办", "住在［住址］,想办"),
        ("我住泸水市六库镇,能不能在县城办", "我住［住址］,能不能在县城办"),
        ("我家在六库镇向阳桥南1栋2单元301室", "我家在［住址］"),
        ("他在和谐社区3组12号", "［住址］"),
        ("娃2020年5月3日出生", "娃［出生日期］"),
    ],
)
def test_what_tells_who_it_is_is_replaced_by_what_it_was(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "姓名写错了怎么改",
        "我叫他来代办行不行",
        "想给娃改名字",
        "户主死了怎么换户主",
        "住在外地能办吗",
        "身份证地址怎么改",
        "我是独龙江的",
        "要交30元?10个工作日能不能办完",
        "打12345还是12393",
        "满16岁了,要带几份复印件",
        "三月街前能办好吗",
        "要去村里办还是去县里办",
    ],
)
def test_an_ordinary_question_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("number", [*VECTORS["id_valid"], *VECTORS["id_invalid"], "13800138000"])
def test_no_number_of_the_vectors_survives_in_any_grouping(number: str) -> None:
    for written in (number, f"{number[:6]} {number[6:14]} {number[14:]}".strip(), f"{number[:3]}-{number[3:]}"):
        hidden = mask(f"我的号是{written}想补办")
        assert hidden.startswith("我的号是［") and hidden.endswith("］想补办") and not any(c.isdigit() for c in hidden)
