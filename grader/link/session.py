"""Runs locked cells in the test process and turns what happens into results.

Setup cells run here as well as in the learner's process, so that the tests have their
own, trusted copies of imports and data. Every other name that a test uses resolves to a
stand-in for the learner's object.
"""

from __future__ import annotations

import builtins
import io
import linecache
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from course.link.notebook import TimeLimit, time_limit
from course.testing import probes_sent_by
from grader.errors import LinkError, SourceError
from grader.link.learner import Learner, Missing
from grader.link.rationale import describe, for_student_error, in_words
from grader.link.stand_in import Conversation, Exchange, NotPlainData
from grader.link.student_error import StudentError
from grader.records import Outcome, ScriptCell, TestResult

__all__ = ["TestSession"]

MAX_PRINTS = 4000


@dataclass(frozen=True)
class _Verdict:
    outcome: Outcome
    rationale: str = ""


class _Namespace(dict[str, Any]):
    """The tests' globals; a name they do not define is looked up at the learner's."""

    conversation: Conversation | None = None  # there is one while a test runs

    def __missing__(self, name: str) -> Any:
        if self.conversation is None or hasattr(builtins, name) or name.startswith("__"):
            raise KeyError(name)  # Python then looks among the builtins itself
        return self.conversation.look_up(name)


class TestSession:
    """The test process's half of one submission; `learner` answers from the first test on."""

    __test__ = False  # not a test class, whatever pytest thinks of the name

    def __init__(self, learner: Learner, test_seconds: float) -> None:
        self.learner = learner
        self._seconds = test_seconds
        self._names = _Namespace(__name__="__main__", __builtins__=builtins)
        self.exchanges: dict[str, tuple[Exchange, ...]] = {}

    def run_setup(self, cell: ScriptCell) -> None:
        """Execute an author's setup cell here.

        Raises:
            SourceError: it stopped with an error, which is the author's to mend.
        """
        self._names.conversation = None
        with self._at_work():
            try:
                self._execute(cell)
            except Exception as error:
                raise SourceError(
                    f"the setup cell `{cell.name}` stopped with {type(error).__name__}: {error}. "
                    "It runs in the test process too, where only setup cells and tests have run; "
                    "mend it in the source and release the assignment again"
                ) from error

    def run_test(self, cell: ScriptCell) -> TestResult:
        """Execute one test cell and say what became of it."""
        conversation = self._names.conversation = Conversation(self.learner)
        with (
            self._at_work(),
            probes_sent_by(self._probe),
            self.learner.asked_by(cell.exercise or ""),
        ):
            verdict = self._judge(cell, conversation)
        self.exchanges[cell.name] = tuple(conversation.exchanges)
        verdict = self._excuse_unattempted(cell, verdict)
        prints = "".join(exchange.reply.prints for exchange in conversation.exchanges)
        return TestResult(
            name=cell.name,
            exercise=cell.exercise or "",
            outcome=verdict.outcome,
            points=cell.points,
            title=cell.title,
            hidden=cell.hidden,
            rationale=verdict.rationale,
            prints=prints[:MAX_PRINTS],
        )

    def _probe(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A probe asks on behalf of the test that calls it, which may be a later one."""

        def asking(*args: Any, **kwargs: Any) -> Any:
            conversation = self._names.conversation
            assert conversation is not None  # a test runs, or nobody could call
            return conversation.send_probe(function)(*args, **kwargs)

        return asking

    def _judge(self, cell: ScriptCell, conversation: Conversation) -> _Verdict:
        exchanges = conversation.exchanges
        try:
            with time_limit(self._seconds):
                self._execute(cell)
        except StudentError as error:  # first, because it may be an AssertionError too
            unattempted = isinstance(error, NotImplementedError)
            outcome = Outcome.UNATTEMPTED if unattempted else Outcome.FAILED
            return _Verdict(outcome, for_student_error(error, exchanges))
        except AssertionError as error:
            return _Verdict(Outcome.FAILED, in_words(error, cell, exchanges))
        except Missing as error:
            return _Verdict(
                Outcome.FAILED,
                f"The test needs the name `{error}`, and your notebook does not define it. "
                "Was it renamed, or did its cell stop with an error?",
            )
        except (LinkError, NotPlainData) as error:
            return _Verdict(Outcome.FAILED, str(error))
        except TimeLimit:
            return _Verdict(Outcome.FAILED, f"The test took longer than {self._seconds:g} seconds.")
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - pytest.fail() raises no Exception
            return self._unforeseen(error, exchanges)
        return _Verdict(Outcome.PASSED)

    @staticmethod
    def _unforeseen(error: BaseException, exchanges: list[Exchange]) -> _Verdict:
        """A test that stumbles over the learner's answer failed; one that stumbles alone erred."""
        said = f"{type(error).__name__}: {error}"
        if type(error).__name__ == "Failed":  # pytest's: DID NOT RAISE <class 'ValueError'>
            seen = describe(exchanges[-1]) if exchanges else ""
            return _Verdict(Outcome.FAILED, f"{error}. {seen}".strip())
        if not exchanges:
            return _Verdict(Outcome.ERRORED, f"The test itself stopped with {said}.")
        return _Verdict(
            Outcome.FAILED,
            f"The test could not use the answer ({said}). {describe(exchanges[-1])}",
        )

    @staticmethod
    def _excuse_unattempted(cell: ScriptCell, verdict: _Verdict) -> _Verdict:
        if verdict.outcome is Outcome.UNATTEMPTED or (
            verdict.outcome is Outcome.FAILED and not cell.attempted
        ):
            return _Verdict(Outcome.UNATTEMPTED, f"`{cell.exercise}` is not attempted yet.")
        return verdict

    def _execute(self, cell: ScriptCell) -> None:
        filename = f"<{cell.name}>"
        # so that a probe's source can be found
        lines = cell.source.splitlines(keepends=True)
        linecache.cache[filename] = (len(cell.source), None, lines, filename)
        exec(compile(cell.source, filename, "exec"), self._names)  # noqa: S102 - the author's

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        # A warning is no failure, and what a test prints is nobody's business.
        with (
            warnings.catch_warnings(),
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
