"""The errors of the grader, drawn as a tree before anything else.

    GraderError                     what the instructor sees: one message, exit code 1
    +-- ConfigurationError          course.toml cannot be used
    |   +-- UnknownAssignment       no such assignment in course.toml
    +-- SourceError                 an assignment's source cannot be built
    +-- MistakesError               an assignment's mistakes.py cannot be used
    +-- ReviewsError                an assignment's reviews.py cannot be used
    +-- ReleaseError                nbgrader would not release it, or a secret would leak
    +-- RenderError                 a notebook of ours cannot be executed to its end
    +-- PreviewError                the preview cannot be shown
    +-- ImportNotebookError         a notebook from elsewhere cannot become a source
    +-- SubmissionError             one learner's file cannot be read; the batch goes on
    +-- SandboxError                learners' code cannot be confined here
    +-- LinkError                   the learner's process gave no usable answer
    +-- GradebookError              the gradebook cannot be read or written
    +-- ExchangeError               something in the exchange cannot be handed in or collected
    +-- HubError                    the hub cannot be set up, started or checked
        +-- RosterError             the roster of the group cannot be used

Every message says what failed, what was found, and what to do next. All of them
survive pickling, because they cross from workers to the command.
"""

from __future__ import annotations

__all__ = [
    "ConfigurationError",
    "ExchangeError",
    "GradebookError",
    "GraderError",
    "HubError",
    "ImportNotebookError",
    "LinkError",
    "MistakesError",
    "PreviewError",
    "ReleaseError",
    "RenderError",
    "ReviewsError",
    "RosterError",
    "SandboxError",
    "SourceError",
    "SubmissionError",
    "UnknownAssignment",
]


class GraderError(Exception):
    """Anything that the grader refuses, with a message for the person who ran it."""


class ConfigurationError(GraderError):
    """course.toml is missing, malformed or incomplete."""


class UnknownAssignment(ConfigurationError):
    """The assignment that was asked for is not declared in course.toml."""


class SourceError(GraderError):
    """The source of an assignment breaks a rule of the format."""


class MistakesError(GraderError):
    """The known wrong answers of an assignment cannot be loaded."""


class ReviewsError(GraderError):
    """The questions for spaced return of an assignment cannot be used."""


class ReleaseError(GraderError):
    """An assignment may not be released as it is."""


class RenderError(GraderError):
    """A cell of an assignment's notebook does not end, or ends the kernel."""


class PreviewError(GraderError):
    """The preview of an assignment cannot be shown."""


class ImportNotebookError(GraderError):
    """A notebook from elsewhere cannot become the source of an assignment."""


class SubmissionError(GraderError):
    """A submission cannot be read as a notebook; it counts as errored, not as zero."""


class SandboxError(GraderError):
    """The sandbox that was asked for does not work on this machine."""


class LinkError(GraderError):
    """The learner's process is dead, silent, late, or does not speak the protocol."""


class GradebookError(GraderError):
    """nbgrader's gradebook refused an operation."""


class ExchangeError(GraderError):
    """The exchange, or something in it, cannot be used as it is."""


class HubError(GraderError):
    """The hub cannot be set up, started or checked."""


class RosterError(HubError):
    """The roster of the group breaks a rule; nothing was changed."""
