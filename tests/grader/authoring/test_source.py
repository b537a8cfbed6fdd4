"""The source format: what a right file gives, and what each wrong one says."""

import pickle
from pathlib import Path

import jupytext
import pytest

from grader.authoring.cells import AssignmentSource
from grader.authoring.percent import read_cells
from grader.authoring.source import read_source
from grader.errors import SourceError
from grader.records import Role


def test_roles_points_and_titles_are_those_of_the_headers(tiny: AssignmentSource) -> None:
    by_id = {cell.id: cell for cell in tiny.cells}
    assert by_id["imports"].role is Role.SETUP
    assert by_id["squares"].role is Role.FIGURE
    answer = by_id["mean_square"]
    assert (answer.role, answer.title, answer.minutes) == (Role.ANSWER, "The mean of squares", 5)
    hidden = by_id["mean_square_twice"]
    assert (hidden.role, hidden.exercise, hidden.points) == (Role.TEST, "mean_square", 2)
    assert hidden.hidden
    assert not by_id["mean_square_by_hand"].hidden
    written = by_id["why_unchanged"]
    assert (written.role, written.cell_type, written.points) == (Role.WRITTEN, "markdown", 5)
    assert tiny.total_points == 1 + 2 + 1 + 1 + 1.5 + 5
    assert [cell.id for cell in tiny.answers] == ["mean_square", "row_sums"]
    assert len(tiny.tests) == 5
    assert [cell.id for cell in tiny.written] == ["why_unchanged"]


def test_the_cells_are_those_that_jupytext_sees(tiny: AssignmentSource) -> None:
    theirs = jupytext.read(tiny.path, fmt="py:percent").cells
    assert [(cell.cell_type, cell.source) for cell in tiny.cells] == [
        (cell.cell_type, cell.source) for cell in theirs
    ]


def test_a_cell_knows_the_line_of_its_header(tiny: AssignmentSource) -> None:
    lines = tiny.path.read_text(encoding="utf-8").splitlines()
    for cell in tiny.cells:
        assert lines[cell.line - 1].startswith("# %%")
        if cell.role is not Role.PROSE:
            assert f'="{cell.id}"' in lines[cell.line - 1]


ANSWER = '''# %% answer="double" title="Twice"
def double(x):
    """Twice `x`."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
'''
TEST = '# %% test="double_one" exercise="double" points=1 title="one"\nassert double(1) == 2\n'
HIDDEN = '# %% hidden="double_two" exercise="double" points=2 title="two"\nassert double(2) == 4\n'
WRITTEN = """# %% [markdown] written="why" points=5 title="Why?"
# ### BEGIN SOLUTION
# Because.
# ### END SOLUTION
"""
RIGHT = ANSWER + "\n" + TEST + "\n" + HIDDEN + "\n" + WRITTEN


def read(folder: Path, text: str) -> AssignmentSource:
    path = folder / "notebook.py"
    path.write_text(text, encoding="utf-8")
    return read_source(path)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(SourceError) as caught:
        read(folder, text)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert "notebook.py" in str(caught.value)
    return str(caught.value)


def test_the_file_that_is_broken_below_is_right(tmp_path: Path) -> None:
    assert [cell.id for cell in read(tmp_path, RIGHT).cells] == [
        "double",
        "double_one",
        "double_two",
        "why",
    ]


