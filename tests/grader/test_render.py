"""Rendered notebooks: what is executed and how, what the page shows, what it must not do."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from course.checking.opening import OFF
from grader.authoring.release import release
from grader.authoring.source import read_source
from grader.commands.console import console
from grader.commands.main import app
from grader.configuration import Course
from grader.errors import ReleaseError, RenderError
from grader.rendering.forms import Form, read_form, solved_notebook
from grader.rendering.kernel import CHECKS, errors_of, execute, figures_of, warnings_of
from grader.rendering.page import label, page_html
from grader.rendering.render import render, write_index

ABOUT = {"title": "A page", "form": "solved", "seconds": 1.0, "figures": 0}
ABOUT |= {"errors": [], "warnings": []}
PNG = "iVBORw0KGgo="


def notebook(*sources: str) -> NotebookNode:
    """Cells c0, c1, ... with this code."""
    return new_notebook(cells=[new_code_cell(s, id=f"c{n}") for n, s in enumerate(sources)])


def said(cell: NotebookNode) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


# --------------------------------------------------------------------------- the forms


def test_the_solved_form_holds_every_answer_test_and_mark_scheme_and_no_delimiter(
    released: Course,
) -> None:
    solved = solved_notebook(read_source(released.solution_source("tiny")))
    cells = {cell.id: cell.source for cell in solved.cells}
    assert "total_of_the_squares" in cells["mean_square"]
    assert "data_seen_twice" in cells["mean_square_twice"]
    assert cells["why_unchanged"].startswith("**Reference answer**\n\nBoth the sum")
    assert "**Mark scheme**\n\n- 3 points" in cells["why_unchanged"]
    assert not re.search(r"### (BEGIN|END)|NotImplementedError", "\n".join(cells.values()))


def test_both_forms_have_the_same_cells(released: Course) -> None:
    forms = [read_form(released, "tiny", form) for form in Form]
    solved, untouched = ([cell.id for cell in form.cells] for form in forms)
    assert solved == untouched
    assert "NotImplementedError" in forms[1].cells[solved.index("mean_square")].source


def test_a_release_that_is_missing_or_broken_says_what_to_run(released: Course) -> None:
    path = released.release_notebook("tiny")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ReleaseError, match=r"is no notebook .*; run: grader release tiny"):
        read_form(released, "tiny", Form.RELEASE)
    path.unlink()
    with pytest.raises(ReleaseError, match=r"is not released .*; run: grader release tiny"):
        read_form(released, "tiny", Form.RELEASE)


# --------------------------------------------------------------------------- the kernel


def test_cells_run_as_beside_a_learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "data.txt").write_text("beside the notebook")
    run = notebook(
        "import os, sys, threading\nprint(open('data.txt').read(), os.path.basename(os.getcwd()))",
        "import torch\nprint(torch.get_num_threads(), 'NBGRADER_EXECUTION' in os.environ)",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]); open('rubbish', 'w').close()",
        f"print(sys.executable == {__import__('sys').executable!r})",
        "print(get_ipython().history_manager.hist_file, get_ipython().profile_dir.location)",
    )
    told: list[tuple[int, int]] = []
    seconds = execute(run, folder, lambda total, done: told.append((total, done)))
    assert errors_of(run) == ()
    assert [said(run.cells[n]) for n in (0, 1, 3)] == [
        "beside the notebook tiny\n",
        "1 False\n",
        "True\n",
    ]
    history, profile = said(run.cells[4]).split()
    assert history == ":memory:"
    assert not profile.startswith(str(Path.home() / ".ipython"))
    assert figures_of(run) == 1
    assert [path.name for path in folder.iterdir()] == ["data.txt"]
    assert told == [(5, n) for n in range(6)]
    assert seconds > 0


def test_the_checks_of_a_learner_are_switched_off_by_their_own_name() -> None:
    assert CHECKS == OFF


def test_every_error_and_warning_is_told_with_its_cell_and_the_rest_goes_on(tmp_path: Path) -> None:
    run = notebook(
        "import warnings\nwarnings.warn('a seed\\nis missing', UserWarning)",
        "raise ValueError('no\\nanswer')",
        "print('UserWarning: of a learner, in words')",
        "1 / 0",
        "import sys\nprint('a bar, 50%', file=sys.stderr)",
    )
    execute(run, tmp_path / "none")
    assert [(note.cell, note.message) for note in errors_of(run)] == [
        ("c1", "ValueError: no answer"),
        ("c3", "ZeroDivisionError: division by zero"),
    ]
    assert [(note.cell, note.message) for note in warnings_of(run)] == [
        ("c0", "UserWarning: a seed")
    ]
    assert "in words" in said(run.cells[2])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("while True: pass", "the cell c1 did not end within 1 seconds"),
        ("import os; os._exit(1)", "the kernel died in the cell c1"),
    ],
)
def test_a_cell_that_does_not_end_or_ends_the_kernel_is_named(
    code: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(RenderError, match=words):
        execute(notebook("x = 1", code), tmp_path / "none", cell_seconds=1)


def test_ctrl_c_ends_the_kernel_and_is_raised(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    press = f"import os, signal\nos.kill({os.getpid()}, signal.SIGINT)"
    note = f"import os, pathlib\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))"
    run = notebook(note, press, "import time\ntime.sleep(60)")
    with pytest.raises(KeyboardInterrupt):
        execute(run, tmp_path / "none")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


# --------------------------------------------------------------------------- the page


def test_a_label_says_what_a_cell_is_for() -> None:
    def of(**about: object) -> str:
        return label(new_code_cell(metadata={"course": about}, id="name"))

    test = {"role": "test", "exercise": "mean", "title": "by hand", "points": 1}
    assert of(**test) == "Test of mean: by hand (1 point)"
    assert (
        of(**test | {"hidden": True, "points": 2.5}) == "Hidden test of mean: by hand (2.5 points)"
    )
    assert of(role="written", title="Why?", points=5, minutes=3) == (
        "Written answer: Why? (5 points, about 3 minutes)"
    )
    assert of(role="answer", title="The mean", minutes=8) == "Answer: The mean, about 8 minutes"
    assert of(role="setup") == "Set-up: name"
    assert label(new_markdown_cell("prose")) == ""


def test_a_page_shows_every_kind_of_output_and_runs_nothing() -> None:
    outputs = [
        new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m <b>"),
        new_output("stream", name="stderr", text="UserWarning: careful"),
        new_output("display_data", data={"image/png": PNG, "text/plain": "<Figure>"}),
        new_output(
            "execute_result", data={"text/html": "<table><td>1</td></table><script>x()</script>"}
        ),
        new_output("execute_result", data={"text/plain": "array([<1>])"}),
        new_output("error", ename="ValueError", evalue="no", traceback=["Traceback <x>", "no"]),
    ]
    cells = [
        new_markdown_cell(r"# Means of $\frac{x}{2}$"),
        new_code_cell("x < 1", id="name", metadata={"course": {"role": "figure"}}, outputs=outputs),
    ]
    html = page_html(new_notebook(cells=cells), ABOUT)
    for words in (
        '<span class="ansi-red-fg">red</span> &lt;b&gt;',
        "UserWarning: careful",
        f'<img alt="Figure: name" src="data:image/png;base64,{PNG}"/>',
        "<td>1</td>",
        "array([&lt;1&gt;])",
        "Traceback &lt;x&gt;",
        "<mfrac>",
        "default-src 'none'",
        'id="cell-name"',
    ):
        assert words in html
    assert not re.search(r"<script|x\(\)|https?://|<link", html)
    assert "&lt;Figure&gt;" not in html


@pytest.mark.parametrize(("form", "is_marked"), [("solved", True), ("release", False)])
def test_a_hidden_test_is_marked_where_it_is_shown(form: str, is_marked: bool) -> None:
    about = {"role": "test", "exercise": "m", "title": "t", "points": 1, "hidden": True}
    cells = [new_code_cell("assert 1", metadata={"course": about})]
    html = page_html(new_notebook(cells=cells), ABOUT | {"form": form})
    assert ("learners see this line only" in html) == is_marked
    assert ("for instructors only" in html) == is_marked


def test_what_raised_stands_at_the_top_and_leads_to_its_cell() -> None:
    errors = [{"cell": "c0", "message": "ValueError: <no>"}]
    html = page_html(notebook("raise ValueError"), ABOUT | {"errors": errors})
    assert '<a href="#cell-c0">c0</a>: ValueError: &lt;no&gt;' in html
    assert 'id="cell-c0"' in html


# --------------------------------------------------------------------------- the command


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, released: Course) -> Callable[..., Result]:
    """Runs `grader render ...` in the sample course, on a wide terminal."""
    monkeypatch.setattr(console, "_width", 250)
    monkeypatch.chdir(released.root)
    return lambda *words: CliRunner().invoke(app, ["render", *words])


def test_both_forms_are_rendered_below_var_and_nowhere_else(
    call: Callable[..., Result], released: Course
) -> None:
    before = released.release_notebook("tiny").read_bytes()
    result = call()
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines() if "tiny" in line]
    assert [(row[1], *row[3:]) for row in rows] == [
        ("solved", "0", "0", "0"),
        ("release", "0", "0", "0"),
    ]
    solved, untouched = (released.rendered_page("tiny", form).read_text() for form in Form)
    assert "total_of_the_squares" in solved
    assert "mean_square: this test passes." in solved
    assert "total_of_the_squares" not in untouched
    assert "mean_square: not attempted yet" in untouched
    index = (released.var / "pages" / "index.html").read_text()
    assert re.findall(r'href="([^"]+)"', index) == ["tiny/solved.html", "tiny/release.html"]
    assert released.release_notebook("tiny").read_bytes() == before
    assert [path.name for path in released.release_notebook("tiny").parent.iterdir()] == [
        "tiny.ipynb"
    ]


def test_a_cell_that_raises_is_named_its_page_is_there_and_the_exit_code_is_1(
    call: Callable[..., Result], released: Course
) -> None:
    source = released.solution_source("tiny")
    text = source.read_text()
    source.write_text(text.replace("number**2 for", "number[2] for"))
    release(released, "tiny")
    result = call("tiny", "--form", "release")
    assert result.exit_code == 1
    assert "tiny, release, cell squares: TypeError: 'int' object" in result.stdout
    assert "TypeError" in released.rendered_page("tiny", "release").read_text()
    assert not released.rendered_page("tiny", "solved").exists()


def test_json_holds_what_the_table_holds(call: Callable[..., Result]) -> None:
    result = call("tiny", "--form", "solved", "--json")
    (line,) = json.loads(result.stdout)
    assert line.pop("seconds") > 0
    assert line == {
        "assignment": "tiny",
        "form": "solved",
        "figures": 0,
        "errors": [],
        "warnings": [],
        "page": "var/pages/tiny/solved.html",
    }


def test_an_unknown_assignment_is_refused_before_anything_runs(
    call: Callable[..., Result], released: Course
) -> None:
    result = call("tiny", "tinny")
    assert result.exit_code == 1
    assert "Did you mean 'tiny'?" in result.stderr
    assert not (released.var / "pages").exists()


def test_a_run_that_does_not_end_keeps_the_pages_that_were_there(
    released: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    render(released, "tiny", Form.RELEASE)
    write_index(released)
    before = released.rendered_page("tiny", "release").read_bytes()
    monkeypatch.setattr("grader.rendering.kernel.NotebookClient.async_execute", _dies)
    with pytest.raises(RenderError, match="tiny, release: the kernel died"):
        render(released, "tiny", Form.RELEASE)
    assert released.rendered_page("tiny", "release").read_bytes() == before


def test_a_page_that_was_removed_leaves_the_list(released: Course) -> None:
    for form in Form:
        path = released.rendered_page("tiny", form)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".json").write_text(json.dumps(ABOUT | {"form": form}))
    released.rendered_page("tiny", "solved").write_text("a page")
    index = write_index(released).read_text()
    assert re.findall(r'href="([^"]+)"', index) == ["tiny/solved.html"]


async def _dies(*_: object, **__: object) -> None:
    from nbclient.exceptions import DeadKernelError

    raise DeadKernelError
