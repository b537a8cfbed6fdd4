"""A forked process closed in: namespaces of its own, empty folders, no privileges.

What bwrap(1) does before it starts a program, for a process that is running already. It
needs no privilege but to make user namespaces, and a /proc that nothing is mounted over.
The kernel is asked through ctypes: os.unshare came with Python 3.12, mount(2) never did,
and the interpreter must not be required to have more than its standard library.

Sources: unshare(2), user_namespaces(7), pid_namespaces(7), mount_namespaces(7),
capabilities(7), keyrings(7), prctl(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import signal
from collections.abc import Sequence
from itertools import count
from typing import NoReturn

__all__ = [
    "FEWEST_PROCESSES",
    "LEARNER_ID",
    "enter_namespaces",
    "furnish",
    "give_up_privileges",
    "only_open",
]

LEARNER_ID = 1000

# <linux/sched.h>
_NEW_NAMESPACES = 0x00020000 | 0x08000000 | 0x20000000 | 0x40000000  # mount, IPC, PID, network
_NEW_USER = 0x10000000
# <linux/mount.h>
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_EXEC = 1, 2, 4, 8
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 32, 4096, 16384, 1 << 18
_INERT = _NO_SETUID | _NO_DEVICES | _NO_EXEC
# <linux/prctl.h>
_SET_PARENT_DEATH_SIGNAL, _DROP_FROM_BOUND, _SET_NO_NEW_PRIVILEGES, _AMBIENT = 1, 24, 38, 47
_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
# <linux/keyctl.h>, and the number of keyctl(2) in <asm/unistd.h>
_JOIN_SESSION_KEYRING = 1
_KEYCTL = {"x86_64": 250, "aarch64": 219}

_FILES_IN_MEMORY = 32_768  # their number; the kernel's memory for them counts for no size
FEWEST_PROCESSES = 301  # the smallest pid_max that the kernel takes

_libc = ctypes.CDLL(None, use_errno=True)


def enter_namespaces() -> None:
    """Leave the mounts, processes, network and shared memory of the parent behind.

    The caller's next child is the first process of the new PID namespace.

    Raises:
        OSError: when the kernel, or a security module, does not permit it.
    """
    own = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY)
    user, group = os.getuid(), os.getgid()
    _call("unshare", _NEW_USER | _NEW_NAMESPACES)
    # as root of this namespace, because devpts belongs to a root
    _write_maps(own, 0, user, group)
    os.close(own)
    _forget_keys()


def furnish(
    folders: Sequence[str], *, folder_bytes: int, processes: int, covered: Sequence[str] = ()
) -> None:
    """Give the first process of new namespaces mounts of its own, then an ordinary user id.

    The mounts belong to the user namespace that is left here, so that nothing done later,
    not even with every capability, can take one away and see what is under it.

    Args:
        folders: each becomes an empty folder in memory that holds `folder_bytes` at most;
            what was mounted below it is still there (Python may be installed below /tmp).
        folder_bytes: see `folders`.
        processes: how many processes and threads there may be.
        covered: folders and files that must not be seen; each becomes an empty one.
    """
    _mount("none", "/", None, _PRIVATE | _RECURSIVE)
    _mount("proc", "/proc", "proc", _INERT)
    size = f"size={folder_bytes},nr_inodes={_FILES_IN_MEMORY},mode=0700"
    for folder in folders:
        _cover(folder, size)
    for path in covered:  # after the folders, which may hold them
        _hide(path)
    _mount("devpts", "/dev/pts", "devpts", _NO_SETUID | _NO_EXEC, "newinstance,ptmxmode=0666")
    _write("/proc/sys/user/max_user_namespaces", "1")  # the one that is made below
    _limit_processes(processes)
    _write("/proc/self/oom_score_adj", "1000")  # when memory ends, this ends, and no grader
    own = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY)
    # Over it: the same, read-only. To the grader's root, who may be this user's other name,
    # files such as /proc/sys/kernel/core_pattern are writable without any capability.
    _mount("/proc", "/proc", None, _BIND)
    _mount("none", "/proc", None, _REMOUNT | _BIND | _READ_ONLY | _INERT)
    _call("unshare", _NEW_USER)
    _write_maps(own, LEARNER_ID, 0, 0)
    os.close(own)


def _cover(folder: str, options: str) -> None:
    """Mount an empty folder in memory over `folder`, and again what was mounted below it."""
    # held open, for their paths lead nowhere once they are covered
    below = [(path, os.open(path, os.O_PATH)) for path in _mounted_below(folder)]
    _mount("tmpfs", folder, "tmpfs", _NO_SETUID | _NO_DEVICES, options)
    for path, descriptor in below:
        os.makedirs(path)  # noqa: PTH103 - no pathlib in what every fork runs
        _mount(f"/proc/self/fd/{descriptor}", path, None, _BIND | _RECURSIVE)
        os.close(descriptor)


def _hide(path: str) -> None:
    """Mount nothing over a file or a folder; what is not there needs no cover."""
    if os.path.isdir(path):  # noqa: PTH112 - see _cover
        _mount("tmpfs", path, "tmpfs", _INERT | _READ_ONLY, "mode=0555")
    elif os.path.exists(path):  # noqa: PTH110
        _mount("/dev/null", path, None, _BIND)


def _mounted_below(folder: str) -> list[str]:
    """The folders below `folder` that something is mounted on, outermost ones only (proc(5))."""
    with open("/proc/self/mountinfo", "rb") as file:  # noqa: PTH123 - see _cover
        points = [line.split(b" ")[4] for line in file]
    # a blank in a path is written as \040
    paths = [os.fsdecode(p.decode("unicode_escape").encode("latin-1")) for p in points]
    found: list[str] = []
    for path in sorted(p for p in paths if p.startswith(f"{folder}/") and os.path.isdir(p)):  # noqa: PTH112
        if not any(path == outer or path.startswith(f"{outer}/") for outer in found):
            found.append(path)
    return found


def give_up_privileges() -> None:
    """Drop every capability for good, and end when the parent does."""
    for capability in count():
        if _libc.prctl(_DROP_FROM_BOUND, capability, 0, 0, 0) != 0:
            break  # there are no more of them
    _call("prctl", _AMBIENT, _AMBIENT_CLEAR_ALL, 0, 0, 0)
    _call("capset", (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)())
    _call("prctl", _SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _call("prctl", _SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def only_open(*kept: int) -> None:
    """Close every descriptor but `kept`; the standard ones lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - not more than must be open
        if int(name) not in {0, 1, 2, *kept}:
            with contextlib.suppress(OSError):  # the listing's own is closed by now
                os.close(int(name))


