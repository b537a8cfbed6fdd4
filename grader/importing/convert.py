"""Turn the cells of a foreign notebook into those of our source, in order.

Guarantees: every text of the notebook is in one of them, under a header that keeps it from
learners if it was kept from them before; whatever is other than it was is remarked on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from grader.authoring.cells import MARK_SCHEME, SOLUTION, begin, end
from grader.importing.answers import function_of, split_answer, tidy_answer
from grader.importing.foreign import Cell, Kind, Piece, Remarks
from grader.importing.marks import has_region, marked_lines, snake_case, tidy
from grader.importing.ordinary import code_pieces
from grader.importing.ours import piece_of_ours
from grader.importing.python import asserts, without_magics
from grader.importing.tested import split_test, test_pieces

__all__ = ["convert"]

_CODE = (Kind.CODE, Kind.ANSWER, Kind.TEST, Kind.BOTH)
_NOTHING = "(There is no reference answer yet.)"
_STUBS = ("YOUR ANSWER HERE", "Your answer here", "Write your answer here", "*Your answer here*")


def convert(cells: Sequence[Cell], remarks: Remarks) -> list[Piece]:
    """The pieces of the source.

    Raises:
        ImportNotebookError: an answer or a test cannot be parsed, or its delimiters do not pair.
    """
    _remark_on_what_changes_for_all(cells, remarks)
    parts = [part for cell in cells for part in _split(_plain(cell, remarks), remarks)]
    exercises = _exercises(parts)
    ids = _Ids(remarks)
    pieces: list[Piece] = []
    for part in parts:
        pieces += _pieces(part, parts, exercises, ids, remarks)
    _remark_on_missing_tests(pieces, remarks)
    return pieces


class _Ids:
    """Gives ids that are ours and are not given twice; keeps those that are so already."""

    def __init__(self, remarks: Remarks) -> None:
        self._remarks, self._given = remarks, set[str]()

    def give(self, cell: Cell, wanted: str, fallback: str) -> str:
        stem = snake_case(wanted) or fallback
        stem = stem if stem[0].isalpha() else f"q{stem}"
        name, copies = stem, 1
        while name in self._given:
            copies += 1
            name = f"{stem}_{copies}"
        self._given.add(name)
        if wanted and name != wanted:
            self._remarks.add(cell.number, f"the id {wanted!r} is {name!r} now")
        return name


def _plain(cell: Cell, remarks: Remarks) -> Cell:
    """The cell with tidy delimiters, and without lines that only IPython understands."""
    text = cell.text
    if cell.ours:
        return cell
    if cell.kind in _CODE:
        text, magics = without_magics(text)
        if magics:
            remarks.add(cell.number, f"no plain Python, so a comment now: `{'`, `'.join(magics)}`")
    if cell.kind not in (Kind.PROSE, Kind.OTHER, Kind.CODE):
        text = tidy(cell.number, text, SOLUTION, remarks)
        text = tidy(cell.number, text, MARK_SCHEME, remarks)
    return replace(cell, text=text)


def _split(cell: Cell, remarks: Remarks) -> list[Cell]:
    if cell.ours:
        return [cell]
    if cell.kind is Kind.ANSWER:
        return split_answer(cell, remarks)
    if cell.kind is Kind.TEST:
        return split_test(cell, remarks)
    if cell.kind is Kind.BOTH:
        return _split_both(cell, remarks)
    return [cell]


def _split_both(cell: Cell, remarks: Remarks) -> list[Cell]:
    """An answer with its tests below becomes both; one that people mark becomes a written one."""
    if not asserts(cell.text):
        return [cell]
    answer = replace(cell, kind=Kind.ANSWER, points=0)
    found = split_answer(answer, remarks)
    if len(found) < 2 or found[-1].kind is not Kind.CODE or not asserts(found[-1].text):
        return [answer] if len(found) == 1 else found
    test = replace(found[-1], kind=Kind.TEST, id=f"{cell.id}_test", points=cell.points)
    remarks.add(cell.number, "answer and tests stood in one cell; the points are the test's now")
    return [*found[:-1], *split_test(test, remarks)]


def _exercises(parts: Iterable[Cell]) -> dict[str, int]:
    """The name of each answer's function, and the number of its cell."""
    found = {}
    for part in parts:
        if part.kind is Kind.ANSWER and not part.ours:
            function = function_of(part)
            if function is not None:
                found[function.name] = part.number
    return found


def _pieces(
    part: Cell, parts: Sequence[Cell], exercises: dict[str, int], ids: _Ids, remarks: Remarks
) -> Iterable[Piece]:
    if part.ours:
        return [piece_of_ours(part)]
    if part.kind is Kind.ANSWER:
        return [_answer(part, ids, remarks)]
    if part.kind is Kind.TEST:
        name = ids.give(part, part.id, f"test_{part.number}")
        return test_pieces(replace(part, id=name), exercises, remarks)
    if part.kind in (Kind.WRITTEN, Kind.BOTH, Kind.TASK):
        return _written(part, ids, remarks)
    if part.kind is Kind.CODE:
        return code_pieces(
            part, parts, exercises, lambda: ids.give(part, part.id, _name(part)), remarks
        )
    return _prose(part, remarks)


