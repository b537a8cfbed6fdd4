"""What a covered folder still shows: Python and the library may be installed below /tmp."""

import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox.bubblewrap import Bubblewrap

COVER = """
import os, sys
from course.link import confine
folder, mounted = sys.argv[1:]
confine.enter_namespaces()
if os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
confine._mount("none", "/", None, confine._PRIVATE | confine._RECURSIVE)
confine._mount(mounted, mounted, None, confine._BIND)
confine._cover(folder, "size=1m")
print(sorted(os.listdir(folder)), sorted(os.listdir(mounted)))
"""


@pytest.mark.skipif(
    Bubblewrap().unavailable() is not None, reason="this machine makes no namespaces"
)
def test_a_covered_folder_is_empty_but_for_what_was_mounted_below_it(tmp_path: Path):
    folder = tmp_path / "covered"
    mounted = folder / "a place" / "with blanks é"
    mounted.mkdir(parents=True)
    (mounted / "library.py").touch()
    (folder / "secret.txt").touch()
    done = subprocess.run(
        [sys.executable, "-c", COVER, str(folder), str(mounted)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.strip() == "['a place'] ['library.py']", done.stderr
