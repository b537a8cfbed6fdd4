"""What a tree of processes uses, against processes of which it is known."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from grader.sandbox import tree
from grader.sandbox.tree import Usage, can_be_read, proportional_memory, usage_of

MIB = 2**20
HOLD = "b = bytearray({size}); b[::4096] = bytes(len(b[::4096]))\n"
TELL = "print(flush=True); input()"


@contextmanager
def running(code: str) -> Iterator[int]:
    """The number of a Python process that has run `code` and waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", code + TELL], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield process.pid
    finally:
        process.communicate(b"\n")


def test_this_kernel_lists_children():
    assert can_be_read()


def test_children_of_any_generation_and_of_any_thread_are_counted():
    code = (
        "import subprocess, sys, threading\n"
        "nap = 'import time; time.sleep(60)'\n"
        "def start():\n"
        "    c = f'import subprocess, sys; subprocess.run([sys.executable, \"-c\", {nap!r}])'\n"
        "    global child; child = subprocess.Popen([sys.executable, '-c', c])\n"
        "    again.wait()\n"
        "again = threading.Event(); t = threading.Thread(target=start); t.start()\n"
        "import time; time.sleep(1)\n"
    )
    with running(code + "print(flush=True); input(); again.set(); child.kill()\n") as root:
        wait_for(lambda: len(usage_of(root).processes) == 3)
        usage = usage_of(root)
        assert usage.processes[0] == root
        assert usage.tasks == 4, "three processes, one of them with two threads"
        grandchild = usage.processes[-1]
        os.kill(grandchild, 9)


def test_memory_is_that_of_all():
    with running("") as one, running(HOLD.format(size=64 * MIB)) as other:
        more = usage_of(other).memory - usage_of(one).memory
        assert 60 * MIB < more < 80 * MIB


def test_what_a_fork_shares_is_counted_once_when_asked_precisely():
    fork = HOLD.format(size=64 * MIB) + (
        "import os, time\nfor _ in range(3):\n    if os.fork() == 0: time.sleep(60); os._exit(0)\n"
    )
    with running(fork) as root:
        wait_for(lambda: len(usage_of(root).processes) == 4)
        usage = usage_of(root)
        assert usage.memory > 4 * 64 * MIB
        assert 64 * MIB < proportional_memory(usage) < 2 * 64 * MIB
        for child in usage.processes[1:]:
            os.kill(child, 9)


def test_where_the_precise_sum_may_not_be_read_pages_of_files_are_left_out(monkeypatch, tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "statm").write_text("900 500 200 1 0 1 0")
    monkeypatch.setattr(tree, "_PROC", tmp_path)
    assert proportional_memory(Usage((7, 8))) == 300 * os.sysconf("SC_PAGE_SIZE")


def test_the_time_of_children_that_have_ended_is_counted():
    spin = "import time\nwhile time.process_time() < 0.5: pass\n"
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {spin!r}])\n"
    with running(code) as root:
        usage = usage_of(root)
        assert usage.processes == (root,)
        assert usage.cpu_seconds >= 0.45


def test_threads_are_tasks():
    before = usage_of(os.getpid()).tasks
    done = threading.Event()
    threads = [threading.Thread(target=done.wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert usage_of(os.getpid()).tasks == before + 5
    done.set()
    for thread in threads:
        thread.join()


def test_a_command_of_odd_characters_does_not_shift_the_fields(monkeypatch, tmp_path):
    folder = tmp_path / "7" / "task" / "7"
    folder.mkdir(parents=True)
    (tmp_path / "7" / "statm").write_text("9 5 2 1 0 1 0")
    times = f"{os.sysconf('SC_CLK_TCK')} 0 0 0"
    (tmp_path / "7" / "stat").write_text(f"7 (a) b) (\n) S 1 7 7 0 -1 0 0 0 0 0 {times} 20 0")
    monkeypatch.setattr(tree, "_PROC", tmp_path)
    assert usage_of(7).cpu_seconds == 1.0


def test_what_has_ended_uses_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert usage_of(process.pid) == Usage()


def wait_for(holds):
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
