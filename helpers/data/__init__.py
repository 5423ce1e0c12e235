"""Small data sets for the notebooks. SOURCES.md says where each comes from, and its licence."""

from pathlib import Path

import numpy as np

__all__ = ["load_digits"]


def load_digits() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits: images of shape (1797, 8, 8), from 0 (paper) to 1 (ink), and digits of
    shape (1797,), whole numbers from 0 to 9, which say what each image shows.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, 1998, CC BY 4.0.
    """
    with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as stored:
        return stored["images"] / 16, stored["digits"].astype(int)
