"""Lecture 1: counting networks, derivatives by the rules and by differences, one step downhill."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from helpers.asking import lecture_1_learning_by_gradient as asking
from helpers.asking.record import Answer
from helpers.course import line_example
from helpers.marking.misconceptions.of_a_step import Value
from helpers.marking.questions.model import (
    BY_HAND,
    EXACT,
    FLOAT64,
    Case,
    Consequences,
    Judged,
    Mistake,
    Part,
    Question,
    Tolerance,
)
from helpers.numerical import central_difference, forward_difference
from helpers.sgd_step import Quantities
from helpers.weight_space import WeightSpace

GRIDS = {"networks_6": (6, 9), "networks_10": (10, 9)}  # k values for each of n weights
LAYERS = (784, 30, 10)
PARAMETERS = sum((units + 1) * after for units, after in zip(LAYERS, LAYERS[1:]))
LAYERS_OF_ANOTHER = (784, 100, 10)
PARAMETERS_OF_ANOTHER = sum(
    (units + 1) * after for units, after in zip(LAYERS_OF_ANOTHER, LAYERS_OF_ANOTHER[1:])
)
THERE = asking.THERE  # what df_dx_2 gives at (1, 3)
GRADIENT = (3.0, -4.0)  # of the question on directions
ETA = 0.25
A_DEGREE = Tolerance(relative=0, absolute=np.deg2rad(1))  # of a vector of length 1
ABOUT = Tolerance(relative=0.1, absolute=0, by_hand=True)
COUNT = Tolerance(relative=0, absolute=0.5, by_hand=True)  # a billion and one is not a billion


def _numbers(
    question: str,
    parts: tuple[Part, ...],
    expected: Mapping[str, Value | str],
    mistakes: Mapping[str, Sequence[Mistake]] | None = None,
    given: Mapping[str, Value] | None = None,
    consequences: Consequences | None = None,
) -> Question:
    """A question of fixed numbers or letters; mistakes, given and consequences as in Case."""
    values = {
        name: value if isinstance(value, str) else np.asarray(value, dtype=float)
        for name, value in expected.items()
    }
    case = Case(
        values,
        mistakes or {},
        given or {},
        consequences=consequences,
    )
    return Question(question, parts, tuple(part.name for part in parts), lambda rng: [case])


def _or_nearly(count: int, mistakes: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """`mistakes`, and all other counts that are off by one or two."""
    known = [value for _, value in mistakes]
    nearly = [("count_off_by_one", count + off) for off in (-2, -1, 1, 2)]
    return mistakes + [(name, value) for name, value in nearly if value not in known]


def _miscounted(inputs: int, hidden: int, outputs: int) -> list[tuple[str, int]]:
    """Wrong counts of the weights and biases of a network with one hidden layer."""
    weights = inputs * hidden + hidden * outputs
    return [
        ("biases_not_counted", weights),
        ("inputs_have_no_bias", weights + inputs + hidden + outputs),
        ("one_bias_a_layer", weights + 2),
        ("one_bias_a_layer", weights + 3),  # for the inputs, too
        ("layers_multiplied", inputs * hidden * outputs),
    ]


def _count() -> Question:
    mistakes = {
        name: _or_nearly(
            k**n,
            [
                ("power_turned", n**k),
                ("values_times_weights", k * n),
                ("numbers_added", k + n),
                ("caret_for_power", k ^ n),
                ("power_of_ten", k * 10**n),
            ],
        )
        for name, (k, n) in GRIDS.items()
    }
    mistakes["parameters"] = _or_nearly(PARAMETERS, _miscounted(*LAYERS))
    parts = (
        *(
            Part(
                name,
                1,
                f"{k} values for each of {n}",
                COUNT,
                default_hint=f"the count is a product of factors {k}: how often does this factor "
                "stand in it? That is the exponent",
            )
            for name, (k, n) in GRIDS.items()
        ),
        Part(
            "parameters",
            1,
            "weights and biases of the 784-30-10 network",
            EXACT,
            default_hint="between two layers each unit of the one is joined to each of the other: "
            "multiply there. What the pairs of layers give, and the biases, are added",
        ),
    )
    expected = {name: k**n for name, (k, n) in GRIDS.items()} | {"parameters": PARAMETERS}
    return _numbers("l1.count", parts, expected, mistakes)


def _perceptron() -> Question:
    """Any weights and bias are right with which the unit says AND: their sign at the corners."""
    part = Part(
        "answers",
        2,
        "1 where z is above 0, at (0,0), (0,1), (1,0), (1,1)",
        FLOAT64,
        default_hint="put each of the four corners into z, (1, 1) too: where is it above 0, and "
        "where should it be?",
    )

    mistakes = [
        ("says_or", np.array([0.0, 1, 1, 1])),
        ("says_always_the_same", np.zeros(4)),
        ("says_always_the_same", np.ones(4)),
    ]
    case = Case(
        {"answers": np.array([0.0, 0, 0, 1])},
        {"answers": mistakes},
        collect_answers=asking.perceptron,
    )
    return Question("l1.perceptron", (part,), ("w", "b"), lambda rng: [case])


INSTRUCTION = Part(
    "value",
    1,
    "which of the four is a value",
    hint_for_choice={
        "A": "This says what to do. To what is it to be done?",
        "B": "The ∂ says that other variables are held fixed. Does it say what to differentiate?",
        "C": "",
        "D": "Two instructions one after the other are still an instruction.",
    },
)


# f(x_1, x_2) = (2 x_1 + 3 x_2)² + 3: what comes out when a rule is left out
def _by_rules() -> Question:
    parts = (
        Part(
            "df_dx_2",
            2,
            "the derivative of f with respect to x_2",
            FLOAT64,
            default_hint="not equal to the right formula; go through the rules one by one",
            needs=("x_1", "x_2"),
            question="go through the rules one by one: what does each of them give here?",
        ),
        Part("gradient_f", 1, "both derivatives at (1, 3)", BY_HAND),
    )

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for _ in range(3):
            x_1, x_2 = rng.uniform(0.5, 2, 2)
            inner = 2 * x_1 + 3 * x_2
            wrong = [
                ("inner_derivative_forgotten", 2 * inner),
                ("inner_term_kept", 6 * inner * x_2),
                ("other_variable", 4 * inner),
                ("constant_kept", 6 * inner + 3),
                ("outer_not_differentiated", 3 * inner**2),
                ("exponent_forgotten", 3 * inner),
                ("derivatives_added", 2 * inner + 3),
            ]
            at_point = np.array([44.0, 66.0])
            yield Case(
                {"df_dx_2": np.asarray(6 * inner), "gradient_f": at_point},
                {
                    "df_dx_2": [(name, np.asarray(value)) for name, value in wrong],
                    "gradient_f": [
                        ("inner_derivative_forgotten", np.array([22.0, 22.0])),
                        ("order_of_variables", at_point[::-1]),
                        ("coordinates_exchanged", np.array([36.0, 54.0])),
                    ],
                },
                collect_answers=asking.by_rules,
                test_inputs={"point": {"x_1": x_1, "x_2": x_2}},
                consequences=partial(consequences, np.asarray(6 * inner)),
            )

    def consequences(right: np.ndarray, own: Quantities) -> Iterator[Quantities]:
        there = own.get(THERE, np.asarray(66.0))
        yield {"df_dx_2": right, THERE: there, "gradient_f": np.array([44.0, there.item()])}

    return Question(
        "l1.by_rules",
        parts,
        ("df_dx_2", "gradient_f"),
        cases=lambda rng: list(cases(rng)),
        intermediates={THERE: "df_dx_2"},
        intermediates_from=_own_derivative,
        method_values=(THERE,),
    )


def _own_derivative(
    cases: Sequence[Case], values: Mapping[str, Sequence[Answer]], judged: Mapping[str, Judged]
) -> Iterator[dict[str, list[np.ndarray]]]:
    """What the student's own formula for df_dx_2 gives at the point of gradient_f."""
    found = [value for value in values[THERE] if isinstance(value, np.ndarray) and value.size == 1]
    if len(found) == len(cases):
        yield {THERE: [value.reshape(()) for value in found]}


