"""The wall: every planted leak is found, and what only looks like one is not."""

import json
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from grader.authoring.build import starter, to_notebook
from grader.authoring.cells import AssignmentSource
from grader.authoring.secrets import Leak, find_leaks
from grader.authoring.source import read_source
from grader.errors import MistakesError

TINY = Path(__file__).resolve().parents[1] / "data" / "course" / "solutions" / "tiny"
MISTAKES = (TINY / "mistakes.py").read_text(encoding="utf-8")

HIDDEN_LINE = "data_seen_twice = np.concatenate([data_drawn_once, data_drawn_once])"
SOLUTION_LINES = (
    "    squares_of_all_entries = np.asarray(x) ** 2\n"
    "    total_of_the_squares = squares_of_all_entries.sum()\n"
    "    number_of_entries = squares_of_all_entries.size\n"
    "    return float(total_of_the_squares / number_of_entries)\n"
)
REFERENCE_ANSWER = (
    "Both the sum of squares and the number of entries double, so the quotient stays."
)
MARK_SCHEME = "3 points for naming that numerator and denominator double"
MISTAKE_LINE = "return float((all_the_entries**2).sum())"
HINT = "You sum the squares; the definition averages them: what should doubling the data do?"


@dataclass
class Learners:
    """What learners get: a clean release and a small library, to plant leaks in."""

    root: Path
    source: AssignmentSource

    @property
    def notebook(self) -> Path:
        return self.root / "assignments" / "tiny" / "tiny.ipynb"

    @property
    def library(self) -> Path:
        return self.root / "course" / "losses.py"

    def plant(self, number: int, **changes: object) -> None:
        notebook = json.loads(self.notebook.read_text())
        notebook["cells"][number].update(changes)
        self.notebook.write_text(json.dumps(notebook))

    def leaks(self) -> tuple[Leak, ...]:
        roots = [self.root / "assignments", self.root / "course"]
        return find_leaks(self.source, MISTAKES, roots)

    def kinds(self) -> set[tuple[str, str]]:
        return {(leak.kind, leak.owner) for leak in self.leaks()}


@pytest.fixture
def learners(tmp_path: Path, tiny: AssignmentSource) -> Learners:
    them = Learners(tmp_path, tiny)
    notebook = to_notebook(tiny)
    for cell, source in zip(notebook.cells, tiny.cells, strict=True):
        cell.source = starter(source)
    them.notebook.parent.mkdir(parents=True)
    them.notebook.write_text(nbformat.writes(notebook), encoding="utf-8")
    them.library.parent.mkdir()
    them.library.write_text('"""A library."""\n')
    return them


def test_a_clean_release_has_no_leak(learners: Learners) -> None:
    assert learners.leaks() == ()


def test_the_unreleased_source_notebook_leaks_everything_it_hides(
    learners: Learners, tiny: AssignmentSource
) -> None:
    learners.notebook.write_text(nbformat.writes(to_notebook(tiny)), encoding="utf-8")
    assert learners.kinds() == {
        ("hidden test", "mean_square_twice"),
        ("hidden test", "mean_square_input"),
        ("hidden test", "row_sums_one_row"),
        ("solution", "mean_square"),
        ("solution", "row_sums"),
        ("reference answer", "why_unchanged"),
        ("mark scheme", "why_unchanged"),
    }


