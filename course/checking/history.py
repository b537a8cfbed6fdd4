"""What was run in this kernel: which cell, when, with which text, binding which names.

IPython tells of each cell before and after it runs; Jupyter's front ends say which cell it is.
What ran before the notebook was opened here is read from IPython's own list of inputs.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Execution", "History", "names_bound_by"]


@dataclass(frozen=True)
class Execution:
    """One run of one cell. `cell_id` is empty where the front end does not say."""

    number: int
    source: str
    cell_id: str = ""
    time: float = 0.0
    succeeded: bool = True

    @property
    def names(self) -> frozenset[str]:
        """The names that the cell binds at its top level."""
        return names_bound_by(self.source)


class History:
    """The executions of one kernel, in order; `attach` it to the shell."""

    def __init__(self, earlier: Sequence[str] = ()) -> None:
        self._executions = [
            Execution(number, source) for number, source in enumerate(earlier) if source
        ]

    def __iter__(self) -> Iterator[Execution]:
        return iter(self._executions)

    def attach(self, shell: Any) -> None:
        """Be told of every cell from now on, the one that is running included."""
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)

    def detach(self, shell: Any) -> None:
        """Be told no more."""
        shell.events.unregister("pre_run_cell", self._before)
        shell.events.unregister("post_run_cell", self._after)

    def last_binding(self, name: str) -> Execution | None:
        """The last execution that bound `name`, successful or not."""
        bound = (each for each in reversed(self._executions) if name in each.names)
        return next(bound, None)

    def last_of_cell(self, cell_id: str) -> Execution | None:
        """The last execution of a cell."""
        runs = (each for each in reversed(self._executions) if each.cell_id == cell_id)
        return next(runs, None)

    def add(self, execution: Execution) -> None:
        """Note one execution."""
        self._executions.append(execution)

    def _before(self, info: Any) -> None:
        number = len(self._executions)
        cell_id = str(getattr(info, "cell_id", None) or "")
        self.add(Execution(number, str(info.raw_cell), cell_id, time.time()))

    def _after(self, result: Any) -> None:
        if self._executions and self._executions[-1].source == str(result.info.raw_cell):
            last = self._executions[-1]
            number = result.execution_count or last.number
            self._executions[-1] = replace(last, number=number, succeeded=bool(result.success))
        elif result.info is not None:  # the cell that was running when we came
            self._before(result.info)
            self._after(result)


def names_bound_by(source: str) -> frozenset[str]:
    """The names that a cell binds at its top level; none when it is not Python.

    Lines of magics and shell commands are left out of the reading.

    Example:
        >>> sorted(names_bound_by("import numpy as np\\nx, y = 1, 2\\ndef f(z): w = z"))
        ['f', 'np', 'x', 'y']
    """
    lines = ["pass" if line.startswith(("%", "!")) else line for line in source.split("\n")]
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(_bound(tree.body))


def _bound(statements: Sequence[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield node.name
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.alias):
                yield (node.asname or node.name).partition(".")[0]
