"""A learner's first quarter of an hour in a real JupyterLab: wrong, hint, right, progress.

Screenshots are kept in the folder that COURSE_SCREENSHOTS names, to be looked at.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .conftest import TOKEN
from .notebook import PATIENCE, Notebook, picture

WRONG = "def linear_scores(W, X):\n    return X @ W[:-1]"
RIGHT = "def linear_scores(W, X):\n    return X @ W[:-1] + W[-1]"


@pytest.fixture
def notebook(page: Page, lab: str) -> Notebook:
    page.goto(f"{lab}/lab/tree/loss_functions/loss_functions.ipynb?token={TOKEN}&reset")
    Notebook(page).wait_for_kernel()
    news = page.get_by_role("button", name="No", exact=True)  # would we like to have any?
    if news.is_visible():
        news.click()
    return Notebook(page)


def test_the_first_exercise_from_a_wrong_answer_to_progress(notebook: Notebook) -> None:
    notebook.run(notebook.cell_with("open_notebook"))
    answer = notebook.cell_with("def linear_scores")
    notebook.type_into(answer, WRONG)
    notebook.run(answer)

    checked = notebook.add_below_and_run(notebook.cell_with("def linear_scores"), "%check")
    status = checked.locator("[role=status]")
    expect(status).to_contain_text("0 of 8 marks", timeout=PATIENCE)
    expect(status).to_contain_text("A likely cause. The biases never reach the scores")
    expect(status).not_to_contain_text("default_rng")  # of a hidden test
    checked.scroll_into_view_if_needed()
    picture(notebook.page, "check-wrong")

    hinted = notebook.add_below_and_run(checked, "%hint")
    expect(hinted).to_contain_text("Hint 1 of 3 for linear_scores", timeout=PATIENCE)
    expect(hinted.locator("code").first).to_be_visible()
    hinted.scroll_into_view_if_needed()
    picture(notebook.page, "hint")

    answer = notebook.cell_with("def linear_scores")
    notebook.type_into(answer, RIGHT)
    notebook.run(answer)
    again = notebook.add_below_and_run(hinted, "%check linear_scores")
    expect(again.locator("[role=status]")).to_contain_text("8 of 8 marks", timeout=PATIENCE)
    again.scroll_into_view_if_needed()
    picture(notebook.page, "check-right")

    progress = notebook.add_below_and_run(again, "%progress")
    expect(progress).to_contain_text("linear_scores", timeout=PATIENCE)
    expect(progress).to_contain_text("passed with hints, 1 hint")
    progress.scroll_into_view_if_needed()
    picture(notebook.page, "progress")


def test_an_endless_loop_is_stopped_and_the_kernel_lives(notebook: Notebook) -> None:
    notebook.run(notebook.cell_with("open_notebook"))
    answer = notebook.cell_with("def linear_scores")
    notebook.type_into(answer, "def linear_scores(W, X):\n    while True: pass")
    notebook.run(answer)
    checked = notebook.add_below_and_run(notebook.cell_with("def linear_scores"), "%check")
    expect(checked).to_contain_text("Is there a loop that never ends?", timeout=PATIENCE)
    alive = notebook.add_below_and_run(checked, "print(6 * 7)")
    expect(alive.locator(".jp-OutputArea-output")).to_contain_text("42", timeout=PATIENCE)


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_report_fits_the_page_and_keeps_its_contrast(page: Page, width: int, theme: str) -> None:
    from course.checking.display import show_report
    from course.checking.report import Report, TestReport

    tests = (
        TestReport("a", "two images worked out by hand", "passed", 3.0),
        TestReport(
            "b",
            "many images",
            "failed",
            2.0,
            True,
            "the scores: expected 31, got 1",
            "The biases never reach the scores: the last row of `W` is left out.",
            "m",
            "x" * 300,
        ),
    )
    report = show_report(Report("linear_scores", "Scores with the bias trick", tests))
    colours = {"light": ("#ffffff", "#111111"), "dark": ("#111111", "#e0e0e0")}
    back, fore = colours[theme]
    page.set_viewport_size({"width": width, "height": 600})
    page.set_content(
        f"<body style='background:{back};color:{fore};font-family:sans-serif'>"
        f"{report._repr_html_()}</body>"
    )
    picture(page, f"report-{theme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    texts = page.evaluate(
        "[...document.querySelectorAll('p, li, strong, code, div')]"
        ".map(each => getComputedStyle(each).color)"
    )
    expected = page.evaluate("getComputedStyle(document.body).color")
    assert set(texts) == {expected}  # every word has the page's own colour
