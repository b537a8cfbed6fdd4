"""Feedback for a cohort, through nbgrader's converter, gradebook and command line."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback

from grader.authoring.handin import answered
from grader.configuration import Course, load_course
from grader.converters import captured_log, load_config, make_converter
from grader.errors import GraderError, UnknownAssignment
from grader.feedback import write_feedback
from grader.grading import GradingOptions, grade

# loses all three tests of mean_square
WRONG = "def mean_square(x):\n    x += 1\n    return float(x.sum())\n"


def hand_in(course: Course, learner: str, data: bytes) -> None:
    path = course.submitted_notebook("tiny", learner)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _grade_all(course: Course, right: NotebookNode, wrong: NotebookNode) -> None:
    in_words = copy.deepcopy(right)
    for cell in in_words.cells:
        if cell.metadata.get("course", {}).get("role") == "written":
            cell.source = "Because <script>alert(1)</script> of $x$."
    hand_in(course, "ada", nbformat.writes(in_words).encode())
    hand_in(course, "ben", nbformat.writes(wrong).encode())
    hand_in(course, "cut", b"{")
    grade(course, "tiny", options=GradingOptions(sandbox="none"))


@pytest.fixture(scope="module")
def graded_once(
    released_once: Course, tmp_path_factory: pytest.TempPathFactory, reference: dict[str, str]
) -> Course:
    """Three learners, graded: one mostly right, one wrong, and one whose file is cut off."""
    root = tmp_path_factory.mktemp("graded") / "a course"
    shutil.copytree(released_once.root, root)
    course = load_course(root)
    blank = nbformat.read(course.release_notebook("tiny"), as_version=4)
    right = answered(blank, reference)
    _grade_all(course, right, answered(right, {"mean_square": WRONG}))
    return course


@pytest.fixture
def graded(graded_once: Course, tmp_path: Path) -> Course:
    root = tmp_path / "a course"
    shutil.copytree(graded_once.root, root)
    return load_course(root)


def page_of(course: Course, learner: str) -> str:
    return course.feedback_page("tiny", learner).read_text("utf-8")


def hidden_lines(course: Course) -> list[str]:
    source = nbformat.read(course.source_notebook("tiny"), as_version=4)
    hidden = [cell.source for cell in source.cells if cell.metadata.get("course", {}).get("hidden")]
    lines = [line.strip() for text in hidden for line in text.splitlines()]
    return [line for line in lines if len(line) > 8 and not line.startswith("#")]


def test_everyone_gets_a_page_that_all_may_read(graded: Course):
    told: list[tuple[int, str | None]] = []
    pages = write_feedback(graded, "tiny", on_progress=lambda n, name: told.append((n, name)))
    assert pages == tuple(graded.feedback_page("tiny", name) for name in ("ada", "ben", "cut"))
    assert told == [(3, None), (3, "ada"), (3, "ben"), (3, "cut")]
    for path in pages:
        assert path.stat().st_mode & 0o777 == 0o644
        assert len(path.read_bytes()) < 150 * 1024


def test_no_line_of_a_hidden_test_is_in_any_page(graded: Course):
    write_feedback(graded, "tiny")
    lines = hidden_lines(graded)
    assert lines
    released = graded.release_notebook("tiny").read_text("utf-8")
    for name in ("ada", "ben", "cut"):
        page = page_of(graded, name)
        assert [line for line in lines if line in page and line not in released] == []


def test_the_pages_tell_what_happened(graded: Course):
    write_feedback(graded, "tiny")
    assert "tests passed" in page_of(graded, "ada")
    assert "This answer will be marked by a person" in page_of(graded, "ada")
    assert "<script" not in page_of(graded, "ada")
    assert 'class="card failed"' in page_of(graded, "ben")
    assert "Your file could not be read" in page_of(graded, "cut")


def test_marks_and_a_comment_given_by_hand_are_shown(graded: Course):
    with Gradebook(f"sqlite:///{graded.gradebook}", graded.id) as gradebook:
        submission = gradebook.find_submission_notebook("tiny", "tiny", "ada")
        waiting = [g for g in submission.grades if g.needs_manual_grade]
        waiting[0].manual_score, waiting[0].needs_manual_grade = 1.5, False
        comment = gradebook.find_comment(waiting[0].name, "tiny", "tiny", "ada")
        comment.manual_comment = "Well *argued*."
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
        gradebook.db.commit()
    write_feedback(graded, "tiny", ["ada"])
    page = page_of(graded, "ada")
    assert "Marked by a person" in page
    assert "Well <em>argued</em>." in page
    assert "Ada Lovelace" in page


def test_a_page_that_would_not_change_is_not_touched(graded: Course):
    pages = write_feedback(graded, "tiny")
    times = [path.stat().st_mtime_ns for path in pages]
    pages[0].write_text("older")
    write_feedback(graded, "tiny")
    assert [path.stat().st_mtime_ns for path in pages[1:]] == times[1:]
    assert pages[0].read_text() != "older"


def test_nbgraders_own_command_writes_the_same_bytes(graded: Course):
    pages = write_feedback(graded, "tiny")
    ours = [path.read_bytes() for path in pages]
    shutil.rmtree(graded.var / "feedback")
    converter = make_converter(GenerateFeedback, load_config(graded), "tiny")
    with captured_log(converter):
        converter.start()
    assert [path.read_bytes() for path in pages] == ours


def test_other_files_that_were_handed_in_do_not_come_back(graded: Course):
    folder = graded.autograded_notebook("tiny", "ada").parent
    (folder / "page.html").write_text("<script>alert(1)</script>")
    (path,) = write_feedback(graded, "tiny", ["ada"])
    assert [entry.name for entry in path.parent.iterdir()] == ["tiny.html"]


def test_the_time_of_submission_goes_along_for_nbgraders_release_feedback(graded: Course):
    stamp = graded.autograded_notebook("tiny", "ada").with_name("timestamp.txt")
    stamp.write_text("2026-02-07 10:00:00 UTC")
    (path,) = write_feedback(graded, "tiny", ["ada"])
    assert path.with_name("timestamp.txt").read_text() == "2026-02-07 10:00:00 UTC"


def test_one_learner_who_fails_keeps_nobody_from_their_page(graded: Course):
    graded.autograded_notebook("tiny", "ada").write_text("{")
    with pytest.raises(GraderError) as failure:
        write_feedback(graded, "tiny")
    assert "1 of 3 feedback pages of tiny" in str(failure.value)
    assert "\n  ada: " in str(failure.value)
    assert "grader grade tiny --again" in str(failure.value)
    assert not graded.feedback_page("tiny", "ada").exists()
    assert graded.feedback_page("tiny", "cut").exists()


def test_a_learner_who_is_not_in_the_gradebook_is_named(graded: Course):
    shutil.copytree(graded.var / "autograded" / "ada", graded.var / "autograded" / "zoe")
    with pytest.raises(GraderError, match=r"(?s)1 of 4 .*zoe: .*MissingEntry"):
        write_feedback(graded, "tiny")


def test_who_is_not_graded_yet_is_told_and_the_others_are_written(graded: Course):
    with pytest.raises(GraderError, match=r"benn: is not graded yet\. Did you mean 'ben'\?"):
        write_feedback(graded, "tiny", ["benn", "cut"])
    assert graded.feedback_page("tiny", "cut").exists()


def test_before_anything_is_graded_the_message_names_the_command(released: Course):
    with pytest.raises(GraderError, match=r"nothing is graded yet for tiny.*grader grade tiny"):
        write_feedback(released, "tiny")


def test_an_unknown_assignment_is_refused(released: Course):
    with pytest.raises(UnknownAssignment, match="Did you mean 'tiny'"):
        write_feedback(released, "tinny")


def test_it_is_quiet(graded: Course, capfd: pytest.CaptureFixture[str]):
    write_feedback(graded, "tiny")
    assert capfd.readouterr() == ("", "")
