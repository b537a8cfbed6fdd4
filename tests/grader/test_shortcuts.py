"""Shortcuts and withheld modules all the way: from the author's header to the learner's page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from course.link.shortcuts import refusal
from course.link.withhold import Withheld
from grader.audit import audit
from grader.authoring.handin import answered
from grader.authoring.release import release
from grader.authoring.shortcuts import find_shortcut
from grader.configuration import Course, load_course
from grader.errors import SourceError
from grader.execution.execute import Executor
from grader.execution.shortcuts import without_marks
from grader.execution.store import load_run, run_key
from grader.feedback import write_feedback
from grader.grading import GradingOptions, grade
from grader.records import Outcome, Role, Run, Submission, TestResult
from grader.sandbox import Sandbox
from grader.sandbox.none import NoSandbox
from grader.workbench import open_workbench

from .cohort import hand_in
from .conftest import copy_of_sample

HEADER = '# %% answer="mean_square" title="The mean of squares" minutes=5'
DOCSTRING = '"""The mean of the squares of `x`."""'
TOLD = (
    '"""The mean of the squares of `x`. Averaging is yours: `mean` and `average` earn nothing."""'
)


def edit(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def declare(course: Course, shortcuts: str = "numpy.mean numpy.average") -> Course:
    edit(
        course.solution_source("tiny"),
        (HEADER, f'{HEADER} shortcuts="{shortcuts}"'),
        (DOCSTRING, TOLD),
    )
    edit(
        course.root / "course.toml", ("minutes = 10", 'minutes = 10\nwithheld = ["course.losses"]')
    )
    return load_course(course.root)


@pytest.fixture(scope="session")
def declared_once(once: Callable[[str, Callable[[Path], object]], Path]) -> Course:
    def make(root: Path) -> None:
        release(declare(copy_of_sample(root)), "tiny")

    return load_course(once("a course with shortcuts", make))


@pytest.fixture
def course(declared_once: Course, tmp_path: Path) -> Course:
    shutil.copytree(declared_once.root, tmp_path / "a course")
    return load_course(tmp_path / "a course")


@pytest.fixture
def right(declared_once: Course, reference: dict[str, str]) -> NotebookNode:
    blank = nbformat.read(declared_once.release_notebook("tiny"), as_version=4)
    return answered(blank, reference)


def executed(course: Course, notebook: NotebookNode, sandbox: Sandbox) -> Run:
    bench = open_workbench(course, "tiny")
    rebuilt = bench.rebuild(Submission("tiny", "ann", "", notebook)).notebook
    run = Executor(bench.kit, sandbox).execute(bench.script(rebuilt, "ann"))
    assert run.fault is None
    return run


def letters(run: Run) -> str:
    return "".join(test.outcome[0].upper() for test in run.tests)


PLAIN = "def mean_square(x):\n    return np.mean(np.asarray(x) ** 2)\n"
CAUGHT = """
def mean_square(x):
    try:
        return np.average(np.asarray(x) ** 2)
    except Exception:
        return float((np.asarray(x) ** 2).sum() / np.asarray(x).size)
"""
# only the test of two calls meets it, and then all three of the exercise are lost
SOMETIMES = """
def mean_square(x):
    x = np.asarray(x) ** 2
    return x.sum() / x.size if x.size < 10 else np.mean(x)
