"""The types in helpers agree, as mypy sees it; pyproject.toml says how strictly."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_types_are_everywhere_and_agree(tmp_path):
    command = [sys.executable, "-m", "mypy", "--cache-dir", tmp_path, "--no-error-summary"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)
