"""`python -m grader.checks`: the check service of a hub, in the folder of the course.

JupyterHub starts it as a service of its own, and says by the environment where to listen, what
the service's token is, and where the hub is. The processes of the tests are forked first, before
there is a loop or a thread; all of them end with the service.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from grader.checks.keepers import listen, start_nursery
from grader.configuration import Course, load_course
from grader.errors import GraderError

__all__ = ["main"]


def main() -> None:
    """Serve until told to end."""
    try:
        course = load_course(Path.cwd())
    except GraderError as error:
        sys.exit(f"grader.checks: {error}")
    with tempfile.TemporaryDirectory(prefix="checks-") as folder:
        served = [
            each.id for each in course.assignments if course.solution_source(each.id).exists()
        ]
        sockets = listen(Path(folder), served)
        start_nursery(course.root, sockets)
        for each in sockets.values():
            each.close()  # the nursery's; connecting to them is by their names
        asyncio.run(_serve(course, Path(folder)))


async def _serve(course: Course, sockets: Path) -> None:
    # imported here: what the processes of the tests never need
    from jupyterhub.services.auth import HubOAuth
    from tornado.httpserver import HTTPServer

    from grader.checks.attempts import Attempts, record_of
    from grader.checks.desk import Desk
    from grader.checks.people import GroupsOfTheHub
    from grader.checks.web import make_application

    hub_auth = HubOAuth.instance(cache_max_age=60)
    attempts = Attempts(record_of(course))
    application = make_application(
        os.environ["JUPYTERHUB_SERVICE_PREFIX"],
        hub_auth,
        GroupsOfTheHub(hub_auth, course.id),
        Desk(course, attempts, sockets),
        course,
        attempts,
    )
    where = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    server = HTTPServer(application, xheaders=True)
    server.listen(where.port or 80, where.hostname or "127.0.0.1")
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    server.stop()


if __name__ == "__main__":
    main()
