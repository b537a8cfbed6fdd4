"""Everything that the learner's tools raise on purpose.

CourseError
└── StudyError                      what a learner can act on; the message says how
    ├── CourseNotFound              there is no course around
    ├── UnknownAssignment           no assignment has this id
    ├── NotANotebook                a file is not the notebook that it should be
    ├── OlderRelease                the course is older than the notebook
    ├── WorkspaceError              the working folder cannot be read or written
    ├── HandInError                 handing in did not work
    └── ProgressError               the record of progress cannot be read
        └── ProgressReadOnly        ... or not be written; work goes on without it
"""

from course.errors import CourseError

__all__ = [
    "CourseNotFound",
    "HandInError",
    "NotANotebook",
    "OlderRelease",
    "ProgressError",
    "ProgressReadOnly",
    "StudyError",
    "UnknownAssignment",
    "WorkspaceError",
]


class StudyError(CourseError):
    """The root: what a command turns into one message."""


class CourseNotFound(StudyError):
    """No folder with a course was found."""


class UnknownAssignment(StudyError):
    """The course has no assignment of this id, or it is not handed out yet."""


class NotANotebook(StudyError):
    """A file holds no notebook that can be read. It is left as it is."""


class OlderRelease(StudyError):
    """The course's notebook is one that the learner's notebook has left behind."""


class WorkspaceError(StudyError):
    """The working folder, or a file in it, cannot be used as it is."""


class HandInError(StudyError):
    """A notebook was not handed in."""


class ProgressError(StudyError):
    """A record of progress cannot be read."""


class ProgressReadOnly(ProgressError):
    """A record of progress cannot be written; callers go on without it."""
