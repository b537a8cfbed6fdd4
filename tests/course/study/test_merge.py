"""The merge: what is the learner's stays, what is the course's is new, and nothing is lost."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.study.matching import match_cells, name_of
from course.study.merge import merge

from .sample import (
    Notebook,
    answer,
    cell,
    checks,
    find,
    insert_after,
    names,
    notebook,
    prose,
    setup,
    stub,
    texts,
    tiny,
    written,
)

MY_DOUBLE = 'def double(x):\n    """Return it."""\n    return 2 * x'
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["8\n"]}


def mine_with_answers() -> Notebook:
    mine = tiny()
    find(mine, "double")["source"] = MY_DOUBLE
    find(mine, "why")["source"] = "Because of the sign."
    return mine


def new_release() -> Notebook:
    """Another test, another prose, another set-up, and a better description of each stub."""
    release = tiny()
    find(release, "imports")["source"] = "import numpy as np\nimport torch"
    find(release, "double")["source"] = stub("double", "Return twice x.")
    find(release, "half")["source"] = stub("half", "Return half of x.")
    find(release, "double_by_hand")["source"] = "assert double(2) == 4"
    insert_after(release, "double_by_hand", checks("double_at_zero", "double"))
    release["cells"][0] = prose("intro_2", "A better introduction.")
    return release


def test_nothing_changed_gives_the_same_notebook():
    mine = mine_with_answers()
    merged = merge(tiny(), mine, tiny())
    assert merged.notebook == mine
    assert merged.kept == ("double", "why")
    assert (merged.renewed, merged.added, merged.removed, merged.orphans) == ((), (), (), ())


def test_an_untouched_notebook_becomes_the_new_release():
    assert merge(tiny(), tiny(), new_release()).notebook == new_release()


def test_answers_stay_and_everything_else_is_new():
    merged = merge(tiny(), mine_with_answers(), new_release())
    expected = new_release()
    find(expected, "double")["source"] = MY_DOUBLE
    find(expected, "why")["source"] = "Because of the sign."
    assert merged.notebook == expected
    assert merged.kept == ("double", "why")
    assert merged.restated == ("double",)
    assert merged.renewed == ("imports", "double_by_hand", "half")
    assert merged.added == ("intro_2", "double_at_zero")
    assert merged.removed == ("intro",)


def test_the_three_notebooks_are_only_read():
    base, mine, release = tiny(), mine_with_answers(), new_release()
    insert_after(mine, "imports", cell("code", "own", "1"))
    before = copy.deepcopy((base, mine, release))
    merged = merge(base, mine, release)
    find(merged.notebook, "double")["metadata"]["course"]["role"] = "changed afterwards"
    find(merged.notebook, "own")["outputs"].append(OUTPUT)
    assert (base, mine, release) == before


def test_an_emptied_answer_gets_its_stub_again():
    mine = tiny()
    find(mine, "double")["source"] = " \n"
    merged = merge(tiny(), mine, tiny())
    assert find(merged.notebook, "double")["source"] == stub("double")
    assert merged.kept == ()


def test_blanks_at_the_ends_of_lines_are_no_answer():
    mine = tiny()
    find(mine, "half")["source"] = stub("half").replace("\n", "  \n") + "\n\n"
    merged = merge(tiny(), mine, new_release())
    assert find(merged.notebook, "half")["source"] == stub("half", "Return half of x.")


def test_own_cells_stay_behind_the_cell_that_they_followed():
    mine = mine_with_answers()
    insert_after(mine, "double", cell("code", "a", "double(4)"), cell("markdown", "b", "Note."))
    insert_after(mine, "end", cell("code", "z", "last"))
    mine["cells"].insert(0, cell("markdown", "first", "My name."))
    found = names(merge(tiny(), mine, new_release()).notebook)
    assert found[:2] == ["first", "intro_2"]
    place = found.index("double")
    assert found[place : place + 4] == ["double", "a", "b", "double_by_hand"]
    assert found[-2:] == ["end", "z"]


def test_behind_a_cell_that_is_replaced_they_stay_behind_the_new_one():
    mine = tiny()
    insert_after(mine, "intro", cell("code", "own", "1 + 1"))
    found = names(merge(tiny(), mine, new_release()).notebook)
    assert found[:3] == ["intro_2", "own", "imports"]


def test_of_two_cells_that_are_replaced_each_has_its_follower():
    base = notebook(prose("a"), prose("b"), setup("end"))
    mine = notebook(prose("a"), cell("code", "own_a", "1"), prose("b"), cell("code", "own_b", "2"))
    release = notebook(prose("a_2"), prose("b_2"), setup("end"))
    found = names(merge(base, mine, release).notebook)
    assert found == ["a_2", "own_a", "b_2", "own_b", "end"]


def test_behind_cells_that_are_gone_they_stay_in_front_of_what_came_next():
    release = notebook(*(c for c in tiny()["cells"] if "double" not in c["id"]))
    mine = tiny()
    insert_after(mine, "double_by_hand", cell("code", "own", "double(4)"))
    found = names(merge(tiny(), mine, release).notebook)
    place = found.index("own")
    assert (found[place - 1], found[place + 1]) == ("imports", "about_half")


def test_an_answer_without_its_exercise_stays_below_a_note():
    release = notebook(*(c for c in tiny()["cells"] if "double" not in c["id"]))
    merged = merge(tiny(), mine_with_answers(), release)
    assert merged.orphans == ("double",)
    found = texts(merged.notebook)
    place = found.index(MY_DOUBLE)
    assert "Kept for you" in found[place - 1]
    assert "`double`" in found[place - 1]
    kept = merged.notebook["cells"][place]
    assert kept["metadata"] == {}
    assert kept["cell_type"] == "code"


def test_an_untouched_stub_without_its_exercise_goes():
    release = notebook(*(c for c in tiny()["cells"] if "half" not in c["id"]))
    merged = merge(tiny(), mine_with_answers(), release)
    assert stub("half") not in texts(merged.notebook)
    assert merged.orphans == ()
    assert "half" in merged.removed


def test_an_exercise_that_comes_back_finds_its_answer():
    without = notebook(*(c for c in tiny()["cells"] if "double" not in c["id"]))
    between = merge(tiny(), mine_with_answers(), without).notebook
    merged = merge(without, between, tiny())
    assert find(merged.notebook, "double")["source"] == MY_DOUBLE
    assert texts(merged.notebook).count(MY_DOUBLE) == 1


def test_outputs_stay_where_the_code_stays():
    mine = mine_with_answers()
    for name in ("imports", "double", "double_by_hand", "half_by_hand"):
        find(mine, name).update(outputs=[OUTPUT], execution_count=7)
    merged = merge(tiny(), mine, new_release()).notebook
    shown = {each["id"] for each in merged["cells"] if each.get("outputs")}
    assert shown == {"double", "half_by_hand"}
    assert find(merged, "double")["execution_count"] == 7
    assert find(merged, "imports")["execution_count"] is None


def test_locked_cells_that_were_edited_deleted_or_copied_are_whole_again():
    mine = mine_with_answers()
    find(mine, "double_by_hand")["source"] = "assert True"
    copied = copy.deepcopy(find(mine, "half_by_hand"))
    copied["id"] = "pasted"
    mine["cells"] = [c for c in mine["cells"] if c["id"] != "imports"] + [copied]
    merged = merge(tiny(), mine, tiny())
    assert merged.notebook == mine_with_answers()
    assert merged.renewed == ("double_by_hand",)
    assert merged.added == ("imports",)


def test_a_copied_and_edited_test_is_a_cell_of_ones_own():
    mine = tiny()
    copied = copy.deepcopy(find(mine, "half_by_hand"))
    copied.update(id="pasted", source="assert half(3) == 1.5")
    insert_after(mine, "half_by_hand", copied)
    merged = merge(tiny(), mine, tiny()).notebook
    assert find(merged, "pasted")["metadata"] == {}
    assert names(merged).count("half_by_hand") == 1


def test_of_two_answers_to_one_exercise_the_second_is_ones_own():
    mine = mine_with_answers()
    copied = copy.deepcopy(find(mine, "double"))
    copied.update(source="def double(x):\n    return x + x")
    insert_after(mine, "double", copied)
    merged = merge(tiny(), mine, tiny()).notebook
    place = names(merged).index("double")
    assert merged["cells"][place]["source"] == MY_DOUBLE
    assert merged["cells"][place + 1]["source"] == "def double(x):\n    return x + x"
    assert len(set(names(merged))) == len(names(merged))


def test_notes_in_the_courses_prose_stay_behind_the_prose():
    mine = tiny()
    find(mine, "about_double")["source"] = "About about_double.\n\nI think it is 2x."
    merged = merge(tiny(), mine, tiny()).notebook
    place = names(merged).index("about_double")
    assert merged["cells"][place]["source"] == "About about_double."
    assert merged["cells"][place + 1]["source"].endswith("I think it is 2x.")
    assert merge(tiny(), merged, tiny()).notebook == merged


def test_pictures_in_a_written_answer_stay():
    mine = tiny()
    picture = {"a.png": {"image/png": "iVBORw0="}}
    find(mine, "why").update(source="![](attachment:a.png)", attachments=picture)
    merged = merge(tiny(), mine, new_release())
    assert find(merged.notebook, "why")["attachments"] == picture


def test_the_learners_kernel_stays():
    mine = tiny()
    mine["metadata"]["kernelspec"] = {"name": "mine"}
    merged = merge(tiny(), mine, new_release()).notebook
    assert merged["metadata"]["kernelspec"] == {"name": "mine"}


def strip(book: Notebook, *, ids: bool) -> Notebook:
    for each in book["cells"]:
        each["metadata"] = {}
        if ids:
            each.pop("id", None)
    return book


@pytest.mark.parametrize("ids", [False, True])
def test_a_notebook_without_its_metadata_is_understood(ids: bool):
    merged = merge(tiny(), strip(mine_with_answers(), ids=ids), new_release())
    expected = merge(tiny(), mine_with_answers(), new_release())
    assert merged.notebook == expected.notebook
    assert merged.kept == ("double", "why")


def test_a_syntax_error_hides_no_answer():
    mine = strip(tiny(), ids=True)
    mine["cells"][3]["source"] = "%time 1\ndef double(x):\n    return 2 *"
    assert merge(tiny(), mine, new_release()).kept == ("double",)


def test_a_helper_of_another_name_is_no_answer():
    mine = tiny()
    insert_after(mine, "imports", cell("code", "own", "def doubled(x):\n    return double(x)"))
    assert merge(tiny(), mine, new_release()).kept == ()


def test_with_a_lost_base_answers_stay_and_the_courses_old_cells_go():
    old = "prose-0123456789ab"
    mine = mine_with_answers()
    insert_after(mine, "intro", prose(old, "Old words."), setup("gone", "import gone"))
    insert_after(mine, "imports", cell("code", "own", "1"))
    merged = merge(None, mine, tiny())
    assert merged.kept == ("double", "why")
    assert set(names(merged.notebook)) == set(names(tiny())) | {"own"}


def test_cells_whose_ids_are_unfit_get_new_ones():
    mine = tiny()
    bad: list[Any] = ["", "has a blank", "x" * 65, None, 7]
    for number, name in enumerate(bad):
        insert_after(mine, "end", cell("code", name, f"own {number}"))
    found = names(merge(tiny(), mine, tiny()).notebook)
    assert len(set(found)) == len(found)
    assert all(isinstance(name, str) and 0 < len(name) <= 64 for name in found)


def test_each_step_of_the_matching_finds_what_the_others_left():
    mine = notebook(
        cell("code", "x1", "anything", role="answer")
        | {"metadata": {"nbgrader": {"grade_id": "double"}}},
        cell("code", "imports", "edited"),
        cell("code", "x2", "assert half(1) == 1"),
        cell("code", "x3", "def half(x):\n    return x / 2"),
        prose("x4", "About questions."),
        cell("markdown", "x5", "My reason."),
        cell("code", "x6", "own"),
    )
    found = [name for _, name in match_cells(mine, tiny())]
    assert found == ["double", "imports", "half_by_hand", "half", "questions", "why", ""]


TEXTS = st.text("ab \n", max_size=6)


@st.composite
def releases(draw: st.DrawFn) -> Notebook:
    """A release of cells with random names, kinds and texts."""
    made = []
    for number in draw(st.lists(st.integers(0, 9), unique=True, max_size=8)):
        kind, text = ["prose", "setup", "answer", "written"][number % 4], draw(TEXTS)
        name = f"{kind}{number}"
        made.append(
            {
                "prose": lambda n=name, t=text: prose(n, f"{n} {t}"),
                "setup": lambda n=name, t=text: setup(n, f"{n} {t}"),
                "answer": lambda n=name, t=text: answer(n, t),
                "written": lambda n=name: written(n),
            }[kind]()
        )
    return notebook(*made)


@st.composite
def worked_on(draw: st.DrawFn, base: Notebook) -> tuple[Notebook, set[str]]:
    """A learner's notebook that was started from `base`, and the texts that they wrote."""
    mine, wrote = copy.deepcopy(base), set()
    for number, each in enumerate(mine["cells"]):
        if each["metadata"].get("course", {}).get("role") in ("answer", "written") and draw(
            st.booleans()
        ):
            each["source"] = f"# answer {number}\ndef {each['id']}(x): ..."
            wrote.add(each["source"])
    for number in range(draw(st.integers(0, 3))):
        own = cell("code", f"own{number}", f"own cell {number}")
        mine["cells"].insert(draw(st.integers(0, len(mine["cells"]))), own)
        wrote.add(own["source"])
    if draw(st.booleans()):
        mine["cells"] = draw(st.permutations(mine["cells"]))
    return mine, wrote


@given(st.data())
def test_whatever_happens_no_text_of_the_learners_is_lost(data: st.DataObject):
    base, release = data.draw(releases()), data.draw(releases())
    mine, wrote = data.draw(worked_on(base))
    merged = merge(base, mine, release)
    found = texts(merged.notebook)
    assert all(found.count(text) == 1 for text in wrote)
    ids = names(merged.notebook)
    assert len(set(ids)) == len(ids)
    # what is left without the learner's cells is the release, in its order
    course = {name_of(each) for each in release["cells"]}
    assert [name for name in ids if name in course] == names(release)
    assert merge(release, merged.notebook, release).notebook == merged.notebook


@given(st.data())
def test_nothing_is_lost_on_the_way_through_two_releases(data: st.DataObject):
    base, between, last = (data.draw(releases()) for _ in range(3))
    mine, wrote = data.draw(worked_on(base))
    step = merge(base, mine, between).notebook
    both = texts(merge(between, step, last).notebook)
    assert all(both.count(text) == 1 for text in wrote)
