"""A group's real hub in a real browser: Linux accounts, and the whole cycle by mouse and keyboard.

Pictures are kept in the folder that COURSE_SCREENSHOTS names, to be looked at.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .installed_hub import (
    ADA,
    BOLA,
    COURSE,
    EFE,
    InstalledHub,
    installed_hub,
    why_none_can_be_installed,
)
from .notebook import PATIENCE, Notebook, picture

ANSWER = "def linear_scores(W, X):\n    return X @ W[:-1] + W[-1]"
SECRET = "rng.normal(size=(7, 3))"  # of a hidden test, and not of the library

pytestmark = pytest.mark.skipif(
    bool(why_none_can_be_installed()), reason=why_none_can_be_installed()
)


@pytest.fixture(scope="module")
def hub() -> Iterator[InstalledHub]:
    with installed_hub() as hub:
        yield hub


def log_in(browser: Browser, hub: InstalledHub, name: str) -> Page:
    page = browser.new_context(viewport={"width": 1360, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(hub.plan.address)
    page.fill("#username_input", name)
    page.fill("#password_input", hub.passwords[name])
    page.click("#login_submit")
    return page


class Formgrader:
    """nbgrader's page, on which each button opens a box with what was done."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        page.wait_for_url("**/manage_assignments")

    def line(self) -> Locator:
        return self.page.locator("tr", has=self.page.get_by_role("link", name="loss_functions"))

    def press(self, line: Locator, button: str) -> str:
        """Press a button of a line; what the box says, which is closed again."""
        line.locator(f"td.{button} a").click()
        box = self.page.locator(".modal.in")
        expect(box.locator(".modal-title")).to_have_text("Success", timeout=PATIENCE)
        said = box.inner_text()
        box.locator(".modal-footer button").last.click()
        expect(self.page.locator(".modal-backdrop")).to_have_count(0)
        return said

    def go(self, path: str) -> None:
        self.page.goto(f"{self.address}/services/{COURSE}/formgrader/{path}")


def _assignment_list(page: Page) -> None:
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Assignment List").click()


def test_the_cycle_from_login_to_feedback(browser: Browser, hub: InstalledHub) -> None:
    learner = log_in(browser, hub, ADA)
    learner.get_by_role("link", name="Loss functions").click()
    notebook = Notebook(learner)
    notebook.wait_for_kernel()
    notebook.run(notebook.cell_with("open_notebook"))
    answer = notebook.cell_with("def linear_scores")
    notebook.type_into(answer, ANSWER)
    notebook.run(answer)
    checked = notebook.add_below_and_run(notebook.cell_with("def linear_scores"), "%check")
    expect(checked.locator("[role=status]")).to_contain_text("8 of 8 marks", timeout=PATIENCE)
    expect(checked).not_to_contain_text(SECRET)
    checked.scroll_into_view_if_needed()
    picture(learner, "hub-check")
    learner.keyboard.press("Control+s")

    _assignment_list(learner)
    mine = learner.locator("#fetched_assignments_list .list_item", has_text="loss_functions").first
    mine.get_by_role("button", name="Submit").click()
    handed_in = learner.locator("#submitted_assignments_list")
    expect(handed_in).to_contain_text("loss_functions", timeout=PATIENCE)

    formgrader = Formgrader(log_in(browser, hub, EFE), hub.plan.address)
    picture(formgrader.page, "hub-formgrader")
    assert ADA in formgrader.press(formgrader.line(), "collect")
    formgrader.line().locator("td.num-submissions a").click()
    formgrader.press(formgrader.page.locator("tr", has_text=ADA), "autograde")
    formgrader.go("gradebook/loss_functions/loss_functions")
    formgrader.page.get_by_role("link", name="Submission #1").click()
    formgrader.page.wait_for_load_state("networkidle")  # until then nobody listens to the fields
    written = formgrader.page.locator("input.score").last
    with formgrader.page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        written.fill("5")
        written.press("Tab")
    assert saved.value.ok
    written.scroll_into_view_if_needed()
    picture(formgrader.page, "hub-marking")
    formgrader.go("manage_assignments")
    formgrader.press(formgrader.line(), "generate-feedback")
    formgrader.press(formgrader.line(), "release-feedback")

    learner.locator("#refresh_assignments_list").click()
    handed_in.get_by_role("button", name="Fetch Feedback").click()
    handed_in.get_by_text("view feedback").click()
    (path,) = hub.home(ADA).glob(f"{COURSE}/loss_functions/feedback/*/loss_functions.html")
    learner.goto(f"{hub.plan.address}/user/{ADA}/files/{path.relative_to(hub.home(ADA))}")
    expect(learner.locator("body")).to_contain_text("13")  # 8 by tests, and 5 by the instructor
    picture(learner, "hub-feedback")
    assert SECRET not in path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def handed_in_by_bola(hub: InstalledHub) -> None:
    bola = hub.client(BOLA)
    bola.start_server()
    bola.nbgrader("submit", COURSE, "loss_functions")


