"""Kernels, warm and cold: what a notebook may do in one, and that nothing passes between two.

tests/attacks tries more, by the real command, with warm kernels.
"""

import ast
import contextlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import helpers
from helpers.grading import flow, progress
from helpers.grading.command import main
from helpers.grading.gradebook import results
from helpers.grading.machine import capacity
from helpers.grading.repair.released import released_notebooks
from helpers.grading.running import kernels, run, sandbox, zygotes
from helpers.grading.running.kernels import ColdKernels, WarmKernels, modules_of
from helpers.grading.settings import course_at
from tests.attacks.killing import rows
from tests.sample_class.work import LESSON, ROOT, Notebook
from tests.sampling import a_long_run_of_the_grader, a_run_of_the_grader

pytestmark = pytest.mark.skipif(
    bool(sandbox.bubblewrap_problem()) and not os.environ.get("CI"), reason="needs bubblewrap"
)


def executed(source, *code, timeout=30):
    """What the cells `code` print in one kernel, and why any did not run to its end."""
    notebook = new_notebook(cells=[new_code_cell(text) for text in code])
    reasons = run.execute(notebook, {}, 7, source, timeout).reasons
    return ["".join(o.get("text", "") for o in cell.outputs) for cell in notebook.cells], reasons


@pytest.fixture(scope="module", autouse=True)
def patience():
    """Zygotes have time to begin, however busy other tests keep the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zygotes, "START_TIMEOUT", 1000)
        yield


@pytest.fixture(scope="module")
def warm():
    source = WarmKernels(["numpy", "helpers.pictures.curves"])
    yield source
    assert not source.problem
    source.close()


@pytest.fixture(scope="module")
def cold():
    source = ColdKernels("bubblewrap")
    yield source
    source.close()


@pytest.fixture(params=["warm", "cold"])
def source(request):
    return request.getfixturevalue(request.param)


def zygote_of(source):
    """The process that kernels are forked from."""
    source.prepare()
    return source._zygote._process


# Both see the same

LOOKED_AT = """
import getpass, json, os, resource, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
fields = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Uid", "Gid")
limits = {name: resource.getrlimit(getattr(resource, name))
          for name in dir(resource) if name.startswith("RLIMIT_")}
