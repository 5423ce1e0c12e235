"""Tells a wrong Python so in one sentence, before pip looks for packages that do not exist for it.

Everything else about the package stands in pyproject.toml.
"""

import sys

if sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)):
    sys.exit(
        "The course needs Python 3.11, 3.12 or 3.13, and %s is Python %d.%d.%d."
        % ((sys.executable,) + sys.version_info[:3])
    )

from setuptools import setup  # noqa: E402

setup()
