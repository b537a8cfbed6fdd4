"""Start JupyterHub from a plan, wait until it answers, and end it with all that it started."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from grader.errors import HubError
from grader.hub.leftovers import end_leftovers
from grader.hub.plan import PLAN_FILE, PLAN_VARIABLE, HubPlan, write_plan

__all__ = ["LOG", "running_hub"]

LOG = "hub.log"
_CONFIG = Path(__file__).with_name("jupyterhub_config.py")
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


@contextmanager
def running_hub(plan: HubPlan, variables: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The hub as a context: it answers when the context begins, and is gone when it ends.

    Args:
        plan: is written to the state folder, for whoever asks later.
        variables: passwords, for the environment of the hub alone.

    Raises:
        HubError: another hub uses the state folder, or it did not start; with its last words.
    """
    state = plan.folders.state
    state.mkdir(parents=True, exist_ok=True)
    with _alone(state):
        end_leftovers(state / PLAN_FILE, plan.grader)  # of a hub that was killed
        write_plan(plan, state / PLAN_FILE)
        with (state / LOG).open("ab") as log:
            process = subprocess.Popen(
                [plan.folders.environment / "bin" / "jupyterhub", "--config", _CONFIG],
                cwd=state,
                env=os.environ | {PLAN_VARIABLE: str(state / PLAN_FILE)} | dict(variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is ours: the hub then ends in its order
            )
        try:
            _wait_until_it_answers(plan, process)
            yield process
        finally:
            _end(process)
            end_leftovers(state / PLAN_FILE, plan.grader)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Two hubs with one state would each remove the other's proxy."""
    with (state / "running.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise HubError(
                f"a hub is running with the state in {state}. End it first, or use its address."
            ) from None
        yield


def _wait_until_it_answers(plan: HubPlan, process: subprocess.Popen[bytes]) -> None:
    """The proxy, the hub behind it, and both services."""
    base = f"http://127.0.0.1:{plan.ports.public}"
    deadline = time.monotonic() + _START_SECONDS
    waiting = [f"{base}/hub/health", *_services(plan)]  # until the hub is, the proxy says 404
    while waiting:
        if process.poll() is not None:
            raise HubError(f"the hub did not start. {_last_words(plan)}")
        if time.monotonic() > deadline:
            raise HubError(f"the hub does not answer at {waiting[0]}. {_last_words(plan)}")
        waiting = [url for url in waiting if not _answers(url)]
        time.sleep(0.1 if waiting else 0)


def _services(plan: HubPlan) -> list[str]:
    """Asked without the proxy: any answer will do, also "log in first"."""
    ports = (plan.ports.formgrader, plan.ports.checks)
    names = (plan.course_id, "checks")
    return [
        f"http://127.0.0.1:{port}/services/{name}/" for port, name in zip(ports, names, strict=True)
    ]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code in (302, 403)  # a service: log in first
    except OSError:
        return False


def _last_words(plan: HubPlan) -> str:
    log = plan.folders.state / LOG
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    telling = [line for line in lines if "Error" in line or " C " in line or " E " in line]
    last = (telling or lines or ["It said nothing."])[-1]
    return f"Its last words: {last.strip()}\nThe whole log is in {log}."


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, with its proxy and all servers; after a while no longer ask."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
