"""The data sets: what they hold, and that they come along wherever notebooks run."""

import tomllib
from pathlib import Path

import numpy as np

from helpers.authoring.pack import contents
from helpers.data import load_digits
from helpers.grading.running import sandbox

ROOT = Path(__file__).resolve().parents[1]
STORED = ROOT / "helpers" / "data" / "digits.npz"


def test_the_digits_are_images_from_paper_to_ink_and_what_they_show():
    images, digits = load_digits()
    assert images.shape == (1797, 8, 8) and digits.shape == (1797,)
    assert images.min() == 0 and images.max() == 1
    # Sixteenths, as they are counted; so nothing has been changed by storing them.
    np.testing.assert_array_equal(images * 16, np.round(images * 16))
    assert np.bincount(digits).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_file_is_small_and_holds_no_pickle():
    assert STORED.stat().st_size < 100_000
    with np.load(STORED, allow_pickle=False) as stored:
        assert {name: stored[name].dtype.kind for name in stored} == {"images": "u", "digits": "u"}


def test_the_file_goes_to_the_sealed_kernel_to_students_and_into_a_package():
    assert "data" in sandbox.VISIBLE
    wanted = {"helpers/data/__init__.py", "helpers/data/SOURCES.md", "helpers/data/digits.npz"}
    assert wanted <= set(contents(ROOT))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "*.npz" in project["tool"]["setuptools"]["package-data"]["helpers.data"]


def test_source_and_licence_are_named():
    for path in (ROOT / "helpers/data/SOURCES.md", ROOT / "LICENSE-TEXT"):
        text = " ".join(path.read_text(encoding="utf-8").split())
        assert "Alpaydin" in text and "Attribution 4.0 International" in text
