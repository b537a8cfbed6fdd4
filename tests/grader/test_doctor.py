"""The doctor, shown machines that the tests cannot have."""

from __future__ import annotations

import importlib
import importlib.metadata
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader import doctor
from grader.doctor import Finding, examine
from grader.sandbox.control_group import ControlGroups

ROOT = Path(__file__).parents[2]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_this_machine_is_examined_in_a_fixed_order_with_one_line_each():
    findings = examine(ROOT)
    names = [finding.name for finding in findings]
    assert names == [
        *("Python", "packages", "torch", "nbgrader", "sandbox", "warm start", "cores", "memory"),
        *("cgroups", "interpreter", "disk", "gradebook", "clock"),
    ]
    for finding in findings:
        assert finding.detail
        assert "\n" not in finding.detail + finding.advice
        assert finding.holds or finding.advice, f"{finding.name} fails without advice"


def test_an_empty_folder_is_examined_too(tmp_path: Path):
    findings = {finding.name: finding for finding in examine(tmp_path)}
    assert not findings["packages"].holds
    assert "FileNotFoundError" in findings["packages"].detail
    assert findings["gradebook"].holds


def test_a_check_that_breaks_is_a_finding():
    def broken() -> Finding:
        raise RuntimeError("the\nground shook")

    finding = doctor.attempt("ground", broken)
    assert not finding.holds
    assert finding.detail == "could not be examined: RuntimeError: the ground shook"


@pytest.mark.parametrize(
    ("version", "holds"),
    [((3, 10, 14), False), ((3, 11, 0), True), ((3, 12), True), ((4, 0), True)],
)
def test_python_3_11_is_the_oldest(version: tuple[int, ...], holds: bool):
    assert doctor.python_version(version).holds is holds


def versions(**known: str):
    def version_of(name: str) -> str:
        if name not in known:
            raise importlib.metadata.PackageNotFoundError(name)
        return known[name]

    return version_of


@pytest.mark.parametrize(
    ("installed", "holds", "detail"),
    [
        (
            {"numpy": "2.4.6", "torch": "2.13.0+cpu"},
            True,
            "2 installed, each as in constraints.txt",
        ),
        ({"numpy": "2.4.7", "torch": "2.13.0"}, False, "numpy 2.4.7 instead of 2.4.6"),
        ({"numpy": "2.4.6"}, True, "1 installed, each as in constraints.txt"),
    ],
)
def test_packages_are_compared_with_the_pins(
    tmp_path: Path, installed: dict[str, str], holds: bool, detail: str
):
    write(tmp_path / "constraints.txt", "# a comment\nnumpy==2.4.6\ntorch==2.13.0\n")
    finding = doctor.packages(tmp_path, versions(**installed))
    assert (finding.holds, finding.detail) == (holds, detail)


def test_a_long_list_of_differences_is_cut(tmp_path: Path):
    write(tmp_path / "constraints.txt", "".join(f"p{n}==1\n" for n in range(9)))
    finding = doctor.packages(tmp_path, lambda name: "2")
    first = "p0 2 instead of 1, p1 2 instead of 1, p2 2 instead of 1"
    assert finding.detail == f"{first} and 6 more"


def test_a_library_that_is_missing_is_named_with_its_reason():
    finding = doctor.library("no_such_library_here")
    assert not finding.holds
    assert "No module named 'no_such_library_here'" in finding.detail
    assert "make setup" in finding.advice


def test_torch_says_how_many_threads_it_takes():
    torch = SimpleNamespace(__version__="2.13.0", get_num_threads=lambda: 8)
    finding = doctor.library("torch", doctor.describe_torch, lambda name: torch)
    assert (finding.holds, finding.detail) == (True, "2.13.0, 8 threads unless told otherwise")


def test_a_bubblewrap_that_starts_a_sandbox_holds():
    assert doctor.sandbox(lambda: None).holds


@pytest.mark.parametrize(
    ("settings", "complaint", "advice"),
    [
        ({"user/max_user_namespaces": "0"}, "No space left on device", "max_user_namespaces = 0"),
        ({"kernel/unprivileged_userns_clone": "0"}, "No permissions", "userns_clone = 0"),
        (
            {
                "user/max_user_namespaces": "9000",
                "kernel/apparmor_restrict_unprivileged_userns": "1",
            },
            "setting up uid map: Permission denied",
            "AppArmor",
        ),
        ({}, "Can't mount proc on /newroot/proc: Operation not permitted", "unmasked /proc"),
        ({}, "Creating new namespace failed: Operation not permitted", "Not permitted"),
        ({}, "", "Not permitted"),
        ({}, "bubblewrap is not installed", "apt install bubblewrap"),
    ],
)
def test_a_sandbox_that_does_not_start_gets_its_likely_reason(
    tmp_path: Path, settings: dict[str, str], complaint: str, advice: str
):
    for name, value in settings.items():
        write(tmp_path / name, value + "\n")
    finding = doctor.sandbox(lambda: f"bubblewrap:\n{complaint}", tmp_path)
    assert not finding.holds
    assert complaint in finding.detail
    assert advice in finding.advice


