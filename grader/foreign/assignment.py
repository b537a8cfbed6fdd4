"""Read an assignment of nbgrader's: the gradebook's cells, the source notebooks, the files.

Guarantees: what is wrong with an assignment is told before anything is graded, in one message
that says what and where; nothing in the course is changed by reading it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import find_all_files

from grader.configuration import did_you_mean
from grader.errors import ReleaseError, SourceError, UnknownAssignment
from grader.foreign.cells import Cell, Notebook
from grader.foreign.database import check_gradebook
from grader.foreign.kernels import kernel_of, language_of, plan_in_kernel
from grader.foreign.kit import ForeignKit
from grader.foreign.place import CourseFolder
from grader.foreign.placing import Plan, plan_notebook
from grader.foreign.preloading import modules_of
from grader.records import Role
from grader.sandbox.base import View

__all__ = ["ForeignAssignment", "open_assignment", "upgraded"]


@dataclass(frozen=True)
class ForeignAssignment:
    """An assignment of a course of nbgrader's: its notebooks, and what they are graded with.

    `workers_kit` is what workers hold: the kit as it was read. Plans go with the scripts, so
    that the workers of the trial can grade, too.
    """

    course: CourseFolder
    id: str
    notebooks: tuple[Notebook, ...]
    kit: ForeignKit
    workers_kit: ForeignKit

    def with_plans(self, plans: Mapping[str, Plan]) -> ForeignAssignment:
        """The same, with its tests placed otherwise."""
        return replace(self, kit=replace(self.kit, plans=dict(plans)))

    def notebook(self, name: str) -> Notebook:
        """The notebook of this name."""
        return next(each for each in self.notebooks if each.name == name)


def open_assignment(course: CourseFolder, assignment_id: str) -> ForeignAssignment:
    """Read an assignment, and place its tests as far as reading can.

    Raises:
        UnknownAssignment: neither the gradebook nor source/ knows it.
        GradebookError: the gradebook is missing, or another version of nbgrader made it.
        ReleaseError: the gradebook and the source do not belong together.
        SourceError: a source notebook cannot be used.
        GraderError: the kernel of a notebook is not installed here.
    """
    folder = course.source(assignment_id)
    sources = sorted(folder.glob("*.ipynb")) if folder.is_dir() else []
    check_gradebook(course)
    stored = dict(_stored(course, assignment_id, found=bool(sources)))
    if not sources:
        raise ReleaseError(
            f"the gradebook knows {assignment_id}, but there is no notebook in {folder}. "
            "Restore its source; nothing was graded."
        )
    by_name = {path.stem: path for path in sources}
    missing = sorted(stored.keys() - by_name.keys())
    if missing:
        raise ReleaseError(
            f"the gradebook knows the notebook {missing[0]!r} of {assignment_id}, but there is no "
            f"{folder / missing[0]}.ipynb. Restore it; nothing was graded."
        )
    notebooks = tuple(_notebook(by_name[name], cells) for name, cells in sorted(stored.items()))
    hidden = tuple(filter(None, (course.root, course.cache, course.gradebook_file)))
    found = {each.name: kernel_of(each, hidden) for each in notebooks}
    kernels = {name: kernel for name, kernel in found.items() if kernel is not None}
    files = _copy_of_files(course, assignment_id)
    plans = {
        each.name: plan_in_kernel(each, kernels[each.name])
        if each.name in kernels
        else plan_notebook(each)
        for each in notebooks
    }
    kept = Autograde(config=course.config, coursedir=course.directory).exclude_overwriting
    kit = ForeignKit(
        assignment_id,
        plans,
        course.limits,
        View(
            files, _preloaded((n for n in notebooks if n.name not in kernels), files), inline=True
        ),
        frozenset(kept.get(assignment_id, ())),
        kernels,
    )
    return ForeignAssignment(course, assignment_id, notebooks, kit, kit)


def upgraded(notebook: NotebookNode) -> NotebookNode:
    """A notebook with nbgrader's metadata of today, by nbgrader's own means."""
    upgraded: NotebookNode = MetadataValidator().upgrade_notebook_metadata(notebook)
    return upgraded


def _stored(
    course: CourseFolder, assignment_id: str, *, found: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the gradebook has of each notebook, by the names of its cells."""
    with Gradebook(course.db_url, course.id) as gradebook:
        try:
            assignment = gradebook.find_assignment(assignment_id)
        except MissingEntry:
            if found:
                raise ReleaseError(
                    f"{course.source(assignment_id)} is there, but the gradebook does not know "
                    f"{assignment_id}; run: nbgrader generate_assignment {assignment_id}"
                ) from None
            known = sorted({a.name for a in gradebook.assignments} | set(course.assignments()))
            raise UnknownAssignment(
                f"{course.root}: no assignment is called {assignment_id!r}; there are: "
                f"{', '.join(known) or 'none'}.{did_you_mean(assignment_id, known)}"
            ) from None
        for notebook in assignment.notebooks:
            grades = {cell.name: cell.max_score for cell in notebook.grade_cells}
            solutions = {cell.name for cell in notebook.solution_cells}
            tasks = {cell.name: cell.max_score for cell in notebook.task_cells}
            yield (
                notebook.name,
                {
                    cell.name: {
                        "source": cell.source,
                        "kind": cell.cell_type,
                        "locked": bool(cell.locked),
                        "checksum": cell.checksum,
                        "points": grades.get(cell.name, tasks.get(cell.name)),
                        "grade": cell.name in grades,
                        "solution": cell.name in solutions,
                        "task": cell.name in tasks,
                    }
                    for cell in notebook.source_cells
                },
            )


