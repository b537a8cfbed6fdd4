"""What became of the mutants: the records of a finished examination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from grader.mutation.mutants import Mutant

__all__ = ["Fate", "MutationReport", "Tally", "Verdict"]


class Fate(StrEnum):
    """What can become of a mutant."""

    KILLED = "killed"  # a test of its exercise did not pass
    EQUIVALENT = "equivalent"  # it passed them all, and the author says why no test can tell
    SURVIVED = "survived"  # it passed them all
    UNKNOWN = "unknown"  # the grader failed


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant. `by`: which test killed it, or why it is equivalent or unknown."""

    mutant: Mutant
    fate: Fate
    by: str = ""


@dataclass(frozen=True)
class Tally:
    """How many mutants of something had which fate."""

    mutants: int
    killed: int
    equivalent: int
    survived: int

    @classmethod
    def of(cls, verdicts: Sequence[Verdict]) -> Tally:
        """Count."""
        fates = [verdict.fate for verdict in verdicts]
        counts = map(fates.count, (Fate.KILLED, Fate.EQUIVALENT, Fate.SURVIVED))
        return cls(len(fates), *counts)

    @property
    def rate(self) -> float:
        """Killed, of those that can be killed: from 0 to 1, and 1 when there are none."""
        mortal = self.mutants - self.equivalent
        return self.killed / mortal if mortal else 1.0


@dataclass(frozen=True)
class MutationReport:
    """Everything that was seen. `problems` are faults, and equivalents that are none."""

    assignment: str
    verdicts: tuple[Verdict, ...]
    problems: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def survivors(self) -> tuple[Mutant, ...]:
        """The mutants that the tests do not notice, though nobody says why."""
        return tuple(each.mutant for each in self.verdicts if each.fate is Fate.SURVIVED)

    @property
    def tally(self) -> Tally:
        """All of them, counted."""
        return Tally.of(self.verdicts)

    @property
    def tallies(self) -> dict[str, Tally]:
        """Counted by exercise, in the order of the notebook."""
        exercises = dict.fromkeys(each.mutant.exercise for each in self.verdicts)
        return {
            name: Tally.of([each for each in self.verdicts if each.mutant.exercise == name])
            for name in exercises
        }

    @property
    def holds(self) -> bool:
        """Whether every mutant is killed or explained, and nothing went wrong."""
        return not self.survivors and not self.problems