HEADERS = [
    ('title="Twice"', 'titel="Twice"', 1, ["key 'titel'", "unknown", "Did you mean 'title'?"]),
    ('answer="double"', 'answer="double" setup="x"', 1, ["roles answer and setup", "exactly one"]),
    ('answer="double" ', "", 1, ["without a role", "setup, figure, answer"]),
    (' title="Twice"', "", 1, ["'double' has no title", 'title="']),
    (' exercise="double"', "", 8, ["'double_one' has no exercise", "answer cell"]),
    (" points=1", "", 8, ["'double_one' has no points", "a positive number", "`points=2`"]),
    ("points=1", "points=0", 8, ["points is 0", "a positive number"]),
    ("points=1", "points=-1", 8, ["points is -1"]),
    ("points=1", 'points="1"', 8, ["points is '1'"]),
    ("points=1", "points=true", 8, ["`points=true", "not understood"]),
    ("points=1", "points=NaN", 8, ["`points=NaN", "not understood"]),
    ("points=1", "points=1e999", 8, ["points is inf"]),
    ("points=1", "points=one", 8, ["`points=one", "not understood", "double quotes"]),
    ("points=1", "points = 1 points=2", 8, ["'points' stands twice"]),
    ('title="one"', 'title="one', 8, ['`title="one`', "not understood"]),
    ('title="one"', 'title="  "', 8, ["title is '  '", "not empty"]),
    ('title="one"', 'title="one\\ntwo"', 8, ["title is", "one line"]),
    ('title="one"', 'title="one" minutes=3', 8, ["key 'minutes'", "role is 'test'"]),
    ('answer="double" ', 'answer="double" points=3 ', 1, ["key 'points'", "Remove"]),
    ('answer="double"', 'answer="double" minutes=0', 1, ["minutes is 0"]),
    ('test="double_one"', 'test="doubleOne"', 8, ["test is 'doubleOne'", 'like `test="svm_loss"`']),
    ('test="double_one"', 'test="1st"', 8, ["snake_case"]),
    ('test="double_one"', f'test="{"a" * 65}"', 8, ["at most 64"]),
    ('test="double_one"', 'test="double"', 8, ["'double' is taken", "at line 1", "unique"]),
    ('hidden="double_two"', 'hidden="double_one"', 11, ["'double_one' is taken", "at line 8"]),
    ('exercise="double" points=1', 'exercise="dubble" points=1', 8, ["'dubble'", "'double'?"]),
    ("[markdown] written", "written", 14, ["'written' on a code cell", "[markdown] written="]),
    ("%% test", "%% [markdown] test", 8, ["'test' on a markdown cell", "a code cell"]),
    ("%% test", "%% [raw] test", 8, ["header", "not understood"]),
    ("%% test", "%%% test", 8, ["header", "not understood"]),
    ("%% test", "%% One more test", 8, ["`One more test", "not understood"]),
    ("points=5 ", "", 14, ["'why' has no points"]),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), HEADERS)
def test_a_wrong_header_says_line_found_expected_and_next_step(
    tmp_path: Path, old: str, new: str, line: int, words: list[str]
) -> None:
    assert old in RIGHT
    message = refused(tmp_path, RIGHT.replace(old, new, 1))
    for word in [f"line {line}", "Expected: ", *words]:
        assert word in message


END = "    ### END SOLUTION\n"
BEGIN = "    ### BEGIN SOLUTION\n"
CONTENTS = [
    # regions
    (BEGIN, "", 1, ["`### END SOLUTION` without its beginning"]),
    (END, "", 1, ["`### BEGIN SOLUTION` without its end"]),
    (BEGIN, BEGIN + BEGIN, 1, ["`### BEGIN SOLUTION` inside SOLUTION"]),
    (END, END + BEGIN + "    x = 1\n" + END, 1, ["2 regions SOLUTION"]),
    (BEGIN + "    return 2 * x\n" + END, "    return 2 * x\n", 1, ["'double' has no solution"]),
    ("    return 2 * x\n", "\n", 1, ["the solution of 'double' is empty"]),
    (BEGIN, "    # BEGIN SOLUTION\n", 1, ["'# BEGIN SOLUTION'", "nbgrader takes for a delimiter"]),
    (BEGIN, "    x = 1  ### BEGIN SOLUTION\n", 1, ["whole lines"]),
    ("assert double(1) == 2", "### BEGIN SOLUTION", 8, ["no delimiter here"]),
    ("assert double(1) == 2", "s = 'END SOLUTION'", 8, ["no delimiter here"]),
    ("assert double(2) == 4", "### BEGIN HIDDEN TESTS", 11, ["the key `hidden=`"]),
    ("assert double(1) == 2", "### END HIDDEN TESTS", 8, ["the key `hidden=`"]),
    ("assert double(1) == 2", "### AUTOTEST double(1)", 8, ["AUTOTEST"]),
    ('title="two"', 'title="BEGIN SOLUTION"', 11, ["'BEGIN SOLUTION'"]),
    (BEGIN, "    ### BEGIN MARK SCHEME\n" + BEGIN, 1, ["'### BEGIN MARK SCHEME'"]),
    ("# ### BEGIN SOLUTION\n", "", 14, ["without its beginning"]),
    ("# ### BEGIN SOLUTION\n# Because.\n# ### END SOLUTION\n", "# ?\n", 14, ["has no solution"]),
    ("# Because.\n", "# ### BEGIN MARK SCHEME\n# a\n# ### END MARK SCHEME\n", 14, ["inside"]),
    ("# Because.\n", "# Because.\n# ### END MARK SCHEME\n", 14, ["without its beginning"]),
    # Python
    ("return 2 * x", "return 2 *", 1, ["'double' is not Python", "`return 2 *`", "Mend line 5"]),
    ("assert double(1) == 2", "%matplotlib inline", 8, ["'double_one' is not Python", "magics"]),
    ("assert double(1) == 2", "# %matplotlib inline", 8, ["is not Python", "magics"]),
    ("assert double(1) == 2", "!ls", 8, ["is not Python"]),
    ("assert double(1) == 2", "x = '\0'", 8, ["is not Python"]),
    ("assert double(1) == 2", "# later", 8, ["'double_one' holds no statement"]),
    ("assert double(2) == 4", "", 11, ["'double_two' holds no statement"]),
    # answers
    ("def double(x)", "def twice(x)", 1, ["'double' defines: twice", "def double"]),
    ("def double(x)", "import numpy\ndef double(x)", 1, ["defines: import numpy, double"]),
    ("def double(x)", "class double", 1, ["'double'", "exactly one top-level"]),
    ("def double(x)", "async def double(x)", 1, ["exactly one top-level"]),
    ('    """Twice `x`."""\n', "", 1, ["no docstring"]),
    (END, END + "\n\ndef helper():\n    pass\n", 1, ["defines: double, helper"]),
    (
        '    """Twice `x`."""\n' + BEGIN,
        BEGIN + '    """Twice `x`."""\n',
        1,
        ["no docstring outside its solution"],
    ),
    ("def double(x):\n", "", 1, ["not Python"]),
    (BEGIN, "    if x:\n" + BEGIN.replace("    #", "        #"), 1, ["not Python"]),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), CONTENTS)
