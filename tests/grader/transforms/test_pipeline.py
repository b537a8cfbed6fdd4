"""The holes of NBGRADER.md, through the whole pipeline: file, sandbox, nbgrader, gradebook."""

import json
from pathlib import Path

import nbformat
import pytest

from grader.configuration import Course, load_course
from grader.feedback import write_feedback
from grader.grading import Graded

from ..cohort import POINTS, SECRET, holes, ordinary

# only the names are needed before there is a course
NAMES = (*holes(Course(Path("/"), "", "", 1, ())), *ordinary())
Cohort = tuple[Course, dict[str, Graded]]


@pytest.mark.parametrize("learner", NAMES)
def test_what_a_learner_hands_in_earns_what_it_is_worth(learner: str, graded_once: Cohort) -> None:
    course, graded = graded_once
    case = (holes(course) | ordinary())[learner]
    line = graded[learner]
    assert line.run.fault is None
    seen = "".join(test.outcome.value[0].upper() for test in line.run.tests)
    assert seen == case.tests, [test.rationale for test in line.run.tests]
    assert line.marks is not None
    assert (line.marks.score, line.marks.max_score) == (case.marks, sum(POINTS) + 5)
    assert line.run.earned == case.marks


def outputs(course: Course, learner: str) -> str:
    """Everything that the graded notebook shows of what its cells printed and displayed."""
    notebook = nbformat.read(course.autograded_notebook("tiny", learner), as_version=4)
    return json.dumps([cell.get("outputs") for cell in notebook.cells])


def test_hole_5_no_learner_sees_a_hidden_test(graded_once: Cohort) -> None:
    course, graded = graded_once
    seen = outputs(course, "hole-5-spy")
    assert seen.count("unreadable: FileNotFoundError") >= 5
    assert "def row_sums" in seen  # the spy did look on
    assert SECRET not in seen
    assert "gradebook.db" not in seen
    for line in graded.values():
        assert not any(SECRET in test.rationale + test.prints for test in line.run.tests)


def test_hole_8_no_script_is_left_in_an_output_or_in_the_feedback(
    graded_once: Cohort, tmp_path: Path
) -> None:
    course, _ = graded_once
    assert "script" not in outputs(course, "hole-8-script")
    [page] = write_feedback(course, "tiny", ["hole-8-script"])
    assert "<script>alert" not in page.read_text(encoding="utf-8")


def test_hole_9_outputs_are_cut_by_bytes(graded_once: Cohort) -> None:
    course, _ = graded_once
    limit = course.assignment("tiny").limits.output_kib * 1024
    path = course.autograded_notebook("tiny", "hole-9-twenty-megabytes")
    assert limit / 2 < path.stat().st_size < 2 * limit
    assert course.run_record("tiny", "hole-9-twenty-megabytes").stat().st_size < 2 * limit


@pytest.mark.parametrize("learner", NAMES)
def test_no_graded_notebook_carries_anything_of_a_learners_metadata(
    learner: str, graded_once: Cohort
) -> None:
    course, _ = graded_once
    text = course.autograded_notebook("tiny", learner).read_text(encoding="utf-8")
    assert "skip-execution" not in text
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    schemas = {
        c.metadata.nbgrader.schema_version for c in notebook.cells if "nbgrader" in c.metadata
    }
    assert schemas == {3}


def test_the_cohort_is_as_large_as_it_looks(graded_once: Cohort) -> None:
    course, graded = graded_once
    assert set(NAMES) <= set(graded)
    assert load_course(course.root) == course