def _notebook(path: Path, stored: Mapping[str, Any]) -> Notebook:
    template = _read(path)
    names = [_grade_id(cell) for cell in template.cells]
    for name, count in Counter(filter(None, names)).items():
        if count > 1:
            raise SourceError(
                f"{path}: the grade id {name!r} is that of {count} cells; give each its own and "
                "run nbgrader generate_assignment again"
            )
    lost = [name for name, each in stored.items() if name not in names and each["grade"]]
    if lost:
        raise ReleaseError(
            f"the gradebook has the graded cell {lost[0]!r}, which {path} has not; run: "
            "nbgrader generate_assignment"
        )
    cells = tuple(
        _cell(cell, stored.get(_grade_id(cell)), number)
        for number, cell in enumerate(template.cells)
    )
    kernel, language = language_of(template.metadata)
    return Notebook(path.stem, path, language, kernel, cells, template)


def _cell(cell: NotebookNode, stored: Mapping[str, Any] | None, number: int) -> Cell:
    if stored is None:
        code = cell.cell_type == "code"
        role = Role.SETUP if code else Role.PROSE
        return Cell(f"ordinary-{number}", role, cell.source, cell.source, cell.cell_type)
    metadata = {
        "grade": stored["grade"],
        "grade_id": _grade_id(cell),
        "locked": stored["locked"],
        "solution": stored["solution"],
        "task": stored["task"],
        "schema_version": MetadataValidator.schema_version,
        "checksum": stored["checksum"],
        "cell_type": stored["kind"],
    }
    if stored["grade"] or stored["task"]:
        metadata["points"] = stored["points"]
    return Cell(
        _grade_id(cell),
        _role(stored),
        stored["source"],
        cell.source,
        stored["kind"],
        float(stored["points"] or 0.0) if stored["grade"] else 0.0,
        stored["locked"],
        metadata,
    )


def _role(stored: Mapping[str, Any]) -> Role:
    if stored["kind"] != "code":
        return Role.WRITTEN if stored["grade"] or stored["solution"] else Role.PROSE
    if stored["solution"]:
        return Role.ANSWER
    return Role.TEST if stored["grade"] else Role.SETUP


def _read(path: Path) -> NotebookNode:
    try:
        return upgraded(nbformat.read(path, as_version=4))
    except (OSError, ValueError, nbformat.ValidationError) as error:
        said = str(error).splitlines()[0]
        raise SourceError(f"{path} cannot be read as a notebook: {said}") from error


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or "")


def _copy_of_files(course: CourseFolder, assignment_id: str) -> Path:
    """The files beside the source notebooks, without those: learners' processes see this copy.

    A copy, so that no source notebook, with its answers, is where a learner's process looks.
    """
    folder = course.source(assignment_id)
    ignored = [*course.directory.ignore, "*.ipynb"]
    files = sorted(Path(name) for name in find_all_files(str(folder), ignored))
    digest = hashlib.sha256()
    for path in files:
        status = path.stat()
        digest.update(json.dumps([str(path), status.st_size, status.st_mtime_ns]).encode())
    copy = course.cache / "files" / f"{assignment_id}-{digest.hexdigest()[:16]}"
    if not copy.is_dir():
        copy.parent.mkdir(parents=True, exist_ok=True)
        for old in copy.parent.glob(f"{assignment_id}-*"):
            shutil.rmtree(old)
        unfinished = copy.with_name(f".{copy.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for path in files:
            place = unfinished / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        unfinished.rename(copy)
    return copy


def _preloaded(notebooks: Iterable[Notebook], files: Path) -> tuple[str, ...]:
    """What a warm start imports: what the notebooks do, and no module of the assignment's own."""
    sources = [cell.reference for each in notebooks for cell in each.cells if cell.kind == "code"]
    return modules_of(sources, {path.name.partition(".")[0] for path in files.iterdir()})
