"""Two guides at one computer: what each may see, what goes on while nobody is logged in, and what the disk gives away."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from app import create_app
from app.accounts import store as accounts
from app.settings import Settings
from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.guides import first_log_in, register, unlock
from tests.journeys.test_screens import ID_NUMBER, faults_of
from tests.wire import Wire

NAME = "测试阿桑花"


def add_guide(centre: Centre, username: str, name: str) -> str:
    app = create_app(Settings(data=centre.data))
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        person = accounts.add_person(
            connection, username, name, ("guide",), "533301001003", "centre", centre.password
        )  # fmt: skip
    app.extensions["jjb_db"].close()
    return person


def stop_guide(centre: Centre, person: str, name: str) -> None:
    app = create_app(Settings(data=centre.data))
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        accounts.change_person(connection, person, name, ("guide",), "533301001003", False, "centre")
    app.extensions["jjb_db"].close()


def fill(page: Page, url: str) -> None:
    page.goto(f"{url}/village/#/items/id-card")
    page.get_by_role("button", name="办一办").click()
    page.get_by_label("姓名").fill(NAME)
    page.get_by_label("身份证号", exact=True).fill(ID_NUMBER)
    expect(page.get_by_text("已存在本机")).to_be_visible()


def found_on_disk(profile: Path) -> list[str]:
    """Files of a browser's profile in which the person can be read."""
    wanted = [text.encode(code) for text in (NAME, ID_NUMBER) for code in ("utf-8", "utf-16-le")]
    files = [path for path in profile.rglob("*") if path.is_file() and not path.is_symlink()]
    assert any("File System" in str(path) for path in files)
    return [str(path.relative_to(profile)) for path in files if any(one in path.read_bytes() for one in wanted)]


def test_two_guides_share_a_computer(centre: Centre, open_browser: OpenBrowser, tmp_path: Path) -> None:
    other = add_guide(centre, "guide9", "和志远")
    with Wire(centre.port) as wire:
        # Given a guide who logged in once by link, and works on after a restart without it
        village = open_browser("village")
        page = village.pages[0]
        register(page, centre, wire.url)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        wire.down()
        page.reload()
        assert faults_of(page) == []
        unlock(page)
        fill(page, wire.url)
        page.get_by_role("button", name="交到中心").click()
        expect(page.locator("p.number")).to_be_visible()
        fill(page, wire.url)

        # When the guide locks it, nothing of the person is on the screen or on the disk, and villagers still ask
        page.get_by_role("button", name="锁定").click()
        expect(page.get_by_role("heading", level=1, name="输入 PIN")).to_be_visible()
        expect(page.locator("body")).not_to_contain_text(NAME)
        page.goto(f"{wire.url}/village/#/records")
        expect(page.get_by_role("heading", level=1, name="输入 PIN")).to_be_visible()
        page.goto(f"{wire.url}/village/#/ask")
        expect(page.get_by_label("用平常的话说")).to_be_visible()
        assert found_on_disk(tmp_path / "profile-village") == []

        # and wrong PINs make wait, also after a reload
        page.goto(f"{wire.url}/village/#/")
        for left in ("还能试 9 次", "还能试 8 次", "请等"):
            page.get_by_label("PIN", exact=True).fill("314159")
            page.keyboard.press("Enter")
            expect(page.locator("#door")).to_contain_text(left)
        page.reload()
        expect(page.locator("#door")).to_contain_text("请等")
        assert faults_of(page) == []

        # Then what was filed goes up while it is locked
        wire.up()
        page.get_by_role("button", name="换一个人").click()
        expect(page.locator(".strip")).to_contain_text("待传 0 条")
        expect(page.locator("#door")).to_contain_text("1 份没填完的办理单")

        # and the other guide, here for the first time, sees the cases of the point but not the colleague's draft
        page.locator(".who", has_text="和志远").click()
        first_log_in(page, centre, "guide9", "141421")
        expect(page.locator("main")).to_contain_text("另有 1 份是同事没填完的")
        expect(page.locator("#latest ~ .list")).to_contain_text("测***花")
        expect(page.locator("#drafts ~ .list")).to_have_count(0)

        # and is out at the next round once the account was stopped
        stop_guide(centre, other, "和志远")
        page.goto(f"{wire.url}/village/#/device")
        page.get_by_role("button", name="立即同步").click()
        expect(page.locator(".facts")).to_contain_text("没有人登录")
        page.goto(f"{wire.url}/village/#/")
        expect(page.locator("#door")).to_contain_text("输入 PIN")
        expect(page.locator("#door")).not_to_contain_text("和志远")

        # and who forgot the PIN sets another by the account, and goes on with the draft
        page.get_by_role("button", name="忘了 PIN").click()
        first_log_in(page, centre, pin="161803")
        expect(page.locator("#drafts ~ .list")).to_contain_text("测***花")