def _forget_keys() -> None:
    """Leave the keyring of the session, which no namespace does: it may hold the grader's keys."""
    number = _KEYCTL.get(os.uname().machine)  # the C library has no function for it
    joined = 0 if number is None else _libc.syscall(number, _JOIN_SESSION_KEYRING, None)
    if joined < 0 and ctypes.get_errno() != errno.ENOSYS:  # a kernel without keys
        _failed("keyctl")


def _limit_processes(number: int) -> None:
    """Limit them by each means that counts those of this namespace alone, not the machine's."""
    if _kernel() >= (5, 14):
        resource.setrlimit(resource.RLIMIT_NPROC, (number, number))  # root is not held to it
    if _kernel() >= (6, 14):
        _write("/proc/sys/kernel/pid_max", str(max(number, FEWEST_PROCESSES)))


def _write_maps(own: int, inside: int, user: int, group: int) -> None:
    """Say who of the parent namespace `inside` is; `own` is the folder /proc/self."""
    _write("setgroups", "deny", own)
    _write("uid_map", f"{inside} {user} 1", own)
    _write("gid_map", f"{inside} {group} 1", own)


def _write(path: str, text: str, folder: int | None = None) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.write(descriptor, text.encode("ascii"))
    finally:
        os.close(descriptor)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    _call(
        "mount",
        source.encode(),
        target.encode(),
        kind and kind.encode(),
        ctypes.c_ulong(flags),
        options.encode(),
        about=f" of {target}",
    )


def _call(name: str, *arguments: object, about: str = "") -> None:
    if getattr(_libc, name)(*arguments) != 0:
        _failed(f"{name}{about}")


def _failed(what: str) -> NoReturn:
    number = ctypes.get_errno()
    raise OSError(number, f"{what}: {os.strerror(number)}")


def _kernel() -> tuple[int, ...]:
    digits = os.uname().release.split("-")[0].split(".")[:2]
    return tuple(int(part) for part in digits if part.isdigit())