def _name(part: Cell) -> str:
    return f"cell_{part.number}"


def _answer(part: Cell, ids: _Ids, remarks: Remarks) -> Piece:
    function = function_of(part)
    if function is None:
        name = ids.give(part, part.id, f"answer_{part.number}")
        return Piece(part.number, part.text, {"answer": name, "title": _title(name)})
    text = tidy_answer(part, remarks).text
    name = function.name
    if part.id and part.id != name:
        remarks.add(part.number, f"the id {part.id!r} is {name!r} now, the name of the function")
    return Piece(part.number, text, {"answer": name, "title": _title(name)})


def _title(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _prose(part: Cell, remarks: Remarks) -> Iterator[Piece]:
    if part.kind is Kind.OTHER and part.text.strip():
        remarks.add(part.number, "raw text, which learners see as a block of text now")
        yield Piece(part.number, f"```text\n{part.text.strip()}\n```", is_prose=True)
    elif part.text.strip():
        yield Piece(part.number, part.text.strip("\n"), is_prose=True)


def _written(part: Cell, ids: _Ids, remarks: Remarks) -> Iterator[Piece]:
    text = part.text
    if part.kind is Kind.TASK:
        scheme = marked_lines(part.number, text, MARK_SCHEME)
        question = "\n".join(line for line, inside in scheme if not inside).strip()
        rubric = "\n".join(line for line, inside in scheme if inside).strip()
        remarks.add(part.number, "a task; learners answer in the cell below it, not anywhere")
        yield Piece(part.number, question, is_prose=True)
        text = _region(SOLUTION, _NOTHING) + (
            f"\n\n{_region(MARK_SCHEME, rubric)}" if rubric else ""
        )
    elif part.kind is Kind.BOTH:
        remarks.add(part.number, "code that people mark; it is a written answer now, not executed")
        code = "\n".join(line for line, _ in marked_lines(part.number, text, SOLUTION))
        text = _region(SOLUTION, f"```python\n{code.strip()}\n```")
    elif not has_region(text, SOLUTION):
        scheme = marked_lines(part.number, text, MARK_SCHEME)
        answer = "\n".join(line for line, inside in scheme if not inside).strip()
        rubric = "\n".join(line for line, inside in scheme if inside).strip()
        is_stub = not answer or answer in _STUBS
        if is_stub:
            remarks.add(part.number, "has no reference answer; write one")
        text = _region(SOLUTION, _NOTHING if is_stub else answer)
        text += f"\n\n{_region(MARK_SCHEME, rubric)}" if rubric else ""
    name = ids.give(part, part.id, f"written_{part.number}")
    keys: dict[str, str | float] = {"written": name, "points": part.points, "title": _title(name)}
    if part.points <= 0:
        remarks.add(part.number, f"{name!r} has no points; give it some before it can be built")
    yield Piece(part.number, text, keys, is_prose=True)


def _region(region: str, text: str) -> str:
    return f"{begin(region)}\n{text}\n{end(region)}"


def _remark_on_what_changes_for_all(cells: Sequence[Cell], remarks: Remarks) -> None:
    if any(cell.ours for cell in cells):
        return
    texts = (Kind.PROSE, Kind.CODE)
    empty = [c.number for c in cells if c.kind in (*texts, Kind.OTHER) and not c.text.strip()]
    remarks.add_for_all(empty, "empty, and left out")
    free = [c.number for c in cells if c.kind is Kind.CODE and c.text.strip()]
    remarks.add_for_all(free, "code that learners run and cannot change any longer")
    named = [c.id for c in cells if c.kind is Kind.PROSE and c.id]
    if named:
        remarks.add(0, f"ids of texts that carry no marks are not kept: {', '.join(named)}")
    if any(c.kind in (Kind.ANSWER, Kind.TEST, Kind.WRITTEN, Kind.BOTH, Kind.TASK) for c in cells):
        remarks.add(0, "titles are made of ids; learners read them, so write better ones")


def _remark_on_missing_tests(pieces: Sequence[Piece], remarks: Remarks) -> None:
    for piece in pieces:
        if "answer" not in piece.keys:
            continue
        name = piece.keys["answer"]
        tests = [p for p in pieces if p.keys.get("exercise") == name]
        for key, word in (("test", "visible"), ("hidden", "hidden")):
            if not any(key in test.keys for test in tests):
                remarks.add(piece.number, f"{name!r} has no {word} test; write one, it needs both")
