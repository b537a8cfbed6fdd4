"""A notebook that is open in JupyterLab, used by mouse and keyboard; and pictures of pages."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

PATIENCE = 120_000  # milliseconds: the machine may be busy; nothing waits longer than it must


class Notebook:
    """A notebook that is open in JupyterLab, used by mouse and keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page
        # of several that are open, the one in front
        self._front = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook")

    def cell_with(self, text: str) -> Locator:
        return self._front.locator(".jp-CodeCell", has_text=text).first

    def type_into(self, cell: Locator, text: str) -> None:
        editor = cell.locator(".cm-content")
        editor.scroll_into_view_if_needed()
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def run(self, cell: Locator) -> None:
        """Run a cell, and wait until it has its number."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        number = re.compile(r"\[\d+\]")
        expect(cell.locator(".jp-InputPrompt")).to_have_text(number, timeout=PATIENCE)

    def add_below_and_run(self, cell: Locator, text: str) -> Locator:
        """A new cell below, run with Ctrl+Enter so that it stays where it is; gives the cell."""
        cell.locator(".jp-InputPrompt").click()  # selects the cell, in command mode
        self.page.keyboard.press("b")
        added = self._front.locator(".jp-Cell.jp-mod-active")
        added.locator(".cm-content").click()
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Control+Enter")
        return added

    def wait_for_kernel(self) -> None:
        """What is typed before the kernel is there is lost."""
        self._front.locator(".jp-CodeCell").first.wait_for(timeout=PATIENCE)
        self.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=PATIENCE)


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("COURSE_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))