own = ("BACKPROP_PROBES", "JPY_SESSION_NAME", "JPY_PARENT_PID", "PWD", "OLDPWD", "SHLVL", "_")
print(json.dumps({
    "status": {name: status[name].split() for name in fields},
    "limits": limits,
    "environment": {k: v for k, v in sorted(os.environ.items()) if k not in own},
    "cwd": os.getcwd(), "here": sorted(n for n in os.listdir() if not n.startswith(".")),
    "root": sorted(os.listdir("/")),
    "path": sys.path, "main": __name__, "user": os.getuid(),
    "writable": [p for p in ("/", "/usr", "/etc", "/dev", sys.prefix, os.environ["PYTHONPATH"])
                 if os.access(p, os.W_OK)],
}))
"""


def test_warm_and_cold_kernels_see_the_same(warm, cold):
    of_warm, of_cold = (json.loads(executed(source, LOOKED_AT)[0][0]) for source in (warm, cold))
    # The folders above mounted ones belong to whoever grades, and in a cold kernel stay open.
    assert set(of_warm.pop("writable")) <= set(of_cold.pop("writable"))
    assert of_warm == of_cold


def test_kernels_do_not_all_draw_the_same(source):
    code = "import random, numpy as np; print(random.random(), np.random.rand())"
    drawn = [executed(source, code)[0][0].split() for _ in range(2)]
    assert drawn[0][0] != drawn[1][0] and drawn[0][1] != drawn[1][1]


# What a notebook may do

# The files and folders of helpers, and the files in its only folder that is not visible as a whole.
LOOK = """import os, sys
print([sorted(os.listdir(os.path.join({}, name))) for name in ("", "personal")])
"""


def assert_only_what_is_visible(printed):
    above, personal = ast.literal_eval(printed)
    assert above == sorted({name.partition("/")[0] for name in sandbox.VISIBLE})
    wanted = [name for name in sandbox.VISIBLE if name.startswith("personal/")]
    assert personal == sorted(name.removeprefix("personal/") for name in wanted)


def test_what_the_sandbox_shows(source, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("42")
    texts, reasons = executed(
        source,
        "import os\n"
        f"print(os.path.exists({str(secret)!r}), os.path.exists({str(ROOT / 'solutions')!r}))",
        "import helpers\n" + LOOK.format("os.path.dirname(helpers.__file__)"),
        "import socket\ntry: socket.create_connection(('127.0.0.1', 9), 1)\n"
        "except OSError as error: print(error.errno)",
        "print(sorted(n for n in os.environ if 'SECRET' in n or 'SEED' in n), os.getpid() < 10)",
        "for name in ('helpers', 'sys'):\n"
        "    folder = os.path.dirname(helpers.__file__) if name == 'helpers' else os.sys.prefix\n"
        "    try: open(folder + '/mine.py', 'w')\n"
        "    except OSError as error: print(error.strerror)",
        "from pathlib import Path; Path('mine.txt').write_text('x'); print(os.listdir('/home'))",
        "for place in ('/', '/dev', '/usr', os.path.dirname(os.environ['BACKPROP_PROBES'])):\n"
        "    try: os.mkdir(place + '/mine')\n"
        "    except OSError as error: print('not in', place[:4])",
        "status = Path('/proc/self/status').read_text()\n"
        "print([line for line in status.splitlines() if line.startswith(('CapEff', 'CapPrm'))])\n"
        "print(Path('/proc/self/uid_map').read_text().split())",
        "import subprocess\n"
        "print(subprocess.run(['unshare', '-Ur', 'true'], capture_output=True).returncode != 0)",
    )
    assert reasons == {}
    assert texts[0] == "False False\n"
    assert_only_what_is_visible(texts[1])
    assert texts[2].strip().isdigit()
    assert texts[3] == "[] True\n"
    assert texts[4].count("\n") == 2, "both are read-only"
    above = [Path(folder).parts for folder in (ROOT, sys.prefix, sys.base_prefix)]
    homes = {parts[2] for parts in above if parts[:2] == ("/", "home")}  # of what is mounted
    assert set(ast.literal_eval(texts[5])) - homes == {"student"}
    assert texts[6].count("not in") == 4
    assert texts[7].count("0000000000000000") == 2
    uid_map = ast.literal_eval(texts[7].splitlines()[1])
    assert uid_map[2] == "1", "a user namespace of its own, with one user"
    assert texts[8] == "True\n" or not sandbox._no_more_namespaces()


def test_a_new_file_of_helpers_is_hidden(tmp_path, monkeypatch):
    """Until it is named as visible; its package is not run from here, so a copy gets the file."""
    package = shutil.copytree(ROOT / "helpers", tmp_path / "helpers")
    (package / "answers.py").write_text("")
    (package / "next_lesson").mkdir()
    (package / "next_lesson" / "__init__.py").write_text("")
    monkeypatch.setattr(helpers, "__file__", str(package / "__init__.py"))
    looks = LOOK.format("sys.argv[1]")
    command = sandbox.bubblewrap([sys.executable, "-c", looks, str(package)], {})
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert_only_what_is_visible(done.stdout)


@a_run_of_the_grader
@pytest.mark.parametrize(
    ("tries", "says"),
    [
        ("held = [bytearray(b'x' * 10**9) for _ in range(30)]", "memory"),
        (
            "import os, time\nchildren = 0\nwhile True:\n    try:\n        if os.fork() == 0:\n"
            "            time.sleep(60)\n    except OSError:\n        children += 1\n"
            "        if children > 100: break\n",
            "^$|processes|files",  # it cannot start more, or is stopped
        ),
        ("for n in range(10**5):\n    print('x' * 10**6)", "output|memory|longer"),
        (
            "import os, time\n"
            "folder = os.path.dirname(os.environ['BACKPROP_PROBES']) + '/../sockets'\n"
            "for n in range(20):\n    open(f'{folder}/{n}', 'wb').write(b'x' * 30_000_000)\n"
            "time.sleep(60)",
            "^$|files",  # where root grades nothing can be written there
        ),
        (
            "import os\nfor n in range(10**7):\n    os.mknod(f'/tmp/{n}')",
            "made more than 200,000 files",
        ),
    ],
    ids=["memory", "processes", "output", "disk", "empty files"],
)
def test_what_breaks_a_limit_costs_itself_alone(cold, tries, says):
    """In cold kernels; in warm ones tests/attacks breaks the limits."""
    texts, reasons = executed(cold, "x = 1", tries, "print(x)", timeout=90)
    assert texts[2] == "1\n"
    assert set(reasons) <= {1}
    assert re.search(says, reasons.get(1, ""))


def test_a_cell_that_dies_or_loops_costs_itself_alone(source):
    texts, reasons = executed(
        source,
        "x = 1\nprint('first')",
        "import os; os._exit(1)",
        "print(x)",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "print(x + 1)",
        timeout=2,
    )
    assert [texts[i] for i in (0, 2, 4)] == ["first\n", "1\n", "2\n"]
    assert "ended the Python process" in reasons[1]
    assert "longer than 2 seconds" in reasons[3]
    assert set(reasons) == {1, 3}


@pytest.mark.sampled(0.25)
@pytest.mark.parametrize(
    "end", ["exit()", "quit()", "get_ipython().ask_exit()", "(lambda: quit())()"]
)
def test_a_cell_that_asks_python_to_end_costs_itself_alone(source, end):
    """Python ends after its reply, a moment later, when other cells may be running."""
    for _ in range(2):
        texts, reasons = executed(source, "x = 1", f"y = 2\n{end}", "print(x)", "print(dir())")
        assert texts[2] == "1\n" and "'y'" not in texts[3]
        assert reasons == {1: run.ENDED_PYTHON}


def test_without_a_sandbox_cells_run_too():
    unsealed = ColdKernels("none")
    assert executed(unsealed, "print(1 + 1)") == (["2\n"], {})
    unsealed.close()


# Nothing comes through

LEAVE = """
import mmap, multiprocessing.shared_memory as shared, os, socket, subprocess, threading, time
import numpy, matplotlib, helpers
from pathlib import Path
numpy.left = matplotlib.left = helpers.left = "left"
os.environ["LEFT"] = "left"
probes = Path(os.environ["BACKPROP_PROBES"])
for folder in ("/tmp", os.environ["HOME"], "/dev/shm", str(probes.parents[1] / "sockets"),
               str(probes.parents[1]), str(probes.parents[2]), "/", "/dev", "/run"):
    try:
        Path(folder, "left").write_text("left")
    except OSError:
        pass
