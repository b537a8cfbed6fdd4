"""State that a fresh run would not have: named, with the cell; and no false alarm."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from course.checking.report import Report

from .conftest import RIGHT, Kernel

Check = Callable[..., Report]
USES = "def mean_square(x):\n    return scale * float((np.asarray(x) ** 2).mean())\n"
THROUGH = (
    "def helper(x):\n    return scale * x\n"
    "def mean_square(x):\n    return helper(float((np.asarray(x) ** 2).mean()))\n"
)


@pytest.fixture
def save(tmp_path: Path, notebook_of: Callable[[Path], None]) -> Callable[..., None]:
    """Save a notebook of these cells (id, source), so many seconds from now."""

    def save(*cells: tuple[str, str], after: float = 0.0) -> None:
        path = tmp_path / "tiny.ipynb"
        document = {
            "cells": [
                {"cell_type": "code", "id": name, "metadata": {}, "source": source}
                for name, source in cells
            ]
        }
        path.write_text(json.dumps(document))
        moment = path.stat().st_mtime + after
        os.utime(path, (moment, moment))
        notebook_of(path)

    return save


@pytest.mark.parametrize("answer", [USES, THROUGH])
def test_a_name_that_no_cell_defines_any_more_is_told(
    answer: str, check: Check, kernel: Kernel, save: Callable[..., None]
) -> None:
    kernel.run("scale = 1", "a")
    kernel.run("factor = 1", "a")  # the same cell, changed
    kernel.run(answer, "mean_square")
    save(("imports", "import numpy as np"), ("a", "factor = 1"), ("mean_square", answer), after=9)
    report = check()
    assert report.outcome == "passed"
    (note,) = report.notes
    assert "uses `scale`, which no cell defines any more: it is left over from In [2]" in note


def test_a_deleted_cell_counts_as_gone_once_the_notebook_is_saved(
    check: Check, kernel: Kernel, save: Callable[..., None]
) -> None:
    save(("imports", "import numpy as np"), ("a", "scale = 1"), ("mean_square", USES), after=-9)
    kernel.run("scale = 1", "a")
    kernel.run(USES, "mean_square")
    assert check().notes == ()
    save(("imports", "import numpy as np"), ("mean_square", USES), after=9)
    assert "no cell defines any more" in check().notes[0]


def test_a_definition_below_the_answer_is_told_with_its_cell(
    check: Check, kernel: Kernel, save: Callable[..., None]
) -> None:
    kernel.run("scale = 1", "below")
    kernel.run(USES, "mean_square")
    cells = [("imports", "import numpy as np"), ("mean_square", USES), ("below", "scale = 1")]
    save(*cells, after=9)
    (note,) = check().notes
    assert "uses `scale`, which is defined further down" in note
    assert "`scale = 1`" in note


def test_an_answer_that_was_changed_after_it_was_run_is_told(
    check: Check, kernel: Kernel, save: Callable[..., None]
) -> None:
    kernel.run(RIGHT, "mean_square")
    changed = RIGHT.replace("mean()", "max()")
    save(("imports", "import numpy as np"), ("mean_square", changed), after=9)
    (note,) = check().notes
    assert "was changed after it was run" in note


@pytest.mark.parametrize("saved", [True, False])
def test_a_notebook_in_order_is_no_cause_for_a_word(
    saved: bool, check: Check, kernel: Kernel, save: Callable[..., None]
) -> None:
    kernel.run("scale = 1", "a")
    kernel.run(THROUGH, "mean_square")
    kernel.run("scale = 1", "a")
    if saved:
        cells = [("imports", "import numpy as np"), ("a", "scale = 1"), ("mean_square", THROUGH)]
        save(*cells, after=9)
    assert check(name="mean_square").notes == ()


def test_an_unsaved_notebook_is_judged_by_what_was_run(
    check: Check, kernel: Kernel, save: Callable[..., None]
) -> None:
    save(("imports", "import numpy as np"), ("mean_square", "pass"), after=-9)
    kernel.run("scale = 1", "young")
    kernel.run(USES, "mean_square")
    assert check().notes == ()


def test_without_a_file_the_last_text_of_each_cell_counts(check: Check, kernel: Kernel) -> None:
    kernel.run("scale = 1", "a")
    kernel.run(USES, "mean_square")
    assert check().notes == ()
    kernel.run("factor = 1", "a")
    assert "left over from In [2]" in check(name="mean_square").notes[0]
