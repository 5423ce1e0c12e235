"""The process inside the sandbox that kernels are forked from, with what they import loaded.

Run as a program, `python zygote.py`, and told what to do in lines of JSON (see `main`). Each
kernel gets namespaces of its own, made for it and gone with it: of users, so that it has no right
over this process; of processes, so that it can name none but its own, and all end together; of
mounts, with empty file systems of its own; of shared memory; and of a network with itself alone.
See namespaces(7), clone(2), mount(2), capabilities(7) and seccomp(2). Only the standard library,
since this file stands alone inside.
"""

import base64
import ctypes
import fcntl
import gc
import importlib
import json
import os
import re
import resource
import socket
import struct
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, TypedDict

# What every kernel imports while it starts or draws, besides what its notebook names.
EVERY_KERNELS_MODULES = (
    "IPython",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "sqlite3",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "tornado.platform.asyncio",
    "matplotlib_inline.backend_inline",
    "matplotlib.pyplot",
    "PIL.PngImagePlugin",
    "numpy.random",
)
# From linux/sched.h, linux/mount.h, linux/prctl.h, linux/capability.h and linux/seccomp.h.
NEW_USER, NEW_PROCESSES = 0x10000000, 0x20000000
NEW_MOUNTS, NEW_IPC, NEW_NETWORK = 0x00020000, 0x08000000, 0x40000000
READ_ONLY, NO_SETUID, NO_DEVICES, REMOUNT = 0x1, 0x2, 0x4, 0x20
BIND, RECURSIVE, PRIVATE = 0x1000, 0x4000, 0x40000
THAT_STAY = NO_SETUID | NO_DEVICES | 0x8 | 0x400 | 0x800  # no programs, no times of access
SET_SECCOMP, FILTER, DROP_FROM_BOUNDING, SUBREAPER, NO_NEW_PRIVILEGES = 22, 2, 24, 36, 38
SET_INTERFACE_FLAGS, INTERFACE_UP = 0x8914, 0x1  # from linux/sockios.h and linux/if.h
CAPABILITIES_VERSION = 0x20080522
MAX_CAPABILITIES = 64
# Files of an empty folder: each takes a thousand bytes that no size counts.
MAX_FILES, MAX_SOCKETS = 100_000, 50

LIBC = ctypes.CDLL(None, use_errno=True)


class _FilterProgram(ctypes.Structure):  # struct sock_fprog
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_char_p)]


class _Settings(TypedDict):
    """What holds for all kernels."""

    modules: list[str]  # names of what the notebooks import
    environment: dict[str, str]  # variables, from before these are imported on
    empty: list[str]  # folders that each kernel has empty and for itself
    size: int  # bytes of each of these
    kernels: str  # where the folders of all kernels lie
    filter: str  # a seccomp filter in base64


class _Order(TypedDict):
    """A kernel to start."""

    given: str  # its folder to read
    sockets: str  # the one to write
    own_sockets: int  # bytes of it if it is not to be that outside but a new one, 0 if it is
    connection: str  # the path of its connection file
    environment: dict[str, str]  # variables


def main() -> None:
    """Read orders from standard input, a line of JSON each, and answer on standard output.

    It begins to import before it is told anything. First answer: {"inside": true}; Python runs in
    this sandbox, and finds the course.
    The first line: _Settings. Answer: {"threads": how many this process has}; with more than one it
    cannot be forked.
    Each further line, an _Order, starts a kernel. Answers: {"started": true} or {"problem": why
    not}, and, when it has ended, {"ended": true}.
    """
    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)

    def answer(**what: object) -> None:
        print(json.dumps(what), file=answers, flush=True)

    del sys.path[0]  # this file's folder, which a kernel started anew does not have there
    gc.disable()  # what imports make stays
    importlib.import_module("helpers.asking")
    answer(inside=True)
    _import(EVERY_KERNELS_MODULES)
    settings = json.loads(orders.readline())
    os.environ.update(settings["environment"])
    _import(settings["modules"])
    LIBC.prctl(SUBREAPER, 1, 0, 0, 0)
    gc.freeze()  # else a kernel's first collection would copy all of this process's memory
    gc.enable()
    answer(threads=len(os.listdir("/proc/self/task")))
    for line in orders:
        _fork_kernel(json.loads(line), settings, answer)


def _import(names: Iterable[str]) -> None:
    """Load the modules, and names that load theirs, as `helpers.check` does."""
    for name in names:
        package, _, attribute = name.rpartition(".")
        try:
            importlib.import_module(name)
        except Exception:  # the notebook that wants it will say so
            with suppress(Exception):
                getattr(sys.modules[package], attribute)
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].keras.Sequential  # noqa: B018  # loads Keras


def _fork_kernel(order: _Order, settings: _Settings, answer: Callable[..., None]) -> None:
    """Start a kernel, and come back when it and all that it started have ended."""
    said, says = os.pipe()
    if not (child := os.fork()):
        os.close(said)
        _forever_elsewhere(order, settings, says)
    os.close(says)
    os.waitpid(child, 0)
    with os.fdopen(said) as messages:
        problem = messages.read()  # until the kernel has closed it
    if problem:
        answer(problem=problem)
    else:
        answer(started=True)
    _wait_for_children()
    if not problem:
        answer(ended=True)


