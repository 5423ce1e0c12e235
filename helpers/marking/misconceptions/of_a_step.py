"""The wrong values that recognised mistakes give a quantity of one SGD step."""

# All three fill the register when they are imported.
from helpers.marking.misconceptions import of_a_forward_pass, of_an_update
from helpers.marking.misconceptions.of_a_backward_pass import slope_from_output
from helpers.marking.misconceptions.of_an_update import FIXED_RATES
from helpers.marking.misconceptions.registry import Value, wrong_values

__all__ = [
    "FIXED_RATES",
    "Value",
    "of_a_forward_pass",
    "of_an_update",
    "slope_from_output",
    "wrong_values",
]