def test_without_a_warm_start_grading_works_and_the_reason_is_told():
    assert doctor.warm_start(lambda: None).holds
    finding = doctor.warm_start(lambda: "mount of /proc:\nOperation not permitted")
    assert (finding.holds, finding.severity) == (False, "info")
    assert finding.detail == "no, because mount of /proc: Operation not permitted"
    assert "Grading works" in finding.advice


@pytest.mark.parametrize(("usable", "holds"), [({0}, False), ({0, 3}, True)])
def test_one_core_is_told(usable: set[int], holds: bool):
    assert doctor.cores(lambda process: usable).holds is holds


@pytest.mark.parametrize(
    ("available_kib", "limit", "holds", "detail"),
    [
        (8 * 2**20, "max", True, "8.0 GiB available"),
        (8 * 2**20, str(2**30), False, "1.0 GiB available"),
        (2**20, None, False, "1.0 GiB available"),
    ],
)
def test_memory_is_what_is_available_or_the_limit_of_the_container(
    tmp_path: Path, available_kib: int, limit: str | None, holds: bool, detail: str
):
    meminfo = write(tmp_path / "meminfo", f"MemTotal: 99 kB\nMemAvailable:  {available_kib} kB\n")
    if limit is not None:
        write(tmp_path / "memory.max", limit + "\n")
    finding = doctor.memory(meminfo, tmp_path / "memory.max")
    assert (finding.holds, finding.detail) == (holds, detail)


def test_where_the_kernel_limits_the_sum_the_version_is_named():
    finding = doctor.control_groups(lambda: ControlGroups(2, ()), lambda: False)
    assert (finding.holds, "cgroup v2" in finding.detail) == (True, True)


def test_where_a_watchdog_must_do_it_is_said_how_the_kernel_would():
    finding = doctor.control_groups(lambda: None, lambda: True)
    assert (finding.holds, finding.severity) == (False, "info")
    assert "watchdog" in finding.detail
    assert "Delegate=yes" in finding.advice


def test_where_nobody_limits_the_sum_it_is_more_than_a_pity():
    finding = doctor.control_groups(lambda: None, lambda: False)
    assert (finding.holds, finding.severity) == (False, "wanted")


def test_an_interpreter_below_a_closed_home_names_that_home(tmp_path: Path):
    home = tmp_path / "home"
    prefix = home / "versions" / "3.11"
    prefix.mkdir(parents=True)
    home.chmod(0o700)
    finding = doctor.interpreter_for_others(prefix)
    assert not finding.holds
    assert "closed to other accounts" in finding.detail
    assert "/usr/bin/python3" in finding.advice


def test_an_interpreter_in_open_folders_holds():
    assert doctor.interpreter_for_others(Path("/usr")).holds


@pytest.mark.parametrize(("free", "holds"), [(2**29, False), (2**31, True)])
def test_a_full_disk_is_told(tmp_path: Path, free: int, holds: bool):
    finding = doctor.disk(tmp_path, lambda folder: SimpleNamespace(free=free))
    assert finding.holds is holds


def test_a_readable_gradebook_holds(tmp_path: Path):
    (tmp_path / "var").mkdir()
    with sqlite3.connect(tmp_path / "var/gradebook.db") as database:
        database.execute("CREATE TABLE assignment (id TEXT)")
    database.close()
    finding = doctor.gradebook(tmp_path)
    assert finding.holds
    assert "1 tables" in finding.detail


def test_a_gradebook_that_is_none_is_kept_and_told(tmp_path: Path):
    path = write(tmp_path / "var/gradebook.db", "this is no database, but it might be dear\n" * 9)
    finding = doctor.gradebook(tmp_path)
    assert not finding.holds
    assert "file is not a database" in finding.detail
    assert path.read_text().startswith("this is no database")


def test_a_clock_behind_the_course_is_told(tmp_path: Path):
    written = write(tmp_path / "pyproject.toml", "").stat().st_mtime
    assert doctor.clock(tmp_path, lambda: written + 5).holds
    late = doctor.clock(tmp_path, lambda: written - 40 * doctor.DAY)
    assert not late.holds
    assert "40 days before" in late.detail


def test_the_module_imports_neither_torch_nor_nbgrader():
    seen = "import sys, grader.doctor; print(sorted({'torch', 'nbgrader'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", seen], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_it_offers_findings_and_the_examination():
    assert importlib.import_module("grader.doctor").__all__ == [
        *("Finding", "Severity", "attempt", "examine", "examine_machine"),
    ]
