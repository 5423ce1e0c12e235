"""Fixtures for all tests."""

from tests.browser import chromium  # noqa: F401