"""


@pytest.mark.parametrize("answer", [PLAIN, CAUGHT, SOMETIMES])
def test_a_shortcut_costs_the_whole_exercise_and_nothing_else(
    declared_once: Course, right: NotebookNode, sandbox: Sandbox, answer: str
):
    run = executed(declared_once, answered(right, {"mean_square": answer}), sandbox)
    assert letters(run) == "FFFPP"
    name = "numpy.average" if answer is CAUGHT else "numpy.mean"
    for test in run.tests[:3]:
        assert test.rationale == refusal("mean_square", [name])
        assert (test.mistake, test.help) == (None, "")


def test_no_sandbox_refuses_it_too(declared_once: Course, right: NotebookNode):
    run = executed(declared_once, answered(right, {"mean_square": PLAIN}), NoSandbox())
    assert letters(run) == "FFFPP"


IN_ANOTHER = "def row_sums(rows):\n    return np.mean(rows, axis=1) * rows.shape[1]\n"


def test_everybody_else_may_use_it(declared_once: Course, right: NotebookNode, sandbox: Sandbox):
    extra = ["import numpy as np\nprint(np.mean([1.0, 2.0]), np.average([4.0]))"]
    run = executed(declared_once, answered(right, {"row_sums": IN_ANOTHER}, extra), sandbox)
    assert letters(run) == "PPPPP"
    assert run.cells[0].outputs[0]["text"] == "1.5 4.0\n"


# leaves the trace of the known mistake `sums_the_squares`, and calls a shortcut besides
MISTAKEN = "def mean_square(x):\n    x = np.asarray(x) ** 2\n    try:\n        np.mean(x)\n"
MISTAKEN += "    except Exception:\n        pass\n    return float(x.sum())\n"


def test_a_known_mistake_does_not_rename_it(
    declared_once: Course, right: NotebookNode, sandbox: Sandbox
):
    run = executed(declared_once, answered(right, {"mean_square": MISTAKEN}), sandbox)
    assert {test.rationale for test in run.tests[:3]} == {refusal("mean_square", ["numpy.mean"])}
    assert {test.mistake for test in run.tests} == {None}


def test_an_import_of_what_is_withheld_says_why_to_its_learner(
    declared_once: Course, right: NotebookNode, sandbox: Sandbox
):
    answer = "def mean_square(x):\n    from course.losses import multiclass_hinge\n    return 0.0\n"
    run = executed(declared_once, answered(right, {"mean_square": answer}), sandbox)
    assert letters(run) == "FFFPP"
    for test in run.tests[:3]:
        assert "course.losses is withheld while tiny is graded" in test.rationale


def test_the_reason_stands_in_the_record_and_on_the_page(course: Course, right: NotebookNode):
    hand_in(course, "ann", answered(right, {"mean_square": PLAIN}))
    [line] = grade(course, "tiny", options=GradingOptions(sandbox="none", workers=1))
    assert line.run.earned == 2.5
    kept = load_run(course.run_record("tiny", "ann"))
    assert kept is not None
    assert [test.rationale for test in kept.tests] == [test.rationale for test in line.run.tests]
    text = course.run_record("tiny", "ann").read_text()
    assert json.loads(text)["run"]["tests"][0]["rationale"] == refusal(
        "mean_square", ["numpy.mean"]
    )
    [page] = write_feedback(course, "tiny")
    assert page.read_text("utf-8").count("does the work that this exercise asks you to write") == 3


def test_the_key_of_a_run_changes_with_shortcuts_and_with_what_is_withheld(declared_once: Course):
    kit = open_workbench(declared_once, "tiny").kit
    assert kit.withheld == Withheld("tiny", ("course.losses",))
    answers = [cell for cell in kit.reference.cells if cell.role is Role.ANSWER]
    assert answers[0].shortcuts == ("numpy.mean", "numpy.average")
    fewer = replace(kit.reference, cells=tuple(replace(c, shortcuts=()) for c in answers))
    as_it_is = replace(kit.reference, cells=tuple(answers))
    keys = {
        run_key(replace(kit, reference=as_it_is), as_it_is),
        run_key(replace(kit, reference=fewer), as_it_is),
        run_key(replace(kit, reference=as_it_is), fewer),
        run_key(replace(kit, reference=as_it_is, withheld=Withheld()), as_it_is),
    }
    assert len(keys) == 4


def test_denial_touches_only_the_exercise_that_met_something():
    results = [
        TestResult("a", "one", Outcome.PASSED, 1.0),
        TestResult("b", "one", Outcome.UNATTEMPTED, 1.0, help="x", mistake="y"),
        TestResult("c", "two", Outcome.PASSED, 1.0),
    ]
    a, b, c = without_marks(results, {"one": ["numpy.mean"], "two": []})
    assert (a.outcome, b.outcome, b.help, b.mistake) == (Outcome.FAILED, Outcome.FAILED, "", None)
    assert c == results[2]
    assert without_marks(results, {}) == tuple(results)


# ---- what the author is told


def test_the_release_carries_the_declaration_to_the_rebuilt_notebook(declared_once: Course):
    released = nbformat.read(declared_once.release_notebook("tiny"), as_version=4)
    [cell] = [c for c in released.cells if c.id == "mean_square"]
    assert cell.metadata.course["shortcuts"] == ["numpy.mean", "numpy.average"]


@pytest.mark.usefixtures("without_workers")
def test_the_audit_proves_that_the_shortcuts_are_refused(course: Course):
    report = audit(course, "tiny")
    assert [finding.problems for finding in report.findings if not finding.holds] == []
    [finding] = [f for f in report.findings if f.subject == "mean_square by shortcuts"]
    assert finding.detail == "numpy.mean, numpy.average"


@pytest.mark.usefixtures("without_workers")
@pytest.mark.parametrize(
    ("shortcuts", "problem"),
    [
        ("numpy.mean numpy.meen.average", "the shortcut numpy.meen.average is not there"),
        ("nympy.mean", "there is no module 'nympy'"),
        # what is made in C keeps its methods: such a name cannot be watched
        ("numpy.ndarray.mean", "does not lose mean_square_by_hand"),
    ],
)
def test_the_audit_finds_a_name_that_is_not_there_or_cannot_be_watched(
    course: Course, shortcuts: str, problem: str
):
    edit(course.solution_source("tiny"), ("numpy.mean numpy.average", shortcuts))
    release(course, "tiny")
    found = {f.subject: "\n".join(f.problems) for f in audit(course, "tiny").findings if f.problems}
    assert set(found) == {"mean_square by shortcuts"}
    assert problem in found["mean_square by shortcuts"]


@pytest.mark.usefixtures("without_workers")
def test_the_audit_finds_a_reference_that_takes_the_shortcut_itself(course: Course):
    edit(
        course.solution_source("tiny"),
        (
            "float(total_of_the_squares / number_of_entries)",
            "float(np.mean(squares_of_all_entries))",
        ),
    )
    release(course, "tiny")
    found = {f.subject: "\n".join(f.problems) for f in audit(course, "tiny").findings if f.problems}
    assert refusal("mean_square", ["numpy.mean"]) in found["the reference"]


@pytest.mark.parametrize(
    ("name", "module", "rest"),
    [
        ("torch.nn.functional.cross_entropy", "torch.nn.functional", "cross_entropy"),
        ("torch.Tensor.log_softmax", "torch", "Tensor.log_softmax"),
        ("torch.optim.SGD", "torch.optim", "SGD"),
        ("scipy.special.log_softmax", "scipy.special", "log_softmax"),
    ],
)
def test_a_shortcut_is_found_where_it_stands(name: str, module: str, rest: str):
    assert find_shortcut(name) == (module, rest)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_such_library.f", "there is no module 'no_such_library'"),
        ("numpy.no_such_name", "numpy has no 'no_such_name'"),
        ("numpy.pi", "cannot be called"),
        ("numpy.linalg", "cannot be called"),
        ("numpy.linalg.norm.no_such_part", "numpy.linalg has no 'norm.no_such_part'"),
    ],
)
def test_a_shortcut_that_is_none_is_said(name: str, words: str):
    with pytest.raises(LookupError, match=words):
        find_shortcut(name)


@pytest.mark.parametrize(
    ("cell", "old", "new", "module"),
    [
        ("imports", "import numpy.typing as npt", "import course.losses as x", "course.losses"),
        ("imports", "import numpy.typing as npt", "from course import losses", "course.losses"),
        (
            "imports",
            "import numpy.typing as npt",
            "def later():\n    from course.losses.hinge import multiclass_hinge",
            "course.losses.hinge",
        ),
        (
            "mean_square",
            "    squares_of_all",
            "    from course.losses import log_softmax\n    squares_of_all",
            "course.losses",
        ),
        (
            "mean_square_input",
            "    before = values.copy()",
            "    from course.losses import log_softmax\n    before = values.copy()",
            "course.losses",
        ),
    ],
)
def test_an_import_of_what_is_withheld_is_refused_where_the_learners_process_would_run_it(
    course: Course, cell: str, old: str, new: str, module: str
):
    path = course.solution_source("tiny")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    number = 1 + next(n for n, line in enumerate(lines) if "course" in line and "losses" in line)
    with pytest.raises(SourceError) as caught:
        release(course, "tiny")
    said = str(caught.value)
    assert f"the cell {cell!r} imports {module} in line {number}, and course.losses is wi" in said
    assert "while tiny is graded" in said
    assert "take it out of `withheld` in course.toml" in said


def test_a_test_cell_may_use_the_whole_library_as_an_oracle(
    course: Course, right: NotebookNode, sandbox: Sandbox
):
    edit(
        course.solution_source("tiny"),
        (
            "data_drawn_once = ",
            "from course.losses import multiclass_hinge\n\n"
            "assert multiclass_hinge(np.zeros((1, 2)), np.array([0])) == 1\n"
            "data_drawn_once = ",
        ),
    )
    release(course, "tiny")
    run = executed(course, right, sandbox)
    assert letters(run) == "PPPPP", run.tests