@pytest.mark.usefixtures("handed_in_by_bola")
def test_a_learner_gets_nothing_that_is_not_theirs(hub: InstalledHub) -> None:
    """From the hub's pages by their token, and from the machine by what they run on it."""
    ada = hub.client(ADA)
    for path in (
        f"/services/{COURSE}/formgrader/",
        f"/services/{COURSE}/api/contents/solutions/loss_functions/notebook.py",
        "/services/checks/",
        f"/user/{BOLA}/api/contents/",
        "/hub/api/users",
        "/hub/api/groups",
    ):
        assert ada.ask("GET", path).status_code in (403, 404), path

    folders = hub.plan.folders
    reads = [hub.home(BOLA), folders.course, folders.state, folders.exchange / COURSE / "inbound"]
    reads += [folders.course / "var" / "gradebook.db", folders.course / "solutions"]
    script = f"""
        import os, pathlib
        for place in {[str(path) for path in reads]}:
            try:
                print("read", place, os.listdir(place) if not place.endswith(".db")
                      else open(place, "rb").read(9))
            except OSError as error:
                print("refused")
        for process in pathlib.Path("/proc").iterdir():
            if not process.name.isdecimal():
                continue
            try:
                if b"JUPYTERHUB_API_TOKEN" in (process / "environ").read_bytes():
                    print("token", process.name)
            except OSError:
                pass
        try:
            os.rename({str(folders.exchange / COURSE)!r}, {str(folders.exchange / "gone")!r})
            print("renamed")
        except OSError:
            print("refused")
    """
    seen = hub.run_as(ADA, textwrap.dedent(script)).splitlines()
    mine = {str(each) for each in _processes_of(hub, ADA)}
    tokens = [line for line in seen if line.startswith("token") and line.split()[1] not in mine]
    assert tokens == []
    assert [line for line in seen if not line.startswith("token")] == ["refused"] * 7


def _processes_of(hub: InstalledHub, name: str) -> set[int]:
    owner = hub.home(name).stat().st_uid
    return {
        int(each.name)
        for each in Path("/proc").iterdir()
        if each.name.isdecimal() and each.stat().st_uid == owner
    }


@pytest.mark.usefixtures("handed_in_by_bola")
def test_a_submission_in_anothers_name_is_refused_and_said(hub: InstalledHub) -> None:
    inbound = hub.plan.folders.exchange / COURSE / "inbound"
    name = f"{BOLA}+loss_functions+2030-01-01 00:00:00.000000 UTC+forged"
    script = f"""
        import pathlib
        place = pathlib.Path({str(inbound)!r}) / {name!r}
        place.mkdir()
        place.joinpath("loss_functions.ipynb").write_text("mine")
        place.joinpath("timestamp.txt").write_text("2030-01-01 00:00:00.000000 UTC")
    """
    assert hub.run_as(ADA, textwrap.dedent(script)) == ""
    efe = hub.client(EFE)
    address = f"/services/{COURSE}/formgrader/api/assignment/loss_functions/collect"
    told = efe.ask("POST", address).json()
    assert told["success"], told
    assert f"{name}" in told["log"]
    assert ADA in told["log"]  # whose it is
    collected = hub.plan.folders.course / "var" / "submitted" / BOLA / "loss_functions"
    assert (collected / "loss_functions.ipynb").read_text(encoding="utf-8") != "mine"
