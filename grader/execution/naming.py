"""Name the mistake: whose known wrong answer gives what this learner's code gave?

A test is deterministic, so a wrong answer leaves a trace on it: what was asked, and what
came back. The traces of the known mistakes are made here, in the test process, by running
the reference notebook with one answer replaced. A learner's answer carries a mistake's
name when it leaves the mistake's trace on the tests of the exercise, whatever its code
looks like; comparing sources would only recognise copies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grader.execution.kit import Kit
from grader.link.learner import LocalLearner, Reply
from grader.link.session import TestSession
from grader.link.stand_in import Exchange
from grader.link.student_error import StudentError
from grader.mistakes import Mistake
from grader.records import Outcome, Role, TestResult

__all__ = ["MistakeNamer", "same_trace"]

Trace = tuple[Exchange, ...]


class MistakeNamer:
    """Recognises the known mistakes of one assignment; traces are made once and kept."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._traces: dict[str, dict[str, dict[str, Trace]]] = {}

    def name(
        self, results: Sequence[TestResult], exchanges: Mapping[str, Trace]
    ) -> tuple[TestResult, ...]:
        """The results, with `mistake` and `help` filled in where a mistake is recognised."""
        failed = {r.exercise for r in results if r.outcome is Outcome.FAILED}
        recognised: dict[str, Mistake] = {}
        for exercise in sorted(failed):
            tests = [r for r in results if r.exercise == exercise]
            recognised |= self._recognise(exercise, tests, exchanges)
        return tuple(
            replace(r, mistake=found.name, help=found.hint)
            if (found := recognised.get(r.name)) is not None
            else r
            for r in results
        )

    def learn(self, mistake: Mistake) -> None:
        """Make the traces of one mistake now, so that nobody waits for them later."""
        self._traces_of(mistake.exercise, [mistake])

    def _recognise(
        self, exercise: str, tests: Sequence[TestResult], exchanges: Mapping[str, Trace]
    ) -> dict[str, Mistake]:
        """Failed test -> mistake, where the answer is like it on every test that it loses.

        Likeness on some of them would be a guess, and where one passes it is none at all. Of
        several that fit, the one that explains most tests wins.
        """
        candidates = [m for m in self._kit.mistakes if m.exercise == exercise]
        known = self._traces_of(exercise, candidates) if candidates else {}
        alike = {
            mistake.name: {
                test.name
                for test in tests
                if same_trace(known[mistake.name][test.name], exchanges.get(test.name, ()))
            }
            for mistake in candidates
        }
        found: dict[str, Mistake] = {}
        for test in (t for t in tests if t.outcome is Outcome.FAILED):
            fitting = [m for m in candidates if test.name in m.loses and m.loses <= alike[m.name]]
            if fitting:
                found[test.name] = max(fitting, key=lambda m: len(alike[m.name]))
        return found

    def _traces_of(self, exercise: str, mistakes: Sequence[Mistake]) -> dict[str, dict[str, Trace]]:
        known = self._traces.setdefault(exercise, {})
        for each in mistakes:
            if each.name not in known:
                known[each.name] = self._trace(exercise, each)
        return known

    def _trace(self, exercise: str, mistake: Mistake) -> dict[str, Trace]:
        learner = LocalLearner()
        session = TestSession(learner, self._kit.limits.cell_seconds)
        for cell in self._kit.answers_of(mistake).cells:
            if cell.role is Role.SETUP:
                session.run_setup(cell)
            if cell.role in (Role.SETUP, Role.ANSWER):
                learner.run(cell.name, cell.source)
            elif cell.role is Role.TEST and cell.exercise == exercise:
                session.run_test(cell)
        return dict(session.exchanges)


def same_trace(one: Trace, other: Trace) -> bool:
    """Whether two traces hold the same questions and, up to rounding, the same replies."""
    return len(one) == len(other) and all(
        a.name == b.name and _same_reply(a.reply, b.reply) for a, b in zip(one, other, strict=True)
    )


def _same_reply(a: Reply, b: Reply) -> bool:
    if a.error is not None or b.error is not None:
        return _error_kind(a) == _error_kind(b)
    return _same_value(a.value, b.value)


def _error_kind(reply: Reply) -> str | None:
    return reply.error.kind if isinstance(reply.error, StudentError) else None


def _same_value(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_same_value, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same_value(a[key], b[key]) for key in a)
    x, y = _numbers(a), _numbers(b)
    if x is None or y is None:
        return type(a) is type(b) and bool(a == b)
    coarse = any(n.dtype in (np.float16, np.float32, np.complex64) for n in (x, y))
    return x.shape == y.shape and bool(
        np.allclose(x, y, rtol=1e-4 if coarse else 1e-7, atol=1e-9, equal_nan=True)
    )


def _numbers(value: Any) -> np.ndarray[Any, Any] | None:
    """Numbers as an array, whether they came as Python's, NumPy's or torch's."""
    if isinstance(value, bool | int | float | complex | np.generic | np.ndarray):
        array = np.asarray(value)
    elif hasattr(value, "detach"):
        array = value.numpy()
    else:
        return None
    return array if array.dtype.kind in "biufc" else None
