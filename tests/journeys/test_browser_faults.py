"""F10, F13, F14 and F16 of `tests/faults/README.md` in a real Chromium: killed at any moment, asleep, in the wrong year, outdated."""

from __future__ import annotations

import os
import shutil
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app import create_app
from app.knowledge import releases
from app.knowledge.publish import publish
from app.settings import Settings
from tests.journeys.centre import Centre
from tests.journeys.conftest import OpenBrowser
from tests.journeys.engine import (
    CALL,
    Store,
    enrol,
    events,
    file_case,
    kill_browser,
    open_village,
    processes_of,
    slugs,
    static,
    unlock,
    until_true,
    wait_for_program,
)
from tests.journeys.guides import register

MOMENTS = int(os.environ.get("JJB_FAULT_MOMENTS", "3"))
"""At how many moments of an update the browser is killed; 20 at length."""
UPDATE_S = 2.4
"""An update lasts about so long here; the moments are spread over it."""
ASLEEP_S = 6
THREE_HOURS, TWO_YEARS = 3 * 3600, 2 * 365 * 86_400


def new_release(centre: Centre, much: bool) -> int:
    """One more release; `much`: every item says something else, so that it takes a while to apply."""
    settings = Settings(data=centre.data)
    app = create_app(settings)
    with app.app_context(), app.extensions["jjb_db"].write() as connection:
        newest = releases.in_force(connection)
        documents = releases.documents_of(releases.file_of(settings, newest.number))
        for slug in sorted(documents)[: None if much else 1]:
            documents[slug] = {**documents[slug], "fee": f"工本费 {uuid.uuid4().hex[:6]} 元"}
        number = publish(connection, settings, documents.values(), "test", "centre").number
    app.extensions["jjb_db"].close()
    return number


def test_a_browser_killed_at_any_moment_of_an_update_holds_the_old_or_the_new_knowledge(
    centre: Centre, open_browser: OpenBrowser, tmp_path: Path
) -> None:
    # F10: a computer with release 1 and a case on its way, as a folder to begin from again and again
    context = open_browser("whole")
    store = open_village(context, centre.url)
    enrol(centre, store)
    wait_for_program(store)
    item = slugs(store)[0]
    context.close()
    newest = new_release(centre, much=True)
    for moment in range(MOMENTS):
        profile = tmp_path / f"profile-{moment}"
        shutil.copytree(tmp_path / "profile-whole", profile, ignore=shutil.ignore_patterns("Singleton*"))
        context = open_browser(profile.name.removeprefix("profile-"))
        store = open_village(context, centre.url)
        unlock(store)
        store.page.evaluate("(call) => { void eval(call)(['syncNow', [], null]); }", CALL)
        time.sleep(UPDATE_S * moment / MOMENTS)
        kill_browser(context, profile)
        # Without the centre it opens, answers and files with what it holds, old or new, whole
        context = open_browser(profile.name.removeprefix("profile-"))
        context.set_offline(True)
        store = open_village(context, centre.url)
        assert store("boot", None)["state"] == "ready"
        unlock(store)
        release = store("status")["release"]
        assert release in (1, newest)
        fees = [store("item", slug)["fee"] for slug in slugs(store)]
        changed = [fee for fee in fees if fee.startswith("工本费 ") and fee.endswith(" 元")]
        assert len(changed) == (len(fees) if release == newest else 0)
        assert store("ask", "身份证丢了")["hits"]
        # With the link it arrives at the new one, and says that it is what the centre has
        context.set_offline(False)
        store("syncNow")
        status = store.until(lambda status: status["release"] == newest and not status["syncing"])
        assert status["problem"] is None
        if moment == 0:
            assert file_case(store, item)
        context.close()


@contextmanager
def asleep(profile: Path) -> Iterator[None]:
    """The computer sleeps: nothing of its browser runs."""
    processes = [pid for main in processes_of(str(profile)) for pid in _family(main)]
    assert len(processes) > 1
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


def _family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _family(int(child))
    return found


