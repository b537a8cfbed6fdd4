"""Where learners' code runs: a seam with three implementations and one contract.

`bubblewrap` is for other people's work; `none` is for one's own, and only when asked for
by name; `fake` is for tests. Nothing else in the grader starts a learner's process.
"""

from grader.sandbox.base import LearnerProcess, Sandbox
from grader.sandbox.choice import SANDBOXES, choose_sandbox

__all__ = ["SANDBOXES", "LearnerProcess", "Sandbox", "choose_sandbox"]
