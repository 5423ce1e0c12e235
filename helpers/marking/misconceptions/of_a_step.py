"""The wrong values that recognised mistakes give a quantity of one SGD step."""

from helpers.marking.misconceptions import (
    of_a_backward_pass,
    of_a_forward_pass,
    of_an_update,
    registry,
)

# Importing the three others has filled the register.
__all__ = ["Value", "of_a_forward_pass", "of_an_update", "slope_from_output", "wrong_values"]

Value = registry.Value
wrong_values = registry.wrong_values
slope_from_output = of_a_backward_pass.slope_from_output