def test_a_wrong_cell_says_line_found_expected_and_next_step(
    tmp_path: Path, old: str, new: str, line: int, words: list[str]
) -> None:
    assert old in RIGHT
    message = refused(tmp_path, RIGHT.replace(old, new, 1))
    for word in [f"line {line}", "Expected: ", *words]:
        assert word in message


def test_a_solution_around_the_whole_function_is_refused(tmp_path: Path) -> None:
    text = (
        '# %% answer="double" title="Twice"\n### BEGIN SOLUTION\ndef double(x):\n'
        '    """Twice."""\n    return 2 * x\n### END SOLUTION\n' + TEST + HIDDEN
    )
    assert "is not inside its function" in refused(tmp_path, text)


def test_a_solution_below_the_function_is_refused(tmp_path: Path) -> None:
    text = (
        '# %% answer="double" title="Twice"\ndef double(x):\n    """Twice."""\n    return 2 * x\n'
        "### BEGIN SOLUTION\n# nothing\n### END SOLUTION\n" + TEST + HIDDEN
    )
    assert "is not inside its function" in refused(tmp_path, text)


SHORT = 'title="Twice" shortcuts="numpy.multiply numpy.add"'
TELLS = '"""Twice `x`, without `multiply` or `add`."""'


def test_shortcuts_are_names_apart_by_blanks_and_the_docstring_tells_them(tmp_path: Path) -> None:
    text = RIGHT.replace('title="Twice"', SHORT).replace('"""Twice `x`."""', TELLS)
    assert read(tmp_path, text).answers[0].shortcuts == ("numpy.multiply", "numpy.add")
    assert read(tmp_path, RIGHT).answers[0].shortcuts == ()


@pytest.mark.parametrize("docstring", ['"""Twice `x`, no `multiply`."""', '"""multiply, adding"""'])
def test_a_shortcut_that_learners_are_not_told_of_is_refused(
    tmp_path: Path, docstring: str
) -> None:
    text = RIGHT.replace('title="Twice"', SHORT).replace('"""Twice `x`."""', docstring)
    message = refused(tmp_path, text)
    assert "'double' declares the shortcut 'numpy.add', and its docstring does not tell" in message
    assert "the word `add` in the docstring" in message


def test_a_shortcut_that_only_the_solution_names_is_not_told(tmp_path: Path) -> None:
    text = RIGHT.replace('title="Twice"', SHORT).replace(
        "    return 2 * x", '    """multiply add"""\n    return 2 * x'
    )
    assert "declares the shortcut 'numpy.multiply'" in refused(tmp_path, text)