def _direction() -> Question:
    parts = (
        Part(
            "descent",
            1,
            "two numbers that point to steepest descent",
            A_DEGREE,
            default_hint="the direction is off; its length does not matter",
        ),
        Part("rate", 1, "how much the loss falls per unit of length that way", BY_HAND),
        Part(
            "across",
            1,
            "how much the loss changes per unit of length at right angles to the gradient",
            BY_HAND,
            default_hint="the loss changes fastest along the gradient: how far along it does a "
            "step at right angles to it get?",
        ),
    )
    gradient = np.array(GRADIENT)
    length = float(np.hypot(*gradient))
    downhill = -gradient / length
    mistakes = {
        "descent": [
            ("step_added", -downhill),
            ("order_of_variables", downhill[::-1]),
            ("across_the_slope", downhill[::-1] * [1, -1]),
            ("across_the_slope", downhill[::-1] * [-1, 1]),
            ("one_sign_only", downhill * [1, -1]),
            ("one_sign_only", downhill * [-1, 1]),
        ],
        "rate": [
            ("components_added", np.asarray(np.abs(gradient).sum())),
            ("components_added", np.asarray(abs(gradient.sum()))),
            ("length_squared", np.asarray(length**2)),
        ],
    }

    expected = {"descent": downhill, "rate": np.asarray(length), "across": np.asarray(0.0)}
    case = Case(expected, mistakes, collect_answers=asking.direction)
    names = tuple(part.name for part in parts)
    return Question("l1.direction", parts, names, lambda rng: [case])