block = shared.SharedMemory("block", create=True, size=8)
abstract = socket.socket(socket.AF_UNIX); abstract.bind("\\0left"); abstract.listen()
tcp = socket.create_server(("127.0.0.1", 4567))
server = socket.socket(); server.bind(("127.0.0.1", 4568)); server.listen()
client = socket.create_connection(("127.0.0.1", 4568))
for end in (server.accept()[0], client, server): end.close()
try: socket.socket().bind(("127.0.0.1", 4568)); print("No port in TIME_WAIT is left.")
except OSError: pass
subprocess.Popen(["sleep", "600"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(1)
    os._exit(0)
threading.Thread(target=time.sleep, args=(600,)).start()
print("left")
"""
FIND = """
import os, socket, numpy, matplotlib, helpers
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
found = [m.__name__ for m in (numpy, matplotlib, helpers) if hasattr(m, "left")]
found += [name for name in os.environ if name == "LEFT"]
probes = Path(os.environ["BACKPROP_PROBES"])
for folder in ("/tmp", os.environ["HOME"], "/dev/shm", str(probes.parents[1] / "sockets"),
               str(probes.parents[1]), str(probes.parents[2]), "/", "/dev", "/run"):
    if Path(folder, "left").exists():
        found.append(folder)
found += [name for name in os.listdir(probes.parents[2]) if name != probes.parents[1].name]
try: SharedMemory("block"); found.append("shared memory")
except FileNotFoundError: pass
for address in ("\\0left", ("127.0.0.1", 4567)):
    kind = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(kind) as one:
        try: one.connect(address); found.append(str(address))
        except OSError: pass
with socket.socket() as one:
    try: one.bind(("127.0.0.1", 4568))
    except OSError: found.append("a port in TIME_WAIT")
for process in filter(str.isdigit, os.listdir("/proc")):
    try:
        if "sleep" in Path("/proc", process, "cmdline").read_text(): found.append(process)
    except OSError: pass
print(found)
"""


def test_nothing_comes_through_to_the_next_notebook(warm):
    zygote = zygote_of(warm)
    assert executed(warm, LEAVE) == (["left\n"], {})
    assert executed(warm, FIND) == (["[]\n"], {})
    assert zygote_of(warm) == zygote, "it is still the same one"
    assert zygote.children() == []


# The process that kernels are forked from

TOUCH = """
import ctypes, os, re, resource, signal
from pathlib import Path
libc = ctypes.CDLL(None, use_errno=True)
done = []
numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
for pid in sorted({*numbers, *range(1, 30)} - {os.getpid()}):
    for name, change in {
        "signal": lambda: os.kill(pid, signal.SIGSTOP) if pid > 1 else None,
        "limit": lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, 0)) if pid > 1 else 0,
        "priority": lambda: os.setpriority(os.PRIO_PROCESS, pid, 19) if pid > 1 else 0,
    }.items():
        try: change()
        except OSError: pass
    if libc.ptrace(16, pid, 0, 0) == 0 and pid > 1: done.append(f"ptrace {pid}")
    for path in ("mem", "environ", "maps", "fd/0", "fd/3", "root/etc", "cwd"):
        text = Path("/proc", str(pid), path)
        try:
            status = Path("/proc", str(pid), "status").read_text()
        except OSError:
            continue
        if re.search(r"NSpid:.*\\t", status) is None: continue
        try:
            (os.listdir if path in ("root/etc", "cwd") else os.open)(text, *(
                () if path in ("root/etc", "cwd") else (os.O_RDONLY,)))
        except OSError: continue
        if len(re.search("NSpid:(.*)", status)[1].split()) < len(
            re.search("NSpid:(.*)", Path("/proc/self/status").read_text())[1].split()):
            done.append(f"{path} of {pid}")
