"""A real browser for tests: the system's Chromium or Chrome, driven by Playwright."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    # Where macOS and Windows keep it, off the PATH.
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)


def browser_path():
    """The system's browser. Skips the test if there is none; under CI it fails."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        reason = "expected Chromium or Chrome, found none"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


# Tests that look at pages: a sample runs some of them.
in_the_browser = pytest.mark.sampled(0.15, of="tests in the browser")


# For a module, not for the session: as long as Playwright runs, so does its event loop, and
# modules that run notebooks want one of their own.
@pytest.fixture(scope="module")
def chromium():
    """A running browser, as Playwright's Browser."""
    browser_path()
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


def launch(kind, **environment):
    """Start a browser of Playwright's BrowserType `kind`, such as `chromium.browser_type`.

    environment: variables that it gets besides those that there are.
    """
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return kind.launch(
        executable_path=browser_path(),
        args=["--no-sandbox"] if is_root else [],
        env={**os.environ, **environment},
    )


def offline_page(browser, tried, allowed=(), **settings):
    """A new page, with `settings`, that loads files and what begins with one of `allowed` only.

    Everything else is refused, and its address is added to the list `tried`.
    """
    context = browser.new_context(**settings)

    def decide(route):
        if route.request.url.startswith(("file:", "data:", "blob:", *allowed)):
            route.continue_()
        else:
            tried.append(route.request.url)
            route.abort()

    context.route("**/*", decide)
    return context.new_page()
