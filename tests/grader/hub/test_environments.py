"""The environment of the tests of a real hub: another account runs what is in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .environments import readable_environment, why_no_readable_environment

_SEEN = "import course, grader, jupyterhub, nbgrader; print(course.__file__, grader.__file__)"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """pytest's own folders are closed to other accounts."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="saturdays-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run things as somebody else")
@pytest.mark.skipif(bool(why_no_readable_environment()), reason=why_no_readable_environment())
def test_another_account_can_run_what_is_in_it(open_folder: Path) -> None:
    environment = readable_environment(open_folder / "environment")
    as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]
    done = subprocess.run(
        [*as_nobody, environment / "bin" / "python", "-c", _SEEN],
        cwd="/",
        env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    places = done.stdout.split()
    assert all(place.startswith(f"{environment}/lib/") for place in places)
    assert len(places) == 2
    first = (environment / "bin" / "jupyterhub-singleuser").read_text().partition("\n")[0]
    assert first == f"#!{environment}/bin/python"
