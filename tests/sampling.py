"""Large collections of cases: `make test` runs a sample of each, `make test-all` all of them.

A sample is spread over its collection: of every so many neighbours one is drawn. Which, the commit
decides, so that each commit tries others and a failure can be had again; BACKPROP_TEST_SEED takes
the commit's place. Whoever names files or tests to pytest gets their collections whole.
"""

import hashlib
import math
import os
import random
import subprocess
from pathlib import Path

import pytest

SEED_VARIABLE = "BACKPROP_TEST_SEED"
COLLECTION = "collection"  # a test's property: [of which, how many cases it ran, of how many]
ROOT = Path(__file__).resolve().parents[1]
# Tests that grade with the whole command; those that take half a minute and more are in no sample.
a_run_of_the_grader = pytest.mark.sampled(0.06, of="runs of the grader")
a_long_run_of_the_grader = pytest.mark.sampled(0, of="long runs of the grader")
whole = False  # whether collections are run whole; conftest.py says so before tests are read


def seed_of_commit():
    """The hash of the commit that is checked out, short; "no commit" outside a git checkout."""
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    except OSError:
        return "no commit"
    return done.stdout.strip() if done.returncode == 0 else "no commit"


def chosen(cases, share, name):
    """Of a sequence the cases to run: all, or as many as `share`, 0 to 1, of them.

    That is at least one where the share is above 0.

    They are spread evenly, in their order. name: of the collection; equal names draw equally.
    """
    cases = list(cases)
    if whole:
        return cases
    count = min(len(cases), math.ceil(share * len(cases)))
    if not count:
        return []
    text = f"{os.environ.get(SEED_VARIABLE, '')} {name}"
    draw = random.Random(hashlib.sha256(text.encode()).digest())
    edges = [round(k * len(cases) / count) for k in range(count + 1)]
    return [cases[draw.randrange(low, high)] for low, high in zip(edges, edges[1:])]


def selected(session, file, parameter):
    """The values of a parameter for which a run selected tests of `file`, each once, in order.

    All that the run has, whichever worker they are for.
    """
    found = {}
    for item in session.items:
        values = getattr(item, "callspec", None) and item.callspec.params
        if item.path == Path(file) and values and parameter in values:
            found.setdefault(id(values[parameter]), values[parameter])
    return list(found.values())
