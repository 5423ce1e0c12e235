"""Formulas as answers: SymPy expressions, recorded by their values at given points."""

from collections.abc import Collection, Mapping
from functools import partial

from helpers.asking import Answers, TestInputs
from helpers.asking.record import Missing, Unusable


def values_at(inputs: TestInputs, **formulas: object) -> Answers:
    """The values of `formulas` at inputs["point"], made of the symbols in inputs["usable"]."""

    def allowed(name: str) -> list[str]:
        # delta_k_formula is to be written without delta_k.
        return [symbol for symbol in inputs["usable"] if f"{symbol}_formula" != name]

    return {
        name: partial(value_at, inputs["point"], allowed(name), formula)
        for name, formula in formulas.items()
    }


def value_at(
    point: Mapping[str, float], usable: Collection[str], formula: object
) -> float | Missing | Unusable:
    """The value of a SymPy expression at `point`, numbers by symbol name.

    usable: names of the symbols that may stand in it.
    """
    import sympy

    if formula is None or formula is Ellipsis:
        return Missing()
    if isinstance(formula, str):
        return Unusable("expected a formula in the given symbols, without quotes")
    try:
        expression = sympy.sympify(formula)
    except Exception:
        expression = None
    if not isinstance(expression, sympy.Expr):
        return Unusable("expected a formula in the given symbols")
    # By name: a symbol declared again, with assumptions, is another one to SymPy.
    names = {symbol: symbol.name for symbol in expression.free_symbols}
    for name in sorted(set(names.values()) - set(usable)):
        if name.startswith("delta"):
            return Unusable(f"write this one without {name}")
        return Unusable(f"the symbol {name} is not one of the given ones")
    value = expression.evalf(20, subs={symbol: point[name] for symbol, name in names.items()})
    try:
        return float(value)
    except TypeError:
        return Unusable("the formula does not come down to a number: is a function not applied?")