print(done)
os.kill(-1, signal.SIGKILL)
"""


@a_run_of_the_grader
def test_a_kernel_cannot_touch_what_it_was_forked_from(warm):
    zygote = zygote_of(warm)
    limits = Path(f"/proc/{zygote.pid}/limits")
    before = limits.read_text(encoding="utf-8"), zygote.nice()
    (said, after), reasons = executed(warm, TOUCH, "print('goes on')", timeout=10)
    assert said in ("[]\n", ""), said
    assert after == "goes on\n"
    assert set(reasons) <= {0}
    assert zygote_of(warm) == zygote
    assert (limits.read_text(encoding="utf-8"), zygote.nice()) == before
    assert zygote.status() != psutil.STATUS_STOPPED


@pytest.mark.parametrize(
    "tries",
    [
        "libc.unshare(0x10000000)",  # a user namespace
        "libc.unshare(0x20000)",
        "libc.setns(os.open('/proc/self/ns/user', os.O_RDONLY), 0)",
        "libc.syscall(56 if os.uname().machine == 'x86_64' else 220, 0x10000011, 0, 0, 0, 0)",
        "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "libc.umount2(b'/tmp', 2)",
        "libc.umount2(os.environ['HOME'].encode(), 2)",
        "libc.syscall(250 if os.uname().machine == 'x86_64' else 219, 0, -3, 1)",  # keyctl
        "libc.sethostname(b'mine', 4)",
        "libc.chroot(b'/tmp')",
        "libc.setresuid(0, 0, 0)",
    ],
)
def test_a_kernel_has_no_way_out_of_its_world(warm, tries):
    code = f"import ctypes, os\nlibc = ctypes.CDLL(None)\nprint({tries})"
    assert executed(warm, code)[0][0] == "-1\n"


def test_nothing_is_left_when_kernels_are_no_longer_wanted():
    source = WarmKernels(["numpy"])
    assert executed(source, "print(1)") == (["1\n"], {})
    zygote, folder = zygote_of(source), source.folder
    source.close()
    psutil.wait_procs([zygote], timeout=10)
    assert not zygote.is_running() and not folder.exists()


# One that has begun ahead of all else


@pytest.fixture
def begun(monkeypatch):
    """A zygote that has begun before anybody knew what for."""
    folder = tempfile.mkdtemp()  # short, as sockets' names have to be
    monkeypatch.setattr(tempfile, "tempdir", folder)
    with zygotes.ahead() as begun:
        yield begun
    assert _that_name([str(begun.folder)]) == []
    shutil.rmtree(folder)


def test_what_a_zygote_gives_that_has_begun_ahead_sees_the_same(begun, cold):
    assert begun.is_inside()
    begun.load(["numpy"])
    ahead = WarmKernels(["numpy"], str(begun.address))
    zygote = zygote_of(ahead)
    of_ahead, of_cold = (json.loads(executed(source, LOOKED_AT)[0][0]) for source in (ahead, cold))
    assert set(of_ahead.pop("writable")) <= set(of_cold.pop("writable"))
    assert of_ahead == of_cold
    code = "import sys; print('numpy' in sys.modules, 'helpers.pictures' in sys.modules)"
    assert executed(ahead, code) == (["True False\n"], {})
    assert zygote_of(ahead) == zygote and not ahead.problem
    ahead.close()
    psutil.wait_procs([zygote], timeout=10)
    assert not zygote.is_running()


def test_a_zygote_that_has_begun_ahead_is_for_one_worker(begun):
    begun.load(["numpy"])
    first, second = (WarmKernels(["numpy"], str(begun.address)) for _ in range(2))
    assert first.folder == begun.folder != second.folder
    for source in (first, second):
        assert executed(source, "print(1)") == (["1\n"], {}) and not source.problem
    zygote_of(first).kill()  # and then it begins one of its own
    assert executed(first, "print(2)") == (["2\n"], {}) and not first.problem
    first.close()
    second.close()


def test_a_zygote_that_nobody_takes_over_ends_with_its_run(begun):
    assert begun.is_inside() and _that_name([str(begun.folder)])  # the fixture sees that it ends


def test_a_zygote_that_has_begun_ahead_keeps_no_pipe_open(monkeypatch):
    """Whoever waits for the end of a pipe that this process closes does not wait for the zygote."""
    read, write = os.pipe()
    folder = tempfile.mkdtemp()
    monkeypatch.setattr(tempfile, "tempdir", folder)
    with zygotes.ahead() as begun:
        os.close(write)
        assert select.select([read], [], [], 10)[0], "it still has the other end"
        assert os.read(read, 1) == b""
        assert begun.is_inside()
    os.close(read)
    shutil.rmtree(folder)


TAKES_OVER = """
import sys, time
from helpers.grading.running.kernels import WarmKernels
source = WarmKernels(["numpy"], sys.argv[1])
source.prepare()
print(source._zygote._process.pid, flush=True)
time.sleep(60)
"""


def test_a_zygote_that_has_begun_ahead_ends_with_its_worker(begun):
    begun.load(["numpy"])
    command = [sys.executable, "-c", TAKES_OVER, begun.address]
    worker = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    zygote = psutil.Process(int(worker.stdout.readline()))
    assert zygote.is_running()
    worker.kill()
    worker.communicate()
    psutil.wait_procs([zygote], timeout=10)
    assert not zygote.is_running()


BEGINS = """
import sys, tempfile, time
from helpers.grading.running import zygotes
tempfile.tempdir = sys.argv[1]
with zygotes.ahead() as begun:
    assert begun.is_inside()
    print(begun.folder, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_zygote_that_has_begun_ahead_ends_with_a_killed_run(how):
    folder = tempfile.mkdtemp()
    command = [sys.executable, "-c", BEGINS, folder]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
        named = killed.stdout.readline().strip()
        killed.send_signal(how)
    assert named.startswith(folder) and _that_name([named]) == []
    shutil.rmtree(folder)


def test_where_no_zygote_begins_the_sandbox_is_tried(monkeypatch):
    folder = tempfile.mkdtemp()
    monkeypatch.setattr(tempfile, "tempdir", folder)
    monkeypatch.setattr(zygotes, "_begin", lambda folder: subprocess.Popen(["false"], **PIPES))
    with zygotes.ahead() as begun:
        begun.load(["numpy"])
        assert not begun.is_inside()
        assert zygotes.take_over(begun.address) is None
    shutil.rmtree(folder)


PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


# Where it cannot be


def test_a_zygote_that_ends_costs_its_notebook_one_cell_at_most(warm):
    executed(warm, "1")
    zygote_of(warm).kill()
    assert executed(warm, "print('again')") == (["again\n"], {})


@a_run_of_the_grader
def test_where_forking_fails_kernels_are_cold(monkeypatch):
    monkeypatch.setattr(kernels, "IN_PLACE_OF", {})
    threads = WarmKernels(["threads_of_its_own"])
    monkeypatch.setattr(zygotes.Zygote, "_receive", lambda self, seconds: {"threads": 3})
    assert executed(threads, "print(1)") == (["1\n"], {})
    assert "starts threads" in threads.problem
    threads.close()
    monkeypatch.undo()

    refused = WarmKernels(["numpy"])
    hear = zygotes.Zygote._receive

    def hear_a_problem(self, seconds):
        answer = hear(self, seconds)
        return {"problem": "no"} if "started" in answer else answer

    monkeypatch.setattr(zygotes.Zygote, "_receive", hear_a_problem)
    assert executed(refused, "print(1)") == (["1\n"], {})
    assert "no" in refused.problem
    refused.close()


def test_a_zygote_that_is_lost_while_it_starts_is_no_error(monkeypatch):
    class Lost(SimpleNamespace):
        Error = psutil.Error

        @staticmethod
        def Process(number):
            raise psutil.NoSuchProcess(number)

    monkeypatch.setattr(zygotes, "psutil", Lost())
    source = WarmKernels(["numpy"])
    assert executed(source, "print(1)") == (["1\n"], {})
    assert "is lost" in source.problem
    source.close()


@a_run_of_the_grader
def test_a_zygote_can_be_ended_the_moment_it_starts(monkeypatch):
    """Also while bubblewrap, inside, still waits for bubblewrap, outside."""
    folders = []
    for milliseconds in range(40):

        def hear(self, seconds, milliseconds=milliseconds):
            time.sleep(milliseconds / 1000)
            raise zygotes.NoZygote("This one is not wanted.")

        monkeypatch.setattr(zygotes.Zygote, "_receive", hear)
        source = WarmKernels(["numpy"])
        folders.append(str(source.folder))
        source.prepare()
        assert "not wanted" in source.problem
        source.close()
    assert _that_name(folders) == []


def _that_name(folders):
    """The processes with one of `folders` in their command line that are still there."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = " ".join(process.cmdline())
            if any(folder in words for folder in folders):
                found.append(process)
    return psutil.wait_procs(found, timeout=5)[1]


def test_what_notebooks_import_is_found():
    notebooks = released_notebooks(course_at(ROOT), LESSON)
    found = modules_of(notebooks)
    assert {
        "numpy",
        "helpers.pictures",
        "helpers.pictures.plot_losses",
        "helpers.course",
        "tensorflow",
    } <= set(found)
    assert not any(name.startswith("helpers.keras") for name in found)


# The same marks


@pytest.fixture(scope="module")
def small_class(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class") / "class"
    works = {
        "ann": Notebook("problem_2_pen_and_paper"),
        "bob": Notebook("problem_3_numpy").edit("p3.loss", ("0.5", "1.0")),
        "cyd": Notebook("problem_4_keras"),
        "dan": Notebook("problem_3_numpy", solved=False),
    }
    for student, work in works.items():
        (folder / student).mkdir(parents=True)
        (folder / student / f"{work.name}.ipynb").write_bytes(bytes(work))
    return folder


def grade(folder, *options):
    """Grade a class; returns its tables and what was said."""
    gradebook = folder.parent / "gradebook"
    with contextlib.chdir(folder.parent):
        assert main([str(folder), "--gradebook", str(gradebook), *options]) == 0
    return [rows(gradebook / name) for name in ("grades.csv", "checks.csv")], gradebook


def times(gradebook):
    """When each notebook was executed."""
    return {path: path.stat().st_mtime_ns for path in gradebook.glob("executed/*/*/*.gz")}


@a_long_run_of_the_grader
def test_marks_are_the_same_however_they_come_about(small_class, capsys):
    wanted, gradebook = grade(small_class, "--workers", "2")
    first = times(gradebook)
    assert len(first) == 4
    assert [row["points"] for row in wanted[0] if row["state"] == "graded"][:1] == ["50"]

    assert grade(small_class)[0] == wanted, "resumed"
    assert grade(small_class, "--rescore", "--again")[0] == wanted
    again = times(gradebook)
    assert all(again[path] != first[path] for path in first), "--again executes"

    # Without their results, and with executions that other code made.
    for path in gradebook.glob("results/*/*/*.json"):
        path.write_text(re.sub(r'"fingerprint": "\w+"', '"fingerprint": "x"', path.read_text()))
    assert grade(small_class, "--rescore")[0] == wanted
    assert times(gradebook) == again, "--rescore executes nothing that has run"

    assert grade(small_class, "--again", "--kernels", "cold", "--workers", "1")[0] == wanted
    assert "which is slow" not in capsys.readouterr().err


# What a run says


@a_run_of_the_grader
def test_a_line_of_json_for_each_event(small_class, capsys):
    _, gradebook = grade(small_class, "--log", "json")
    said = capsys.readouterr()
    assert said.err == ""
    found, events = [], [json.loads(line) for line in said.out.splitlines()]
    while events[0]["event"] != "started":
        found.append(events.pop(0))
    assert [event["event"] for event in found] == ["students", *["found"] * 16]
    assert [event["event"] for event in events] == ["started", *["graded"] * 16, "finished"]
    assert events[0] == {"event": "started", "students": 4, "notebooks": 4}
    assert events[-2]["done"] == events[-2]["of"] == 4
    graded = {(e["student"], e["notebook"]): e for e in events[1:-1] if e["state"] == "graded"}
    for row in rows(gradebook / "grades.csv"):
        if row["state"] == "graded":
            event = graded[row["student"], row["notebook"]]
            assert float(row["points"]) == event["points"]
            assert float(row["max_points"]) == event["max_points"]
    assert events[-1]["states"] == {"graded": 4, "missing": 12}
    assert Path(events[-1]["files"]["Marks"]) == gradebook / "grades.csv"


@a_run_of_the_grader
def test_how_long_each_notebook_ran_is_noted(small_class):
    _, gradebook = grade(small_class)
    found = rows(gradebook / "times.csv")
    assert {row["student"] for row in found} == {"ann", "bob", "cyd", "dan"}
    for row in found:
        assert 0 < float(row["cell_seconds"]) < float(row["seconds"]) < 600


def test_the_bar_shows_rate_and_slowest(capsys):
    bar = progress.progress_of_kind("bar")
    bar.start(2, 3)
    slow = results.Result("ann", LESSON, "n1", results.GRADED, 5, seconds=7.6)
    quick = results.Result("bob", LESSON, "n2", results.GRADED, 5, seconds=2.0)
    kept = results.Result("bob", LESSON, "n3", results.MISSING, 5)
    bar.graded([slow], 2)
    bar.graded([quick, kept], 1)
    bar.stop()
    said = capsys.readouterr().err
    assert "3/3 notebooks" in said and " a minute, " in said
    assert said.rstrip().endswith("slowest: 8 s, ann, n1")


def test_workers_are_as_many_as_there_is_memory_for(monkeypatch):
    monkeypatch.setattr(capacity, "cores", lambda: 16)
    monkeypatch.setattr(capacity, "memory", lambda: 2.5 * flow.MEMORY_OF_WORKER)
    assert flow._workers() == 2
    monkeypatch.setattr(capacity, "memory", lambda: 0.1 * flow.MEMORY_OF_WORKER)
    assert flow._workers() == 1


def test_the_machine_is_what_the_container_leaves_of_it(monkeypatch, tmp_path):
    class Memory:
        available = 64 * 10**9

    def give(group, **settings):
        (tmp_path / "groups" / group).mkdir(parents=True, exist_ok=True)
        for name, value in settings.items():
            (tmp_path / "groups" / group / name.replace("_", ".")).write_text(f"{value}\n")

    monkeypatch.setattr(capacity.psutil, "virtual_memory", lambda: Memory)
    monkeypatch.setattr(capacity.os, "sched_getaffinity", lambda who: range(16), raising=False)
    monkeypatch.setattr(capacity, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(capacity, "OWN_GROUP", tmp_path / "own")
    assert (capacity.cores(), capacity.memory()) == (16, 64 * 10**9)  # no control groups at all
    (tmp_path / "own").write_text("1:name=systemd:/\n0::/job/step\n")
    give("job/step", cpu_max="max 100000", memory_max="max")
    assert (capacity.cores(), capacity.memory()) == (16, 64 * 10**9)
    give("job", cpu_max="350000 100000", memory_max=8 * 10**9)  # the job's limits hold for its step
    assert (capacity.cores(), capacity.memory()) == (4, 8 * 10**9)
    give("job/step", cpu_max="50000 100000", memory_max=2 * 10**9)
    assert (capacity.cores(), capacity.memory()) == (1, 2 * 10**9)