@pytest.mark.parametrize(
    "names", ["", "add", "numpy.add, numpy.sum", "numpy..add", "a.b a.b", "a.1"]
)
def test_shortcuts_that_are_no_dotted_names_are_refused(tmp_path: Path, names: str) -> None:
    message = refused(tmp_path, RIGHT.replace('title="Twice"', f'title="x" shortcuts="{names}"'))
    assert f"shortcuts is {names!r}" in message
    assert "dotted names apart by blanks" in message


def test_only_an_answer_has_shortcuts(tmp_path: Path) -> None:
    text = RIGHT.replace('title="one"', 'title="one" shortcuts="numpy.add"')
    assert "the key 'shortcuts' on a cell whose role is 'test'" in refused(tmp_path, text)


def test_an_exercise_needs_both_kinds_of_tests(tmp_path: Path) -> None:
    assert "'double' has no visible test" in refused(tmp_path, ANSWER + HIDDEN)
    assert "'double' has no hidden test" in refused(tmp_path, ANSWER + TEST)


def test_a_test_above_its_answer_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, TEST + "\n" + ANSWER + "\n" + HIDDEN)
    assert "line 1" in message
    assert "stands above its answer, at line 4" in message


def test_a_file_without_cells_is_refused(tmp_path: Path) -> None:
    assert "holds no cells" in refused(tmp_path, "")
    assert "holds no cells" in refused(tmp_path, "# ---\n# jupyter: {}\n# ---\n\n")


def test_text_above_the_first_header_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "\nimport numpy\n" + RIGHT)
    assert "line 2" in message
    assert "'import numpy' stands before the first header" in message


def test_a_header_that_would_join_the_cell_above_is_refused(tmp_path: Path) -> None:
    # without the space Jupytext sees a comment: a hidden test would be released
    message = refused(tmp_path, RIGHT.replace("# %% hidden", "# %%hidden"))
    assert "line 8" in message
    assert "looks like a header but is none" in message
    assert "line 11" in message
    message = refused(tmp_path, WRITTEN + '# %%[markdown] written="also"\n# text\n')
    assert "looks like a header" in message


@pytest.mark.parametrize("header", ["# In[3]:", "# <codecell>"])
def test_older_headers_that_jupytext_knows_are_refused(tmp_path: Path, header: str) -> None:
    assert "is not understood" in refused(tmp_path, RIGHT + f"\n{header}\nx = 1\n")


def test_a_missing_file_a_folder_and_another_encoding_are_each_one_message(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        read_source(tmp_path / "notebook.py")
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        read_source(tmp_path)
    (tmp_path / "notebook.py").write_bytes(RIGHT.encode() + b"# \xe9\n")
    with pytest.raises(SourceError, match="not UTF-8"):
        read_source(tmp_path / "notebook.py")


def test_texts_in_headers_may_hold_quotes_and_other_alphabets(tmp_path: Path) -> None:
    source = read(tmp_path, RIGHT.replace('title="one"', 'title="the \\"ọkan\\" = 1 case"'))
    assert source.tests[0].title == 'the "ọkan" = 1 case'


def test_headers_in_texts_and_fences_are_no_headers(tmp_path: Path) -> None:
    path = tmp_path / "notebook.py"
    path.write_text('# %% setup="a"\ns = """\n100 %% sure\n"""\n', encoding="utf-8")
    (only,) = read_cells(path)
    assert only.source == 's = """\n100 %% sure\n"""'


def test_prose_keeps_its_id_when_something_else_changes(tmp_path: Path) -> None:
    prose = "# %% [markdown]\n# Same.\n\n"
    before = read(tmp_path, prose + RIGHT).cells[0].id
    after = read(tmp_path, "# %% [markdown]\n# New.\n\n" + RIGHT + "\n" + prose + prose)
    same = [cell.id for cell in after.cells if cell.source == "Same."]
    assert same == [before, f"{before}-2"]


def test_the_first_assignment_of_the_course_can_be_read() -> None:
    path = Path(__file__).resolve().parents[3] / "solutions" / "loss_functions" / "notebook.py"
    if not path.exists():
        pytest.skip("a learner's edition has no solutions")
    assert read_source(path).answers
