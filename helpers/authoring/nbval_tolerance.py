"""A pytest plugin that lets nbval accept numbers that differ in their last digits only:

    python -m pytest -p helpers.authoring.nbval_tolerance --nbval solutions

It also gives the kernels the environment in which the stored outputs came about.
"""

from __future__ import annotations

import json
import os
import tempfile
from typing import TYPE_CHECKING

from helpers.authoring.comparison import same_text
from helpers.authoring.execution import environment

if TYPE_CHECKING:
    import pytest


class _Output(str):
    """Text that equals any text with the same numbers up to the last digits; it has no hash."""

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, str)  # nbval compares nothing but what was made comparable
        return same_text(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other


def _comparable(value: object) -> _Output:
    if not isinstance(value, str):
        value = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1)
    return _Output(value)


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the environment, and have nbval compare our way."""
    from nbval.plugin import IPyNbCell

    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ.pop("MPLBACKEND", None)
    os.environ.update(environment(folder.name))
    # nbval passes each value of an output through `sanitize` before it compares.
    sanitize = IPyNbCell.sanitize
    IPyNbCell.sanitize = lambda cell, value: _comparable(sanitize(cell, value))
    config.option.nbval_current_env = True
