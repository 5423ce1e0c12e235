"""Fixtures for all tests."""

import os

from helpers.personal import NO_SECRET, SECRET_VARIABLE
from tests.browser import chromium  # noqa: F401
from tests.postgresql import server  # noqa: F401

# What is tested does not depend on a secret that the course may have here.
os.environ[SECRET_VARIABLE] = NO_SECRET
# Nor on the database of its gradebook.
os.environ.pop("BACKPROP_DB", None)
