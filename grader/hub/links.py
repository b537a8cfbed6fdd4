"""Mend the formgrader's links to folders of the course.

Opened as a page of its own, the formgrader links to ``/tree/PATH``, as if it were alone on its
machine; on a hub that is nobody's address. JupyterHub's `extra_handlers` catches it: a service
of the hub could not, since its address is below ``/services/``.
"""

from __future__ import annotations

from jupyterhub.handlers import BaseHandler

from grader.hub.plan import HubPlan

__all__ = ["course_links"]


class CourseFolder(BaseHandler):  # type: ignore[misc]
    """Sends on to the JupyterLab of the course, which asks who it is."""

    def initialize(self, course_id: str) -> None:
        """Take what `course_links` gives."""
        self.course_id = course_id

    def get(self, path: str) -> None:
        """Redirect."""
        self.redirect(f"/services/{self.course_id}/lab/tree/{path}")


def course_links(plan: HubPlan) -> list[tuple[str, type[BaseHandler], dict[str, str]]]:
    """For ``JupyterHub.extra_handlers``."""
    return [(r"/tree/(.*)", CourseFolder, {"course_id": plan.course_id})]
