"""Formulas as answers: SymPy expressions, recorded by their values at given points."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from helpers.asking import Answers, Later, TestInputs
from helpers.asking.record import NOT_CALLED, Formula, Missing, Unusable


def values_at(inputs: TestInputs, **formulas: object) -> Answers:
    """The values of `formulas` at inputs["point"], made of the symbols in inputs["usable"].

    With inputs["moved"], other values of some symbols by name, each formula gives an array: its
    value at the point, then with each of these symbols moved to its other value. inputs["instead"]
    says of symbols that may not stand in the formulas what to write in their place.
    """
    points = [inputs["point"]]
    points += [{**points[0], name: other} for name, other in inputs.get("moved", {}).items()]

    def allowed(name: str) -> list[str]:
        # delta_k_formula is to be written without delta_k.
        return [symbol for symbol in inputs["usable"] if f"{symbol}_formula" != name]

    def instead(name: str) -> dict[str, str]:
        itself = {name.removesuffix("_formula"): ITSELF} if name.endswith("_formula") else {}
        return inputs.get("instead", {}) | itself

    return {
        name: Later(_values_at, points, allowed(name), formula, instead(name))
        for name, formula in formulas.items()
    }


ITSELF = "it is the name of what is asked for. Put in its place what it is made of"


def _values_at(
    points: Sequence[Mapping[str, float]],
    usable: Collection[str],
    formula: object,
    instead: Mapping[str, str],
) -> Formula | Missing | Unusable:
    values: list[float] = []
    text = ""
    for point in points:
        # A formula without the symbol that is moved keeps its value.
        if values and all(point[name] == points[0][name] for name in _symbols(formula)):
            values.append(values[0])
            continue
        value = value_at(point, usable, formula, instead)
        if not isinstance(value, Formula):
            return value
        values.append(float(value.value))
        text = value.text
    return Formula(np.array(values) if len(values) > 1 else values[0], text)


def _symbols(formula: object) -> set[str]:
    return {symbol.name for symbol in getattr(formula, "free_symbols", ())}


def value_at(
    point: Mapping[str, float],
    usable: Collection[str],
    formula: object,
    instead: Mapping[str, str] | None = None,
) -> Formula | Missing | Unusable:
    """The value of a SymPy expression at `point`, numbers by symbol name.

    usable: names of the symbols that may stand in it. instead: of others by name, why they may not,
    and what to write. A matrix of one row and one column counts as its entry.
    """
    import sympy

    if formula is None or formula is Ellipsis:
        return Missing()
    if isinstance(formula, str):
        return Unusable("expected a formula in the given symbols, without quotes")
    if callable(formula) and not isinstance(formula, sympy.Basic | type):
        return Unusable(f"expected a formula in the given symbols, {NOT_CALLED}")
    try:
        expression = sympy.sympify(formula)
    except Exception:
        expression = None
    if isinstance(expression, sympy.MatrixBase | sympy.MatrixExpr | sympy.NDimArray):
        expression = expression.doit()
        if any(size != 1 for size in expression.shape):
            return Unusable(f"expected one formula, got a matrix of shape {expression.shape}")
        expression = expression[(0,) * len(expression.shape)]
    if not isinstance(expression, sympy.Expr):
        return Unusable("expected a formula in the given symbols")
    expression = expression.doit()  # a Derivative may not have been carried out
    # By name: a symbol declared again, with assumptions, is another one to SymPy.
    names = {symbol: symbol.name for symbol in expression.free_symbols}
    for name in sorted(set(names.values()) - set(usable)):
        if name.startswith("delta"):
            why = (instead or {}).get(name)
            return Unusable(f"write this one without {name}" + (f": {why}" if why else ""))
        return Unusable(f"the symbol {name} does not belong in this answer")
    value = expression.evalf(20, subs={symbol: point[name] for symbol, name in names.items()})
    try:
        return Formula(float(value), str(expression))
    except TypeError:
        return Unusable("the formula does not come down to a number: is a function not applied?")