def test_four_windows_wake_from_sleep_with_one_store(centre: Centre, open_browser: OpenBrowser, tmp_path: Path) -> None:
    # F13: four windows, the computer sleeps in the middle of a round, the owner of the store is closed afterwards
    context = open_browser("asleep")
    windows = [open_village(context, centre.url)]
    enrol(centre, windows[0])
    windows += [open_village(context, centre.url) for _ in range(3)]
    numbers = [file_case(windows[0], slugs(windows[0])[0])]
    windows[0].page.evaluate("(call) => { void eval(call)(['syncNow', [], null]); }", CALL)
    with asleep(tmp_path / "profile-asleep"):
        time.sleep(ASLEEP_S)
    for window in windows:
        assert [row["id"] for row in window("records")] == numbers
        assert window("status")["problem"] is None
    numbers.insert(0, file_case(windows[3], slugs(windows[3])[1]))
    windows[0].page.close()
    unlock(windows[1])
    assert [row["id"] for row in windows[2]("records")] == numbers
    windows[2].page.reload()
    numbers.insert(0, file_case(windows[2], slugs(windows[3])[2]))
    windows[3]("syncNow")
    windows[3].until(lambda status: status["waiting"] == 0)
    assert [subject for name, subject in events(centre) if name == "case.submitted"] == numbers[::-1]
    context.close()


SHIFT = """(seconds) => {
  const Real = (self.RealDate ??= Date);
  self.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + seconds * 1000); }
    static now() { return Real.now() + seconds * 1000; }
  };
}"""


def shift(store: Store, seconds: int) -> None:
    """Set the clock that the store of a village sees."""
    assert store.page.workers
    for worker in store.page.workers:
        worker.evaluate(SHIFT, seconds)
    unlock(store)  # hours without a touch lock the page


@pytest.mark.parametrize("seconds", [THREE_HOURS, -TWO_YEARS])
def test_a_wrong_clock_is_named_and_changes_no_order(centre: Centre, open_browser: OpenBrowser, seconds: int) -> None:
    # F14: the clock jumps in the middle of a day's work, and back again
    context = open_browser("clock")
    store = open_village(context, centre.url)
    enrol(centre, store)
    numbers = [file_case(store, slugs(store)[0])]
    shift(store, seconds)
    numbers.append(file_case(store, slugs(store)[1]))
    store("syncNow")
    status = store.until(lambda status: status["waiting"] == 0)
    assert status["problem"] is None and not status["lapsed"]
    assert abs(status["clock_skew_s"] - seconds) <= 5
    store.page.goto(centre.url + "/village/#/device")
    expect(store.page.get_by_text("请在电脑里校准；不影响上传")).to_be_visible()
    shift(store, 0)
    numbers.append(file_case(store, slugs(store)[2]))
    store("syncNow")
    status = store.until(lambda status: status["waiting"] == 0 and abs(status["clock_skew_s"]) <= 5)
    assert status["problem"] is None
    assert [subject for name, subject in events(centre) if name == "case.submitted"] == numbers
    context.close()


def test_a_new_program_waits_for_a_form_that_is_open(centre: Centre, open_browser: OpenBrowser) -> None:
    # F16: somebody types into a form while the centre's program is replaced
    context = open_browser("dirty")
    page = context.pages[0]
    register(page, centre)
    store = Store(page)
    wait_for_program(store)
    page.reload()
    unlock(store)
    page.goto(f"{centre.url}/village/#/items/{slugs(store)[0]}")
    page.get_by_role("button", name="办一办").click()
    page.get_by_label("姓名").fill("测试花")
    centre.kill()
    with static(centre.port, "newer"):
        page.evaluate("navigator.serviceWorker.ready.then((found) => found.update())")
        until_true(page, "navigator.serviceWorker.ready.then((found) => found.waiting !== null)")
    centre.start()
    page.get_by_label("要中心知道的话").fill("还在写")
    expect(page.get_by_role("button", name="现在更新")).to_have_count(0)
    expect(page.get_by_label("姓名")).to_have_value("测试花")
    page.get_by_role("link", name="今天").click()
    page.get_by_role("button", name="现在更新").click()
    until_true(page, "navigator.serviceWorker.ready.then((found) => found.waiting === null)")
    page.wait_for_load_state()
    unlock(store)
    [draft] = store("drafts")
    assert store("draft", draft["id"])["applicant"]["name"] == "测试花"
    context.close()
