"""System calls that are refused, tried in a process of their own: there is no way back."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from course.link import syscalls

pytestmark = pytest.mark.skipif(
    os.uname().machine not in syscalls._MACHINES, reason="the numbers of this machine's calls"
)

TRY = """
import ctypes, errno, os
from course.link.syscalls import refuse_dangerous_calls
libc = ctypes.CDLL(None, use_errno=True)
def failed(number, *arguments):
    ctypes.set_errno(0)
    return libc.syscall(number, *arguments) == -1 and ctypes.get_errno() == errno.EPERM
"""


def tried(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", TRY + code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_memory_without_an_owner_cannot_be_had():
    code = (
        "name = b'x'; before = failed({number}, name, 0)\n"
        "refuse_dangerous_calls()\n"
        "print(before, failed({number}, name, 0))"
    )
    number = syscalls._MACHINES[os.uname().machine].calls[0]
    assert tried(code.format(number=number)) == "False True"


@pytest.mark.parametrize("place", range(12))
def test_each_call_of_the_list_fails_with_eperm(place: int):
    number = syscalls._MACHINES[os.uname().machine].calls[place]
    # without arguments that make sense, each would fail otherwise than with EPERM
    assert tried(f"refuse_dangerous_calls(); print(failed({number}, -1, -1, -1))") == "True"


def test_what_a_process_starts_is_held_to_it_too():
    code = (
        "import subprocess, sys\nrefuse_dangerous_calls()\n"
        "child = 'import os\\ntry: os.memfd_create(\"x\")\\nexcept PermissionError: print(1)'\n"
        "print(subprocess.run([sys.executable, '-c', child], capture_output=True).stdout)"
    )
    assert tried(code) == "b'1\\n'"


def test_everything_else_goes_on():
    code = (
        "refuse_dangerous_calls()\nimport mmap, threading, tempfile, socket, subprocess\n"
        "mmap.mmap(-1, 4096)[:3] = b'abc'\n"
        "t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()\n"
        "tempfile.TemporaryFile().write(b'x'); socket.socketpair()\n"
        "subprocess.run(['true'], check=True)\n"
        "import multiprocessing.shared_memory as s; m = s.SharedMemory(create=True, size=99)\n"
        "m.close(); m.unlink(); print('done')"
    )
    assert tried(code) == "thread\ndone"


NEW_USER, NEW_MOUNTS, SIGCHLD = 0x10000000, 0x00020000, 17


@pytest.mark.parametrize("flags", [NEW_USER, NEW_MOUNTS, NEW_USER | NEW_MOUNTS | SIGCHLD])
def test_a_child_in_namespaces_of_its_own_cannot_be_made(flags: int):
    clone = syscalls._MACHINES[os.uname().machine].clone
    assert tried(f"refuse_dangerous_calls(); print(failed({clone}, {flags}, 0))") == "True"


def test_a_plain_child_and_a_thread_can_be_made_without_clone3():
    code = (
        "refuse_dangerous_calls()\nimport threading\n"
        "ctypes.set_errno(0); libc.syscall(435, 0, 0); print(ctypes.get_errno() == errno.ENOSYS)\n"
        "child = os.fork()\nif child == 0: os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "os.posix_spawn('/bin/true', ['true'], {}); os.wait(); threading.Thread().start()"
    )
    assert tried(code) == "True\n7"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x32 is a mode of x86_64")
def test_the_second_table_of_numbers_is_no_way_around():
    assert tried("refuse_dangerous_calls(); print(failed(0x40000000 + 319, b'x', 0))") == "True"


def test_a_kernel_that_does_not_filter_is_an_error(monkeypatch: pytest.MonkeyPatch):
    class Refusing:
        def prctl(self, *arguments: object) -> int:
            return -1

    monkeypatch.setattr(syscalls.ctypes, "CDLL", lambda *_, **__: Refusing())
    with pytest.raises(OSError, match="seccomp"):
        syscalls.refuse_dangerous_calls()


def test_a_machine_of_unknown_numbers_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(syscalls, "_MACHINES", {})
    monkeypatch.setattr(syscalls.ctypes, "CDLL", pytest.fail)
    syscalls.refuse_dangerous_calls()
