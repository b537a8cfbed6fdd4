"""The roster of a group: who learns, who teaches."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["INSTRUCTORS", "Person"]

INSTRUCTORS = "instructors"  # the group of those who teach; any other name is a learners' group


@dataclass(frozen=True)
class Person:
    """One person of the group.

    Attributes:
        id: the name they log in with, which is the name of their Linux account too.
        name: as people say it.
        email: may be empty.
        group: `INSTRUCTORS`, or the name of a learners' group; may be empty.
    """

    id: str
    name: str
    email: str = ""
    group: str = ""

    @property
    def is_instructor(self) -> bool:
        """Whether they teach."""
        return self.group == INSTRUCTORS