def _forever_elsewhere(order: _Order, settings: _Settings, says: int) -> NoReturn:
    """Become the parent of a new world's first process, and leave."""
    try:
        user, group = os.getuid(), os.getgid()
        _call("unshare", NEW_USER | NEW_PROCESSES | NEW_MOUNTS | NEW_IPC | NEW_NETWORK)
        Path("/proc/self/setgroups").write_text("deny", encoding="utf-8")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="utf-8")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="utf-8")
        if not os.fork():
            _first_process(order, settings, says)
    except BaseException as error:
        os.write(says, f"{type(error).__name__}: {error}".encode())
    os._exit(0)


def _first_process(order: _Order, settings: _Settings, says: int) -> NoReturn:
    """Prepare the world, start the kernel in it, and end when it ends."""
    try:
        _mount(order, settings)
        _loopback()
        kernel = os.fork()
    except BaseException as error:
        os.write(says, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    if not kernel:
        _become_kernel(order, settings, says)
    os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    while os.wait()[0] != kernel:
        pass
    os._exit(0)


def _mount(order: _Order, settings: _Settings) -> None:
    """Give the kernel its own empty folders, and of all kernels' folders its own."""
    _call("mount", None, b"/", None, RECURSIVE | PRIVATE, None)
    everybodys, given = settings["kernels"], order["given"]
    folders = [*_mounted_in(settings["empty"], everybodys), given]
    if not order["own_sockets"]:
        folders.append(order["sockets"])
    kept = {folder: os.open(folder, os.O_PATH) for folder in folders}
    for folder in settings["empty"]:
        _mount_empty(folder, settings["size"], "1777")
    os.makedirs(everybodys, exist_ok=True)  # it may lie in a folder that is empty now
    _mount_empty(everybodys, 100_000, "755")
    for folder, descriptor in kept.items():
        os.makedirs(folder, exist_ok=True)
        source = f"/proc/self/fd/{descriptor}".encode()
        _call("mount", source, folder.encode(), None, BIND | RECURSIVE, None)
        os.close(descriptor)
    if order["own_sockets"]:
        os.makedirs(order["sockets"])
        _mount_empty(order["sockets"], order["own_sockets"], "755", MAX_SOCKETS)
    _make_read_only(given)
    _make_read_only(everybodys)
    # The folders above those that were kept are as closed as in a cold kernel's world.
    for empty in settings["empty"]:
        inside = [
            Path(folder).relative_to(empty).parts[0] for folder in kept if _is_in(folder, empty)
        ]
        for name in sorted(set(inside)):
            above = f"{empty}/{name}".encode()
            _call("mount", above, above, None, BIND | RECURSIVE, None)
            _make_read_only(above.decode())
    os.chdir(order["environment"]["HOME"])


def _loopback() -> None:
    """Let the kernel reach itself, as in a cold kernel's world; ipykernel does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", INTERFACE_UP)  # struct ifreq
        fcntl.ioctl(any_socket, SET_INTERFACE_FLAGS, request)


def _make_read_only(folder: str) -> None:
    """Make a mounted folder read-only, but not what is mounted in it."""
    flags = os.statvfs(folder).f_flag & THAT_STAY | READ_ONLY
    _call("mount", None, folder.encode(), None, BIND | REMOUNT | flags, None)


def _is_in(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")


def _mounted_in(folders: list[str], but: str) -> list[str]:
    """The mounted folders that lie in `folders`, Python's perhaps, without the folder `but`."""
    found: list[str] = []
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        paths = [re.sub(r"\\(\d{3})", _character, line.split()[4]) for line in mounts]
    for path in sorted(set(paths) - {*folders, but}):
        inside = any(_is_in(path, folder) for folder in folders)
        if inside and not any(_is_in(path, outer) for outer in found):
            found.append(path)
    return found


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 8))


def _mount_empty(folder: str, size: int, mode: str, files: int = MAX_FILES) -> None:
    options = f"size={size},nr_inodes={files},mode={mode}".encode()
    _call("mount", b"tmpfs", folder.encode(), b"tmpfs", NO_SETUID | NO_DEVICES, options)


def _become_kernel(order: _Order, settings: _Settings, says: int) -> NoReturn:
    """Give up every right, and run Jupyter's kernel."""
    try:
        os.setsid()
        _give_up_capabilities()
        _refuse_calls(base64.b64decode(settings["filter"]))
        os.environ.update(order["environment"])
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed()  # else all kernels would draw the same
    except BaseException as error:
        os.write(says, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    try:
        from ipykernel.kernelapp import launch_new_instance

        sys.argv = ["ipykernel_launcher"]
        launch_new_instance(["-f", order["connection"]])
    finally:
        os._exit(0)


def _give_up_capabilities() -> None:
    _call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    for capability in range(MAX_CAPABILITIES):
        LIBC.prctl(DROP_FROM_BOUNDING, capability, 0, 0, 0)  # fails beyond the last one
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    _call("capset", header, none)


def _refuse_calls(steps: bytes) -> None:
    """Install a seccomp filter; steps: its program, 8 bytes each, none for no filter."""
    if steps:
        program = _FilterProgram(len(steps) // 8, steps)
        _call("prctl", SET_SECCOMP, FILTER, ctypes.byref(program), 0, 0)


def _wait_for_children() -> None:
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library; raises OSError."""
    if getattr(LIBC, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
