"""System calls that a learner's process may not make, refused by the kernel (seccomp(2)).

Three kinds: those that take memory which no process seems to hold, so that neither
setrlimit(2) nor the size of a folder nor a watchdog sees it (``memfd_create``, System V
shared memory and queues); those that make namespaces, in which a process would be root and
mount file systems of its own, as large as it likes (``unshare``, ``clone``); and large parts
of the kernel that no notebook needs and that holes were found in (``io_uring``, ``bpf``,
``userfaultfd``, ``perf_event_open``). They fail with EPERM, as they do in other containers,
and libraries do without. ``clone3`` fails with ENOSYS, because a filter cannot see its
flags; the C library then takes ``clone``.

A list of what is forbidden was chosen over one of what is allowed: the walls are the
namespaces, and torch, NumPy and what learners install need more calls than anybody lists.
libseccomp's binding was no option, because it is no package of PyPI; a filter of a dozen
equal tests needs no compiler.
"""

from __future__ import annotations

import ctypes
import os
import struct
from dataclasses import dataclass

__all__ = ["refuse_dangerous_calls"]

# <linux/prctl.h>, <linux/seccomp.h>
_SET_SECCOMP, _SET_NO_NEW_PRIVILEGES, _MODE_FILTER = 22, 38, 2
_ALLOW, _FAIL, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_EPERM, _ENOSYS = 1, 38
# <linux/bpf_common.h>: load a word of seccomp_data, jump if equal / at least / any bit, return
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in seccomp_data
# <linux/sched.h>: mount, cgroup, UTS, IPC, user, PID, network
_NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000
_NEW_NAMESPACES |= 0x20000000 | 0x40000000
_OTHER_TABLE = 0x40000000  # the x32 numbers of x86_64, a second name for every call


@dataclass(frozen=True)
class _Machine:
    """A machine's name for the kernel's auditors, and its numbers of the calls."""

    architecture: int
    clone: int
    calls: tuple[int, ...]


_CLONE3 = 435  # everywhere
# <asm/unistd.h>, in this order: memfd_create, memfd_secret, shmget, msgget, semget, unshare,
# io_uring_setup, io_uring_enter, io_uring_register, bpf, userfaultfd, perf_event_open
_X86_64 = (319, 447, 29, 68, 64, 272, 425, 426, 427, 321, 323, 298)
_AARCH64 = (279, 447, 194, 186, 190, 97, 425, 426, 427, 280, 282, 241)
_MACHINES = {
    "x86_64": _Machine(0xC000003E, 56, _X86_64),
    "aarch64": _Machine(0xC00000B7, 220, _AARCH64),
}


def refuse_dangerous_calls() -> None:
    """Have the kernel refuse them from now on, in this process and in all that it starts.

    There is no way back. On a machine whose numbers are not known here it does nothing.

    Raises:
        OSError: the kernel does not filter system calls.
    """
    machine = _MACHINES.get(os.uname().machine)
    if machine is None:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    program = _program(machine)
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a count, padded, and a pointer
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    for arguments in ((_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (_SET_SECCOMP, _MODE_FILTER, header)):
        if libc.prctl(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"seccomp: {os.strerror(number)}")


def _program(machine: _Machine) -> bytes:
    """The filter: eight bytes for each step (struct sock_filter).

    A jump tells how many steps it passes over when its test holds, and when it does not.
    """
    calls = machine.calls
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, machine.architecture),
        (_RETURN, 0, 0, _KILL_PROCESS),  # calls by the rules of another machine, as of 32 bits
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_AT_LEAST, len(calls) + 5, 0, _OTHER_TABLE),  # to the refusal, as the next ones
        *((_JUMP_EQUAL, len(calls) + 4 - at, 0, call) for at, call in enumerate(calls)),
        (_JUMP_EQUAL, 5, 0, _CLONE3),
        (_JUMP_EQUAL, 0, 2, machine.clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),  # its flags; no machine here has its bytes reversed
        (_JUMP_ANY, 1, 0, _NEW_NAMESPACES),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _FAIL | _EPERM),
        (_RETURN, 0, 0, _FAIL | _ENOSYS),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