def _differences() -> Question:
    parts = (
        Part("forward_difference", 1, "from x to x + h", FLOAT64),
        Part("central_difference", 1, "half of h to each side of x", FLOAT64),
    )

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for _ in range(3):
            a, b, x = rng.uniform(0.5, 1.5, 3)
            h = rng.uniform(0.05, 0.1)

            def function(x: np.ndarray | float, a: float = a, b: float = b) -> float:
                return float(a * x**3 + b * x)

            forward = forward_difference(function, x, h)
            backward = forward_difference(function, x - h, h)
            central = central_difference(function, x, h)
            wide = central_difference(function, x, 2 * h)
            yield Case(
                {"forward_difference": forward, "central_difference": central},
                {
                    "forward_difference": [
                        ("central_asked_below", central),
                        ("central_asked_below", wide),
                        ("central_asked_below", 2 * wide),
                        ("backward_difference", backward),
                        ("difference_turned", -forward),
                        ("not_divided", forward * h),
                        ("multiplied_by_the_width", forward * h**2),
                        ("multiplied_by_the_width", forward / 2 * h**2),
                        ("bracket_forgotten", function(x + h) - function(x) / h),
                    ],
                    "central_difference": [
                        ("forward_difference", forward),
                        ("full_step_each_side", wide),
                        ("width_of_the_step", 2 * central),
                        ("width_of_the_step", central / 2),
                        ("full_step_each_side", 2 * wide),
                        ("bracket_forgotten", function(x + h / 2) - function(x - h / 2) / h),
                        ("difference_turned", -central),
                        ("not_divided", central * h),
                        *(
                            ("multiplied_by_the_width", value * h**2)
                            for value in (central, central / 2, wide)
                        ),
                        (
                            "halved_with_the_point",
                            (function((x + h) / 2) - function((x - h) / 2)) / h,
                        ),
                    ],
                },
                collect_answers=asking.differences,
                test_inputs={"a": a, "b": b, "x": x, "h": h},
            )

    names = tuple(part.name for part in parts)
    return Question("l1.differences", parts, names, cases=lambda rng: list(cases(rng)))


ORDER = (
    "with which power of h does this error grow, h or h²? And what does that power become when h "
    "is a tenth of what it was?"
)


def _error() -> Question:
    parts = (
        Part(
            "forward_factor",
            1,
            "the forward difference's error becomes this much smaller",
            ABOUT,
            default_hint=ORDER,
        ),
        Part(
            "central_factor",
            1,
            "the central difference's error becomes this much smaller",
            ABOUT,
            default_hint=ORDER,
        ),
        Part(
            "tiny",
            1,
            "the three widths h, that with the smallest error first",
            EXACT,
            default_hint="each of the two values is rounded, and h stands below: what does "
            "dividing by a tiny number do to that rounding?",
        ),
    )
    mistakes: dict[str, list[Mistake]] = {
        "forward_factor": [("order_too_high", np.asarray(100.0)), ("factor_below_1", 0.1)],
        "central_factor": [
            ("order_too_low", np.asarray(10.0)),
            ("doubled_for_squared", 2 * 10.0),
            ("factor_below_1", 0.01),
        ],
    }
    expected = {
        "forward_factor": np.asarray(10.0),
        "central_factor": np.asarray(100.0),
        "tiny": np.array([1e-5, 1e-2, 1e-12]),
    }
    case = Case(expected, mistakes, collect_answers=asking.error)
    names = tuple(part.name for part in parts)
    return Question("l1.error", parts, names, lambda rng: [case])


