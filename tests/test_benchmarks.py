"""The benchmark of training: that it times the solution itself and says what it needs.

It sets the number of threads for the process it runs in, so each test gives it one of its own.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300
    )


of_the_benchmarks = pytest.mark.sampled(0.3, of="tests of the benchmarks")


@of_the_benchmarks
def test_it_trains_with_the_functions_of_problem_3():
    """One epoch learns something; the functions come from the notebook and from nowhere else."""
    done = run(
        "import numpy as np\n"
        "from types import SimpleNamespace\n"
        "from tests.benchmarks import training\n"
        "functions = training.solution_functions()\n"
        "assert functions['train'].__code__.co_filename == str(training.PROBLEM_3)\n"
        "rng = np.random.default_rng(0)\n"
        "labels = rng.integers(0, training.OUTPUTS, training.TRAINING_POINTS)\n"
        "x = np.eye(training.INPUTS)[labels]\n"
        "data = SimpleNamespace(x=x, t=np.eye(training.OUTPUTS)[labels], x_unseen=x,"
        " labels_unseen=labels)\n"
        "numpy = training.Numpy(data, 32, functions)\n"
        "numpy.reset(0)\n"
        "before = numpy.accuracy()\n"
        "numpy.train(20)\n"
        "print(before, numpy.accuracy())\n"
    )
    assert done.returncode == 0, done.stderr
    before, after = map(float, done.stdout.split())
    assert before < 0.5 and after > 0.95


@of_the_benchmarks
def test_without_a_function_it_names_it(tmp_path):
    notebook = tmp_path / "problem_3_numpy.ipynb"
    notebook.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    done = run(
        f"from tests.benchmarks import training\ntraining.solution_functions({str(notebook)!r})"
    )
    assert done.returncode == 1
    assert "does not define forward, random_params, train" in done.stderr
    assert "Traceback" not in done.stderr


@of_the_benchmarks
def test_without_scikit_learn_it_says_how_to_install_it():
    done = run(
        "import sys\n"
        "sys.modules['sklearn'] = None  # as if it were not installed\n"
        "sys.argv[1:] = []\n"
        "from tests.benchmarks import training\n"
        "training.main()"
    )
    assert done.returncode == 1
    assert "pip install -e .[benchmarks]" in done.stderr
    assert "Traceback" not in done.stderr
