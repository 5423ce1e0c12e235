"""Pictures that move: self-contained HTML that works in notebooks, slides and static pages.

Everything they show is computed here, in Python, and travels with the picture as JSON; the script
beside it only chooses and writes. Nothing is loaded from anywhere.
"""

from helpers.pictures.interactive.learning_rate import explore_learning_rate
from helpers.pictures.interactive.nudge import explore_nudge
from helpers.pictures.interactive.step_through import step_through

__all__ = ["explore_learning_rate", "explore_nudge", "step_through"]