SECRETS = [
    (HIDDEN_LINE, ("hidden test", "mean_square_twice")),
    (SOLUTION_LINES, ("solution", "mean_square")),
    (REFERENCE_ANSWER, ("reference answer", "why_unchanged")),
    (MARK_SCHEME, ("mark scheme", "why_unchanged")),
    (MISTAKE_LINE, ("mistake", "sums_the_squares")),
    (HINT, ("hint", "sums_the_squares")),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
@pytest.mark.parametrize(
    "plant",
    [
        lambda text: {"source": "# look:\n" + text},
        lambda text: {"source": [f"# {line}\n" for line in text.split("\n")]},
        lambda text: {"source": text.replace(" ", "   ")},
        lambda text: {"metadata": {"deep": [{"er": {"note": text}}]}},
        lambda text: {"metadata": {"a": {text: 1}}},
        lambda text: {"metadata": {"tags": [f"x = 1 and {text}"]}},
        lambda text: {
            "outputs": [{"output_type": "stream", "name": "stdout", "text": text.split("\n")}]
        },
        lambda text: {"outputs": [{"output_type": "error", "traceback": ["a", f"--> {text}"]}]},
        lambda text: {"attachments": {"a.txt": {"text/plain": text}}},
    ],
    ids=[
        "source",
        "comment",
        "respaced",
        "metadata",
        "key",
        "tag",
        "output",
        "traceback",
        "attachment",
    ],
)
def test_a_planted_secret_is_found_wherever_a_cell_holds_text(
    learners: Learners, text: str, secret: tuple[str, str], plant: object
) -> None:
    assert callable(plant)
    learners.plant(1, **plant(text))
    assert secret in learners.kinds()
    assert all(leak.file == learners.notebook for leak in learners.leaks())
    assert all(leak.place.startswith("cell 2, ") for leak in learners.leaks())


def test_the_metadata_of_the_notebook_is_searched(learners: Learners) -> None:
    notebook = json.loads(learners.notebook.read_text())
    notebook["metadata"]["notes"] = HINT
    learners.notebook.write_text(json.dumps(notebook))
    (leak,) = learners.leaks()
    assert leak.place == "metadata of the notebook"


def test_a_file_that_is_no_notebook_is_searched_as_text(learners: Learners) -> None:
    learners.notebook.write_text("{not json\n" + HIDDEN_LINE)
    (leak,) = learners.leaks()
    assert (leak.kind, leak.place) == ("hidden test", "line 2")
    assert str(leak).startswith(f"{learners.notebook}, line 2: the hidden test of 'mean_square")
    beside = learners.notebook.with_name("helper.py")
    beside.write_text("'''\n>>> " + MISTAKE_LINE + "\n'''")
    assert beside in {leak.file for leak in learners.leaks()}


@pytest.mark.parametrize("text", ["[]", "3", '{"cells": 3}', '{"cells": [3, null, "x"]}', ""])
def test_an_odd_notebook_does_not_stop_the_search(learners: Learners, text: str) -> None:
    learners.notebook.write_text(text)
    assert learners.leaks() == ()


def test_checkpoints_and_byte_code_are_not_what_learners_get(learners: Learners) -> None:
    for name in (".ipynb_checkpoints", "__pycache__"):
        folder = learners.notebook.parent / name
        folder.mkdir()
        (folder / "copy.py").write_text(HIDDEN_LINE)
    assert learners.leaks() == ()


@pytest.mark.parametrize(
    "text",
    [
        # shown by the release itself
        "def mean_square(x: Array) -> float:",
        'assert_close(mean_square(np.array([1.0, 2.0, 3.0])), 14 / 3, "the mean of squares")',
        # a single short line of a solution, which anybody may write
        "squares = np.asarray(x) ** 2",
        # everyday Python
        "rng = np.random.default_rng(7)",
    ],
)
def test_what_anybody_may_write_is_no_leak(learners: Learners, text: str) -> None:
    learners.plant(1, source=text)
    assert learners.leaks() == ()


def test_one_distinctive_line_of_a_solution_is_a_leak_in_an_assignment(learners: Learners) -> None:
    learners.plant(1, source="total_of_the_squares = squares_of_all_entries.sum()")
    assert learners.kinds() == {("solution", "mean_square")}


def test_one_line_in_common_with_the_library_is_no_leak(learners: Learners) -> None:
    one, two, _, three = SOLUTION_LINES.rstrip("\n").split("\n")
    between = "    x = transform(the_number_of_entries)\n"
    learners.library.write_text("def f(x):\n" + "\n".join([one, between, two, between, three]))
    assert learners.leaks() == ()
    learners.library.write_text("def f(x):\n" + one + "\n" + two + "\n" + between)
    assert learners.leaks() == ()


def test_a_solution_pasted_into_the_library_is_a_leak(learners: Learners) -> None:
    pasted = SOLUTION_LINES.replace("\n", "  # why not\n\n")
    learners.library.write_text("def f(x):\n    n = 1\n" + pasted + "    return n\n")
    (leak,) = learners.leaks()
    assert (leak.kind, leak.owner) == ("solution", "mean_square")
    assert (leak.file, leak.place) == (learners.library, "line 3")


@pytest.mark.parametrize(
    ("text", "kind"),
    [(HIDDEN_LINE, "hidden test"), (HINT, "hint"), (MARK_SCHEME, "mark scheme")],
)
def test_what_the_library_has_no_use_for_is_a_leak_there(
    learners: Learners, text: str, kind: str
) -> None:
    learners.library.write_text(f'def f(x):\n    """Do.\n\n    >>> {text}\n    """\n')
    assert {leak.kind for leak in learners.leaks()} == {kind}


def test_a_hint_that_is_wrapped_over_lines_of_code_is_found(learners: Learners) -> None:
    first, second = HINT[:40], HINT[40:]
    learners.library.write_text(f'HINT = (\n    "{first}"\n    "{second}"\n)\n')
    assert learners.kinds() == {("hint", "sums_the_squares")}


def test_a_solution_that_its_author_pasted_into_the_release_is_a_leak(
    learners: Learners, tmp_path: Path
) -> None:
    # every line is then "shown by the release itself", which must not excuse it
    text = (TINY / "notebook.py").read_text(encoding="utf-8")
    commented = "".join(f"#     {line}\n" for line in SOLUTION_LINES.rstrip("\n").split("\n"))
    path = tmp_path / "notebook.py"
    path.write_text(text.replace("# ## Sums by rows\n", "# ## Sums by rows\n#\n" + commented))
    source = read_source(path)
    notebook = to_notebook(source)
    for cell, each in zip(notebook.cells, source.cells, strict=True):
        cell.source = starter(each)
    learners.notebook.write_text(nbformat.writes(notebook))
    leaks = find_leaks(source, "", [tmp_path / "assignments"])
    assert {(leak.kind, leak.owner) for leak in leaks} == {("solution", "mean_square")}


def test_what_a_hidden_test_shares_with_the_release_or_with_everybody_is_no_leak(
    tmp_path: Path, learners: Learners
) -> None:
    shown = (
        "entries_of_the_first_row, entries_of_the_second_row = [0.5, 0.5], [0.25, 0.75]\n"
        "two_rows_that_sum_to_one = [entries_of_the_first_row, entries_of_the_second_row]\n"
    )
    everyday = (
        "rng = np.random.default_rng(1234)\nmany_rows = rng.normal(size=(30, 40))\n"
        "another_one = np.random.default_rng(some_seed)\n"
        "generator = torch.Generator().manual_seed(1234)\n"
        "with torch.random.fork_rng(devices=[]):\n    optimizer.zero_grad()\n"
        "    the_loss.backward()\n    optimizer.step()\n    the_model.eval()\n"
        "with torch.no_grad():\n    the_model.train()\n"
    )
    text = (TINY / "notebook.py").read_text(encoding="utf-8")
    visible, hidden = 'with exercise("row_sums"):', "assert_close(row_sums(np.array([[0.5,"
    path = tmp_path / "notebook.py"
    path.write_text(
        text.replace(visible, shown + visible).replace(hidden, everyday + shown + hidden)
    )
    source = read_source(path)
    assert source.tests[-1].source.startswith(everyday + shown)
    for released in (shown, everyday):
        learners.plant(1, source=released)
        assert find_leaks(source, MISTAKES, [tmp_path / "assignments"]) == ()


def test_mistakes_that_are_no_python_stop_the_search(tiny: AssignmentSource) -> None:
    with pytest.raises(MistakesError, match=r"mistakes\.py is not Python"):
        find_leaks(tiny, "def (", [])
