"""What holds for all tests: samples of large collections, how they are shared out, fixtures."""

import os
import signal
import sys
from collections import Counter

import pytest
from xdist.scheduler import LoadScopeScheduling

from helpers.grading.machine import capacity
from helpers.personal import NO_SECRET, SECRET_VARIABLE
from tests import sampling
from tests.browser import chromium  # noqa: F401
from tests.executed_notebooks import executed_notebooks  # noqa: F401
from tests.kept_server import kept_server  # noqa: F401
from tests.postgresql import server  # noqa: F401

# What is tested does not depend on a secret that the course may have here.
os.environ[SECRET_VARIABLE] = NO_SECRET
# Nor on the database of its gradebook.
os.environ.pop("BACKPROP_DB", None)
# A shell's background jobs ignore Ctrl-C, and so would the processes that tests send it to.
signal.signal(signal.SIGINT, signal.default_int_handler)
# The many processes that tests start keep what they compile.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

MEMORY_OF_WORKER = 4_000_000_000  # bytes: a worker's own, and the graders' that it starts
# Files that take long begin, so that none is left to one worker in the end.
LONGEST_FIRST = (
    "tests/attacks/test_killing.py",
    "tests/attacks/test_attacks.py",
    "tests/grading/test_dask.py",
    "tests/grading/test_kernels.py",
    "tests/marking/test_mutants.py",
    "tests/test_notebooks.py",
    "tests/grading/test_command.py",
    "tests/personal/test_personal.py",
    "tests/grading/test_restart.py",
    "tests/grading/test_postgresql.py",
    "tests/pictures/test_interactive.py",
)


def pytest_addoption(parser):
    parser.addoption(
        "--all", action="store_true", help="run large collections whole (make test-all)"
    )


def pytest_configure(config):
    if sys.flags.optimize:
        raise pytest.UsageError("Not with -O or PYTHONOPTIMIZE: Python would skip the assertions.")
    if sys.getfilesystemencoding() != "utf-8":
        raise pytest.UsageError(
            f"Not where file names are {sys.getfilesystemencoding()}: set PYTHONUTF8=1."
        )
    config.addinivalue_line(
        "markers",
        "sampled(share, of=None, like=None): without --all a share, 0 to 1, of a test's cases is "
        "run; of: names a collection of several tests; like: tests with this word draw equally",
    )
    if hasattr(config, "workerinput"):
        sampling.whole = config.workerinput["whole"]
    else:
        # What somebody names is meant, and not a sample of it.
        named = config.args_source == pytest.Config.ArgsSource.ARGS
        sampling.whole = config.option.all or named or bool(config.option.keyword)
    # In the environment, so that all workers draw the same.
    os.environ.setdefault(sampling.SEED_VARIABLE, sampling.seed_of_commit())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["whole"] = sampling.whole


def pytest_report_header(config):
    if sampling.whole:
        return "large collections: whole"
    seed = os.environ[sampling.SEED_VARIABLE]
    return f"large collections: samples, drawn by {sampling.SEED_VARIABLE}={seed}"


# Which tests are run


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Deselect what is in no sample, and put the files that take longest first."""
    collections = {}
    for item in items:
        if marker := item.get_closest_marker("sampled"):
            name = marker.kwargs.get("of") or item.originalname
            draw = marker.kwargs.get("like") or name
            collections.setdefault((name, *marker.args, draw), []).append(item)
    left_out = set()
    for (name, share, draw), cases in collections.items():
        chosen = sampling.chosen(cases, share, draw)
        left_out |= set(cases) - set(chosen)
        for item in chosen:
            item.user_properties.append((sampling.COLLECTION, [name, 1, 0]))
        for item in chosen[:1]:
            item.user_properties.append((sampling.COLLECTION, [name, 0, len(cases)]))
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.nodeid.split("::")[0], len(places)))


@pytest.fixture
def sample(request):
    """sample(cases, share): the list of those among `cases` that this test has to run.

    like: tests with this word draw equally, as with the marker.
    """

    def chosen(cases, share, like=None):
        found = sampling.chosen(cases, share, like or request.node.nodeid)
        request.node.user_properties.append(
            (sampling.COLLECTION, [request.node.originalname, len(found), len(cases)])
        )
        return found

    return chosen


def pytest_terminal_summary(terminalreporter):
    """How many cases of each large collection were run."""
    ran, of = Counter(), Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                for key, value in report.user_properties:
                    if key == sampling.COLLECTION:
                        name, cases, total = value
                        ran[name] += cases
                        of[name] += total
    if ran:
        terminalreporter.section("large collections")
        for name in sorted(ran):
            terminalreporter.write_line(f"{ran[name]:>6} of {of[name]:>5}  {name}")


# How they are shared out among workers


def pytest_xdist_auto_num_workers(config):
    # One more than cores, since many tests wait for processes of their own.
    fitting = int(capacity.memory() // MEMORY_OF_WORKER)
    return max(1, min(capacity.cores() + 1, fitting, 5))


class SharedOut(LoadScopeScheduling):
    """A file's tests go to one worker, since they share fixtures; a notebook's are on their own."""

    def _split_scope(self, nodeid):
        file, _, test = nodeid.partition("::")
        if file == "tests/test_notebooks.py" and "[" in test:
            return f"{file}[{test.rpartition('[')[2]}"
        return file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return SharedOut(config, log)