RUNS = (
    "how many numbers does the network have that can be moved, weights and biases, and how many "
    "runs does the difference take for each of them, and besides?"
)


def _cost() -> Question:
    """Counts of runs; a wrong count of the parameters shows in both."""
    parts = (
        Part(
            "forward_runs",
            1,
            "runs of the network with forward differences",
            EXACT,
            default_hint=RUNS,
        ),
        Part("central_runs", 1, "runs with central differences", EXACT, default_hint=RUNS),
    )
    miscounted = _miscounted(*LAYERS_OF_ANOTHER)
    mistakes = {
        "forward_runs": _or_nearly(
            PARAMETERS_OF_ANOTHER + 1,
            [
                ("point_itself_not_counted", PARAMETERS_OF_ANOTHER),
                ("point_counted_each_time", 2 * PARAMETERS_OF_ANOTHER),
                ("network_of_the_text", PARAMETERS + 1),
                ("network_of_the_text", PARAMETERS),
                *((name, count + 1) for name, count in miscounted),
                *miscounted,
            ],
        ),
        "central_runs": _or_nearly(
            2 * PARAMETERS_OF_ANOTHER,
            [
                ("both_sides_counted_once", PARAMETERS_OF_ANOTHER),
                ("both_sides_counted_once", PARAMETERS_OF_ANOTHER + 1),
                ("point_not_needed", 2 * PARAMETERS_OF_ANOTHER + 1),
                ("network_of_the_text", 2 * PARAMETERS),
                *((name, 2 * count) for name, count in miscounted),
                *((name, 2 * count + 1) for name, count in miscounted),
            ],
        ),
    }
    expected = {
        "forward_runs": PARAMETERS_OF_ANOTHER + 1,
        "central_runs": 2 * PARAMETERS_OF_ANOTHER,
    }
    return _numbers("l1.cost", parts, expected, mistakes)


def _step() -> Question:
    space = WeightSpace(*line_example())
    start, gradient = space.start, space.gradient(space.start)
    points = list(zip(space.x[:, None], space.t[:, None]))
    parts = (
        Part("gradient", 2, "the derivatives with respect to w and b", BY_HAND, some_may_be_0=True),
        Part("new", 1, "w and b after the step", BY_HAND),
    )
    mistakes = {
        "gradient": [
            ("points_added", len(space.x) * gradient),
            ("wrong_sign", -gradient),
            *(("one_point_only", WeightSpace(space.net, x, t).gradient(start)) for x, t in points),
            ("bias_not_averaged", gradient * [1, len(space.x)]),
            ("input_forgotten", np.array([gradient[1], gradient[1]])),
            ("order_of_variables", gradient[::-1]),
        ],
        "new": [
            ("not_updated", start),
            ("step_added", start + ETA * gradient),
            ("learning_rate_forgotten", start - gradient),
            ("step_instead_of_weight", -ETA * gradient),
            ("step_instead_of_weight", ETA * gradient),
            ("step_twice_as_long", start - 2 * ETA * gradient),
            ("order_of_variables", (start - ETA * gradient)[::-1]),
        ],
    }
    expected = {"gradient": gradient, "new": start - ETA * gradient}

    def consequences(own: Quantities) -> Iterator[Quantities]:
        taken = own.get("gradient", gradient)
        yield {"gradient": taken, "new": start - ETA * taken}

    return _numbers("l1.step", parts, expected, mistakes, {"new": start}, consequences)


TOO_LARGE = (
    Part(
        "far_too_small",
        1,
        "a learning rate that is far too small",
        hint_for_choice={
            "A": "",
            "B": "Each step is the learning rate times the gradient, taken downhill. How long is "
            "it with a tiny learning rate: can it get across the valley?",
            "C": "Short steps follow the slope closely. What do they lack?",
        },
    ),
    Part(
        "too_large",
        1,
        "a learning rate that is too large",
        hint_for_choice={
            "A": "Follow one step on the curve above, with an arrow five times as long. Where "
            "does it end?",
            "B": "",
            "C": "A longer arrow starts in the right direction. What if it ends higher than it "
            "started?",
        },
    ),
)

QUESTIONS = (
    _count(),
    _perceptron(),
    _numbers("l1.instruction", (INSTRUCTION,), {"value": "C"}),
    _by_rules(),
    _direction(),
    _differences(),
    _step(),
    _numbers("l1.learning_rate", TOO_LARGE, {"far_too_small": "A", "too_large": "B"}),
    _error(),
    _cost(),
)
