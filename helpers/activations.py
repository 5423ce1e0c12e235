"""What the course knows of an activation function, in one place.

To add one, make an `ActivationFunction` and enter it in `HIDDEN_ACTIVATIONS` under its name; then
networks, steps, pictures and questions take it, and what cannot do without a formula says so.
Everything works on complex numbers too, which is what `helpers.reference` needs to differentiate.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

Activation = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class ActivationFunction:
    """An activation function a = f(z); call it as f itself.

    Its derivative is not written here as a function of z: `helpers.reference.slope` finds it from f
    alone, so that no reference depends on a formula that somebody derived.
    Raises ValueError, in words, where what is given does not fit together.
    """

    name: str  # in code, as in hidden="relu"
    title: str  # in pictures and prose
    f: Activation  # of real and of complex arrays, elementwise (softmax: along the last axis)
    # The derivative written through the activation a, which the forward pass has stored, as
    # students write it. None where a does not tell the derivative. It is no reference: it says
    # what follows from a student's own a, and what comes out if z is put in by mistake.
    derivative_from_output: Activation | None = None
    # The z at which there is no derivative. The reference takes that of the z just below, and
    # pictures join no line across.
    kinks: tuple[float, ...] = ()
    # f(z) and its derivative as `step_through` writes them with numbers: {z}, {a} and {slope} stand
    # for those of the unit, and _{…} and ^{…}, in doubled braces, for an index and a power. The
    # derivative has to be able to stand as a factor. "" if there is none: step_through says so.
    formula: str = ""
    derivative_formula: str = ""

    def __post_init__(self) -> None:
        for field in ("formula", "derivative_formula"):
            try:
                getattr(self, field).format(z="", a="", slope="")
            except (KeyError, IndexError, AttributeError, ValueError):
                raise ValueError(
                    f"{field} of {self.name}: expected a formula with places {{z}}, {{a}} and "
                    f"{{slope}} and all other braces doubled, got {getattr(self, field)!r}."
                ) from None
        self._require_derivative()

    def _require_derivative(self) -> None:
        """Raise ValueError if f loses its derivative on complex numbers or another's is given.

        Either would go unnoticed and make all references wrong, or what is carried over.
        """
        z, width = np.array([-2.31, -0.73, 0.41, 1.87]), 1e-6
        by_difference = (self.f(z + width) - self.f(z - width)) / (2 * width)
        try:
            by_complex_step = np.imag(self.f(z + 1e-30j)) / 1e-30
        except TypeError:  # of NumPy, for functions of real numbers only
            by_complex_step = np.full(z.shape, np.nan)
        if not np.allclose(by_complex_step, by_difference, rtol=1e-5, atol=1e-7):
            raise ValueError(
                f"f of {self.name}: expected a function that keeps its derivative on complex "
                "numbers, from which the references come: compare z.real, and do without np.abs "
                "and what takes real numbers only, as np.logaddexp does."
            )
        far = np.array([-1000.0, 1000.0])
        with np.errstate(over="ignore"):
            far_off = np.array([self.f(far), self.f(far + 1e-30j)])
        if not np.all(np.isfinite(far_off)):
            raise ValueError(
                f"f of {self.name}: expected a function that is finite for large z, got "
                f"{self.f(far)} at -1000 and 1000: let no exponential overflow."
            )
        formula = self.derivative_from_output
        if formula and not np.allclose(formula(self.f(z)), by_difference, rtol=1e-5, atol=1e-7):
            raise ValueError(
                f"derivative_from_output of {self.name}: expected the derivative of its f, written "
                "through a = f(z), got another one. Where a does not tell it, give None."
            )

    def __call__(self, z: np.ndarray) -> np.ndarray:
        return self.f(z)


def linear(z: np.ndarray) -> np.ndarray:
    """f(z) = z."""
    return z


def sigmoid(z: np.ndarray) -> np.ndarray:
    """f(z) = 1 / (1 + exp(-z)), written so that no exponential overflows."""
    small = np.exp(np.where(z.real >= 0, -z, z))
    return np.where(z.real >= 0, 1, small) / (1 + small)


def tanh(z: np.ndarray) -> np.ndarray:
    """f(z) = tanh(z)."""
    return np.tanh(z)


def relu(z: np.ndarray) -> np.ndarray:
    """f(z) = max(0, z); the slope at 0 is taken as 0."""
    return np.where(z.real > 0, z, 0)


def softmax(z: np.ndarray) -> np.ndarray:
    """f(z)_k = exp(z_k) / sum_l exp(z_l) along the last axis."""
    powers = np.exp(z - np.max(z.real, axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _by_name(*activations: ActivationFunction) -> dict[str, ActivationFunction]:
    return {activation.name: activation for activation in activations}


# Elementwise ones, which any layer may have.
HIDDEN_ACTIVATIONS: dict[str, ActivationFunction] = _by_name(
    ActivationFunction(
        "linear",
        "linear",
        linear,
        derivative_from_output=np.ones_like,
        formula="{z}",
        derivative_formula="1",
    ),
    ActivationFunction(
        "sigmoid",
        "sigmoid",
        sigmoid,
        derivative_from_output=lambda a: a * (1 - a),
        formula="σ({z})",
        derivative_formula="{a} · (1 − {a})",
    ),
    ActivationFunction(
        "tanh",
        "tanh",
        tanh,
        derivative_from_output=lambda a: 1 - a**2,
        formula="tanh({z})",
        derivative_formula="(1 − {a}^{{2}})",
    ),
    ActivationFunction(
        "relu",
        "ReLU",
        relu,
        derivative_from_output=lambda a: (a > 0) * 1.0,
        kinks=(0.0,),
        formula="max(0, {z})",
        derivative_formula="{slope}",
    ),
)
# Each output depends on the whole layer, so there is neither one derivative for each unit nor one
# formula: what shows or asks for softmax's has its own place for that.
OUTPUT_ONLY = _by_name(ActivationFunction("softmax", "softmax", softmax))
# Both, the hidden ones first; what is entered in either later is here too.
ACTIVATIONS: Mapping[str, ActivationFunction] = ChainMap(OUTPUT_ONLY, HIDDEN_ACTIVATIONS)


def title_of(name: str) -> str:
    """What pictures call the activation of this name; any other name stands for itself."""
    return ACTIVATIONS[name].title if name in ACTIVATIONS else str(name)
