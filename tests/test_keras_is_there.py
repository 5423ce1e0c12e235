"""Whoever has no TensorFlow reads one sentence that says how to get it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# As it is where TensorFlow has not been installed: nothing of that name is found.
WITHOUT = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "tensorflow" else find(name, *more)
try:
    import helpers.keras
except ImportError as error:
    print("\\n".join(error._render_traceback_()))
"""


def test_one_sentence_says_how_to_install_tensorflow():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert (done.returncode, done.stderr) == (0, "")
    (sentence,) = done.stdout.splitlines()
    assert "TensorFlow" in sentence and "install.py" in sentence
