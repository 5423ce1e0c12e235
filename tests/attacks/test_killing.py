"""kill -9 at random moments, 50 in all: the marks equal those of a run that nobody kills."""

import shutil
import sqlite3
import sys
from collections import Counter
from contextlib import closing

import pytest

from helpers.grading.running import sandbox
from tests import sampling
from tests.attacks import killing

SHARE = 0.02  # of the kills, in a sample


@pytest.fixture(scope="module")
def moments():
    """The Moments of the kills, spread over all stages of a run."""
    return sampling.chosen(killing.moments(), SHARE, "kills")


@pytest.fixture(scope="module")
def found(tmp_path_factory, moments):
    """The Scenes after these kills."""
    if not sys.platform.startswith("linux"):
        pytest.skip("process groups and /proc are needed")
    if sandbox.bubblewrap_problem():
        pytest.skip(sandbox.bubblewrap_problem())
    quiet_runs = 2 if sampling.whole else 1
    return killing.kill_classes(tmp_path_factory.mktemp("killed"), moments, quiet_runs)


def test_everything_is_the_same_after_every_kill(found, capsys):
    with capsys.disabled():
        print("\n" + killing.table(found))
    for scene in found:
        assert not scene.differences
        assert scene.classes >= 1


def test_kills_are_spread_over_the_whole_run(found, moments, record_property):
    kills = [kill for scene in found for kill in scene.kills]
    record_property(sampling.COLLECTION, ["kills", len(kills), len(killing.moments())])
    assert len(kills) == len(moments)
    if not sampling.whole:
        return  # a few kills may all fall into the same stage
    assert len(kills) >= 50
    stages = Counter(kill.stage for kill in kills)
    # A run that is killed while it starts may have gone on to its first writes by then.
    assert stages[killing.STARTING] + stages[killing.FIRST_WRITES] >= 10, stages
    assert stages[killing.GRADING] and stages[killing.ENDING], stages
    targets = Counter(kill.moment.whole_group for kill in kills)
    assert min(targets.values()) >= 20, targets
    assert any(0 < kill.finished < kill.of for kill in kills)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE grade SET auto_score = auto_score + 1", "grades"),
        ("UPDATE grade SET manual_score = NULL", "grades"),
        ("UPDATE comment SET manual_comment = 'other'", "comments"),
        ("DELETE FROM alembic_version", "version"),
        ("DELETE FROM grade_cells", "cells"),
    ],
)
def test_a_difference_would_be_seen(found, change, what, tmp_path):
    """What is compared changes when the gradebook does."""
    regraded = found[-1].gradebook
    copy = shutil.copytree(regraded, tmp_path / "gradebook")
    with closing(sqlite3.connect(copy / "gradebook.db")) as database, database:
        database.execute(change)
    before, after = map(killing.in_gradebook, (regraded, copy))
    assert [name for name in before if before[name] != after[name]] == [what]
