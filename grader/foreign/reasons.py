"""Why stock nbgrader and we give a test cell different marks, as far as both runs show it.

Each rule looks at facts of the two runs and of what was handed in; the first that speaks is
told. What no rule knows is said to be unexplained, with both sides' words: never guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from grader.foreign.comparison import Difference, StockCell
from grader.records import TestResult

__all__ = ["Facts", "HandedInFacts", "difference_of"]


@dataclass(frozen=True)
class HandedInFacts:
    """What was handed in as one notebook, as far as reasons need it.

    Attributes:
        copies: how often each graded cell occurs.
        edited: an ordinary cell of the author's that is not there as it was, by its first line.
        shadowed: names of Python's own functions that the notebook binds.
        tampers: IPython's own means with which it changes how cells are run.
    """

    copies: Mapping[str, int] = field(default_factory=dict)
    edited: str = ""
    shadowed: tuple[str, ...] = ()
    tampers: str = ""


@dataclass(frozen=True)
class Facts:
    """All that is known of one cell of one learner.

    `left`: what stock nbgrader left of the cell; None when the notebook that it graded has no
    such cell. `result` and `again`: the test here, and what a second run gave.
    """

    cell: str
    max_score: float
    stock: float | None
    ours: float | None
    stock_fault: str = ""
    left: StockCell | None = None
    our_fault: str = ""
    refusal: str = ""
    result: TestResult | None = None
    again: TestResult | None = None
    handed_in: HandedInFacts = HandedInFacts()

    @property
    def more_here(self) -> bool:
        """Whether ours is the higher mark."""
        return (self.ours or 0.0) > (self.stock or 0.0)

    @property
    def said_here(self) -> str:
        """The first line of what the test said here."""
        lines = self.result.rationale.splitlines() if self.result else []
        return lines[0][:200] if lines else ""

    @property
    def said_there(self) -> str:
        """The error with which the test ended under nbgrader."""
        return self.left.error if self.left else ""


def difference_of(facts: Facts) -> Difference:
    """Why the marks of a cell differ."""
    for rule in _RULES:
        if (found := rule(facts)) is not None:
            return found
    there = facts.said_there or ("no mark" if facts.stock is None else f"{facts.stock:g} points")
    here = facts.said_here or ("no mark" if facts.ours is None else f"{facts.ours:g} points")
    return Difference(
        f"unexplained; nbgrader: {there}; here: {here}",
        "look at both notebooks, with --keep FOLDER; please report what you find",
        likely=False,
    )


def _sure(reason: str, advice: str) -> Difference:
    return Difference(reason, advice, likely=False)


def _our_fault(facts: Facts) -> Difference | None:
    if facts.our_fault:
        return _sure(
            f"it could not be graded here: {facts.our_fault}",
            "grade this submission with nbgrader autograde, and please report it",
        )
    if facts.refusal:
        return _sure(
            f"the file is refused here: {facts.refusal}", "a person looks at what was handed in"
        )
    return None


def _stock_fault(facts: Facts) -> Difference | None:
    said = facts.stock_fault
    if not said:
        return None
    if facts.stock is not None:
        return _sure(
            "nbgrader gave this mark before it gave the submission up, and left nothing that "
            f"explains it ({said})",
            "see what is said of this cell of other learners",
        )
    twice = [cell for cell, count in facts.handed_in.copies.items() if count > 1]
    if twice:
        return Difference(
            f"the cell `{twice[0]}` was copied, and nbgrader does not grade such a notebook, nor, "
            f"in one go, any after it ({said}); here it counts once",
            "nothing; ask the learner not to copy cells",
        )
    for words, reason, advice in _FAULTS:
        if re.search(words, said):
            return _sure(f"{reason} ({said})", advice)
    return _sure(
        f"nbgrader gave the submission up: {said}", "nothing; the mark from here stands by itself"
    )


_FAULTS = (
    (
        "greater than maximum|higher than the maximum|max_points|exceeds",
        "a test gave more than its points, so nbgrader does not grade the submission; here it "
        "gets no marks for that test alone",
        "mend the test: its last value must not be more than its points",
    ),
    (
        "SchemaTooOld|SchemaTooNew|(old|newer) version|schema",
        "nbgrader does not read metadata of another version; here they are brought up to date",
        "nothing; to go on with nbgrader, run: nbgrader update submitted/",
    ),
    (
        "NoSuchKernel|No such kernel|[Kk]ernel died|DeadKernel|Kernel didn't respond",
        "nbgrader's kernel did not start, or died while the submission ran",
        "see whether `jupyter kernelspec list` has the notebook's kernel; if a learner's code "
        "ends its kernel, the mark from here stands by itself",
    ),
    (
        "it took more than|it used more than|room on the disk",
        "the submission broke a limit under nbgrader",
        "look at what the submission does; the mark from here stands by itself",
    ),
)


def _changing(facts: Facts) -> Difference | None:
    one, other = facts.result, facts.again
    if one and other and not math.isclose(one.earned, other.earned, abs_tol=1e-9):
        return _sure(
            "it gives other marks from run to run here",
            "let nothing hang on chance, the clock or the order of a set: seed the answer's "
            "random numbers by an argument, widen a tolerance",
        )
    return None


def _not_there(facts: Facts) -> Difference | None:
    copies = facts.handed_in.copies.get(facts.cell, 1)
    if copies == 0 and facts.stock is None:
        return _sure(
            "the test cell was deleted, so nbgrader gives no mark; here it is put back and run",
            "nothing; ask the learner not to delete cells",
        )
    if copies > 1:
        return Difference(
            f"the cell occurs {copies} times in what was handed in; here it counts once",
            "look at the submission: which of them did the learner mean?",
        )
    return None


def _skipped(facts: Facts) -> Difference | None:
    if facts.left and facts.left.skipped:
        return _sure(
            "the cell is tagged `skip-execution`, so nbgrader does not run it and gives all "
            "points; here it is run like any other",
            "nothing; ask the learner about the tag",
        )
    return None


def _stderr(facts: Facts) -> Difference | None:
    left = facts.left
    if left and left.stderr and not left.error and facts.stock == 0 and facts.more_here:
        lines = [line for line in left.stderr.splitlines() if line.strip()]
        said = lines[0][:160] if lines else "an empty line"
        return _sure(
            f"it writes to standard error, for which nbgrader gives no marks ({said})",
            "nothing; here that does not matter. For nbgrader, silence the warning",
        )
    return None


def _value(facts: Facts) -> Difference | None:
    value = facts.left.value.strip() if facts.left else ""
    if facts.left is None or not value or facts.said_there:
        return None
    if re.match(r"np\.\w+\(", value):
        return _sure(
            f"its last value is a NumPy number, {value[:40]}, which nbgrader does not read and "
            "gives all points for; here it is that part of the points",
            "write float(...) around the value",
        )
    with suppress(ValueError):
        number = float(value)
        if not 0 <= number < math.inf:
            return _sure(
                f"its last value is {value[:40]}, which is no part of the points: no marks here",
                "mend the test: its last value must be from 0 to its points",
            )
        if number > facts.max_score:
            return _sure(
                f"its last value, {value[:40]}, is more than its points: no marks here",
                "mend the test: its last value must not be more than its points",
            )
    return None


def _limits(facts: Facts) -> Difference | None:
    if re.search("CellTimeout|Timeout", facts.said_there) and facts.more_here:
        return Difference(
            "it was too slow for nbgrader's limit for a cell (Execute.timeout), and not for ours",
            "nothing; or give it more time in nbgrader_config.py",
        )
    if re.search(_LIMIT_WORDS, facts.said_here) and not facts.more_here:
        return Difference(
            f"it broke a limit here: {facts.said_here}",
            "raise Execute.timeout in nbgrader_config.py if the answer is right and slow",
        )
    return None


_LIMIT_WORDS = "stopped after|more than [0-9.]+ (seconds|MiB)|more than .* of memory|TimeLimit"


def _own_object(facts: Facts) -> Difference | None:
    if "its class is the notebook's own" in facts.said_here:
        what = facts.said_here.partition(", which is")[0]
        return _sure(
            f"{what}, of a class of the learner's; your own answer gives plain data, so such an "
            "object, which would compare itself, earns nothing here",
            "look at the answer. If such objects are meant, let your own answer give one",
        )
    return None


def _network(facts: Facts) -> Difference | None:
    for side, said in (("nbgrader", facts.said_there), ("here", facts.said_here)):
        if re.search(_NETWORK, said):
            return Difference(
                f"it needs the network, which learners' code does not have ({side}: {said[:120]})",
                "put what is downloaded beside the notebook, in source/",
            )
    return None


_NETWORK = "URLError|HTTPError|gaierror|ConnectionError|name resolution|Network is unreachable"


def _missing(facts: Facts) -> Difference | None:
    for side, said in (("nbgrader", facts.said_there), ("here", facts.said_here)):
        if re.match("FileNotFoundError|ModuleNotFoundError|ImportError", said):
            return Difference(
                f"something is not found on one side ({side}: {said[:160]})",
                "put files beside the notebook, in source/; install libraries for both",
            )
    return None


def _ends(facts: Facts) -> Difference | None:
    if facts.said_here.startswith(("SystemExit", "KeyboardInterrupt")) and not facts.more_here:
        return Difference(
            "the answer ends the process, which nbgrader does not take for a failure",
            "nothing; the test did not come to its end",
        )
    return None


def _tampers(facts: Facts) -> Difference | None:
    if facts.more_here:
        return None
    if facts.handed_in.tampers:
        return Difference(
            f"the notebook changes how cells are run (`{facts.handed_in.tampers}`), which gains "
            "nothing here",
            "read what was handed in",
        )
    if facts.handed_in.shadowed:
        return Difference(
            f"the notebook gives `{facts.handed_in.shadowed[0]}` another meaning, which tests "
            "have as it was here",
            "read what was handed in",
        )
    return None


def _edited(facts: Facts) -> Difference | None:
    if facts.handed_in.edited and facts.result is not None and facts.result.place == "apart":
        return Difference(
            f"a cell that is nobody's answer was changed or deleted (`{facts.handed_in.edited}`); "
            "tests apart use yours, nbgrader's use what the learner made of it",
            "nothing if yours should hold; or make it an answer cell",
        )
    return None


def _by_hand(facts: Facts) -> Difference | None:
    if facts.result is None and facts.left is not None and not facts.said_there:
        return Difference(
            "a cell that a person marks, which one side takes for unanswered",
            "look at it in the formgrader",
        )
    return None


_RULES: tuple[Callable[[Facts], Difference | None], ...] = (
    _our_fault,
    _stock_fault,
    _changing,
    _not_there,
    _skipped,
    _stderr,
    _value,
    _limits,
    _own_object,
    _network,
    _missing,
    _ends,
    _tampers,
    _edited,
    _by_hand,
)
