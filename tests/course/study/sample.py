"""Small releases, cell by cell, as nbgrader hands them out."""

import copy
import json
from pathlib import Path
from typing import Any

Cell = dict[str, Any]
Notebook = dict[str, Any]

TOML = """\
[course]
id = "sample"
title = "A sample week"
week = 1

[[assignments]]
id = "second"
title = "The second, which comes first"
minutes = 30

[[assignments]]
id = "later"
title = "Not released yet"
minutes = 10

[[assignments]]
id = "tiny"
title = "Tiny"
minutes = 20
"""


def cell(kind: str, name: str, text: str, **about: Any) -> Cell:
    made: Cell = {"cell_type": kind, "id": name, "metadata": {}, "source": text}
    if kind == "code":
        made |= {"execution_count": None, "outputs": []}
    if about:
        is_answer = about["role"] in ("answer", "written")
        made["metadata"] = {
            "course": about,
            "deletable": False,
            "nbgrader": {"grade_id": name, "locked": not is_answer, "solution": is_answer},
        }
    return made


def prose(name: str, text: str = "") -> Cell:
    return cell("markdown", name, text or f"About {name}.")


def setup(name: str = "imports", text: str = "import numpy as np") -> Cell:
    return cell("code", name, text, role="setup")


def stub(name: str, description: str = "Return it.") -> str:
    return f'def {name}(x):\n    """{description}"""\n    raise NotImplementedError()'


def answer(name: str, description: str = "Return it.", minutes: float = 5) -> Cell:
    title = f"The {name}"
    return cell("code", name, stub(name, description), role="answer", title=title, minutes=minutes)


def checks(name: str, exercise: str, points: float = 2, *, hidden: bool = False) -> Cell:
    text = f"# Hidden test: {name}" if hidden else f"assert {exercise}(1) == 1"
    about = {"role": "test", "exercise": exercise, "points": points, "title": name}
    return cell("code", name, text, **about, **({"hidden": True} if hidden else {}))


def written(name: str, points: float = 6) -> Cell:
    return cell("markdown", name, "YOUR ANSWER HERE", role="written", title=name, points=points)


def notebook(*cells: Cell) -> Notebook:
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return copy.deepcopy(
        {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )


def tiny() -> Notebook:
    return notebook(
        prose("intro"),
        setup(),
        prose("about_double"),
        answer("double"),
        checks("double_by_hand", "double"),
        checks("double_more", "double", 3, hidden=True),
        prose("about_half"),
        answer("half"),
        checks("half_by_hand", "half"),
        prose("questions"),
        written("why"),
        prose("end"),
    )


def find(book: Notebook, name: str) -> Cell:
    return next(each for each in book["cells"] if each["id"] == name)


def texts(book: Notebook) -> list[str]:
    return [each["source"] for each in book["cells"]]


def names(book: Notebook) -> list[str]:
    return [each["id"] for each in book["cells"]]


def insert_after(book: Notebook, name: str, *cells: Cell) -> None:
    place = names(book).index(name) + 1
    book["cells"][place:place] = copy.deepcopy(cells)


def save(book: Notebook, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(book), encoding="utf-8")
    return path
