"""Notebooks that tests execute: once for the same notebook, helpers and packages, and then kept."""

import copy
import hashlib
import importlib.metadata
import json
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

import nbformat
import pytest

from helpers.authoring.execution import execute, in_parallel
from helpers.grading.machine.versions import of_helpers


class ExecutedNotebooks:
    """What executing gave, in a folder that stays from run to run."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def of(self, notebook):
        """A notebook, executed as it stands; where a cell stops, the next goes on."""
        text = nbformat.writes(notebook)

        def run():
            executed = copy.deepcopy(notebook)

            async def one(_):
                with tempfile.TemporaryDirectory() as elsewhere:
                    await execute(executed, elsewhere, allow_errors=True)

            in_parallel(one, [executed])
            return executed

        return nbformat.from_dict(self.kept("attempted", text.encode(), run))

    def kept(self, kind, data, run):
        """What run() returned for these bytes, as JSON; run now if it never was.

        kind: of what is run, a word.
        """
        digest = hashlib.sha256(f"{kind} {_versions()}".encode() + data).hexdigest()
        path = self.folder / f"{digest}.json"
        if not path.is_file():
            new = path.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps(run()), encoding="utf-8")
            new.replace(path)  # whole, or not at all
        return json.loads(path.read_text(encoding="utf-8"))


@cache
def _versions():
    packages = sorted(f"{p.name}=={p.version}" for p in importlib.metadata.distributions())
    return f"{sys.version} {of_helpers()} {' '.join(packages)}"


@pytest.fixture(scope="session")
def executed_notebooks(request, tmp_path_factory):
    """An ExecutedNotebooks in pytest's cache, or for this run only where that is switched off."""
    cache = getattr(request.config, "cache", None)
    make = cache.mkdir if cache else tmp_path_factory.mktemp
    return ExecutedNotebooks(make("executed_notebooks"))
