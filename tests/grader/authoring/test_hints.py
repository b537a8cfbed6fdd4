"""The hint ladders of a source: what they give, what is refused, that learners get none."""

from pathlib import Path

import pytest

from grader.authoring.build import to_notebook
from grader.authoring.secrets import find_leaks
from grader.authoring.source import read_source
from grader.errors import SourceError

EXERCISE = '''# %% answer="double" title="Twice"
def double(x):
    """Twice `x`."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% test="double_one" exercise="double" points=1 title="one"
assert double(1) == 2
# %% hidden="double_two" exercise="double" points=2 title="two"
assert double(2) == 4

'''
LADDER = """# %% [markdown] hints="double"
# 1. What is *twice* in signs?
# 2. A formula, and more of it
#    on a second line:
#
#    $2x$
# 3. Multiply by two.
"""


def source_of(folder: Path, text: str) -> Path:
    path = folder / "notebook.py"
    path.write_text(text)
    return path


def test_a_ladder_has_three_hints_in_order(tmp_path: Path) -> None:
    source = read_source(source_of(tmp_path, EXERCISE + LADDER))
    assert source.hints == {
        "double": (
            "What is *twice* in signs?",
            "A formula, and more of it\non a second line:\n\n$2x$",
            "Multiply by two.",
        )
    }


def test_an_exercise_may_go_without(tmp_path: Path) -> None:
    assert read_source(source_of(tmp_path, EXERCISE)).hints == {}


def test_no_cell_that_learners_or_nbgrader_get_holds_a_hint(tmp_path: Path) -> None:
    with_hints = to_notebook(read_source(source_of(tmp_path, EXERCISE + LADDER)))
    assert with_hints == to_notebook(read_source(source_of(tmp_path, EXERCISE)))


def test_a_hint_in_what_learners_get_is_a_leak(tmp_path: Path) -> None:
    learners = tmp_path / "assignments"
    learners.mkdir()
    ladder = LADDER.replace("Multiply by two.", "Multiply the argument by two, then return it.")
    source = read_source(source_of(tmp_path, EXERCISE + ladder))
    assert find_leaks(source, "", [learners]) == ()
    (learners / "notes.md").write_text("Multiply the argument by two,\nthen return it.")
    (leak,) = find_leaks(source, "", [learners])
    assert (leak.kind, leak.owner) == ("hint", "double")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (EXERCISE + LADDER.replace("# 3.", "# 4."), "are numbered 1, 2, 4. Expected: exactly 3"),
        (EXERCISE + LADDER.replace("# 3.", "#   "), "are numbered 1, 2. Expected"),
        (EXERCISE + LADDER.replace("# 1.", "# Look: 1."), "are numbered 0, 2, 3. Expected"),
        (EXERCISE + LADDER + "# 4. And so on.", "are numbered 1, 2, 3, 4. Expected"),
        (EXERCISE + LADDER + LADDER, "a second ladder of hints for 'double'"),
        (LADDER + EXERCISE, "stand above its answer, at line 8"),
        (EXERCISE + LADDER.replace('"double"', '"duble"'), "Did you mean 'double'?"),
        (EXERCISE + LADDER.replace('"double"', '"double" title="No"'), "the keys hints, title"),
        (EXERCISE + '# %% hints="double"\nx = 1\n', "hints in a code cell"),
    ],
)
def test_a_ladder_that_breaks_a_rule_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_source(source_of(tmp_path, text))
    assert said in str(caught.value)
    assert "cell at line" in str(caught.value)
