"""Lecture 2: single steps of the derivation, with the lecture's network and a published example."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np

from helpers.activations import sigmoid
from helpers.asking import lecture_2_deriving_backpropagation as asking
from helpers.course import lecture_step, slide_example
from helpers.marking.misconceptions.of_a_step import slope_from_output
from helpers.marking.misconceptions.of_many_layers import Layers
from helpers.marking.questions.model import BY_HAND, EXACT, Case, Mistake, Part, Question, step_case
from helpers.network import Network
from helpers.reference import gradients
from helpers.reference import slope as slope_of
from helpers.sgd_step import Quantities, SGDStep

Parts = tuple[Part, ...]
OTHER_TARGET = 0.1
OTHER_INPUTS = (0.5, 1.0)
SLIDE_ETA = 0.1


@cache
def _step() -> SGDStep:
    return lecture_step()


@cache
def _step_with_other_target() -> SGDStep:
    step = _step()
    return SGDStep(step.net, step.x, [[OTHER_TARGET]], step.eta)


def _question(
    name: str, parts: Parts, case: Callable[[Parts], Case], depends_on: Iterable[str] = ()
) -> Question:
    return Question(
        name,
        parts,
        tuple(part.name for part in parts),
        cases=lambda rng: [case(parts)],
        depends_on={question: None for question in depends_on},
    )


def _and_mistakes(case: Case, mistakes: Mapping[str, Sequence[Mistake]]) -> Case:
    """`case`, which first looks for more mistakes: (misconception, value) pairs by part."""
    both = {part: [*mistakes.get(part, ()), *case.mistakes.get(part, ())] for part in case.expected}
    return replace(case, mistakes=both)


def _with_first_target(case: Case, parts: Parts) -> Case:
    """`case`, which also knows what comes out with the target that the text has used before."""
    before = step_case(_step(), parts)
    return _and_mistakes(
        case,
        {
            name: [("target_of_the_text", np.asarray(value))]
            for name, value in before.expected.items()
        },
    )


def _numbers(
    expected: Mapping[str, float | Sequence[float]],
    mistakes: Mapping[str, Sequence[Mistake]] | None = None,
) -> Case:
    """A Case of numbers by part; mistakes: (misconception, number) pairs by part."""
    arrays = {part: np.asarray(value, dtype=float) for part, value in expected.items()}
    return Case(arrays, mistakes or {})


def _forward(parts: Parts) -> Case:
    """z_h at other inputs, and the loss that the same output would have with another target."""
    step, other = _step(), _step_with_other_target()
    at_other_inputs = SGDStep(step.net, [OTHER_INPUTS], step.t, step.eta)
    z_h = step_case(at_other_inputs, parts[:1])
    right = at_other_inputs["z_h"]
    read_across = SGDStep(
        Network([step["W_h"].T, step["W_o"]], [step["b_h"], step["b_o"]]),
        [OTHER_INPUTS],
        step.t,
        step.eta,
    )
    z_h = _and_mistakes(
        z_h,
        {
            "z_h": [
                ("units_swapped", right[:, ::-1]),
                ("weights_read_across", read_across["z_h"]),
                ("activation_for_weighted_input", at_other_inputs["a_h"]),
                ("inputs_of_the_text", step["z_h"]),
            ]
        },
    )
    E = _with_first_target(step_case(other, parts[1:]), parts[1:])
    return Case({**z_h.expected, **E.expected}, {**z_h.mistakes, **E.mistakes})


def _output_delta(parts: Parts) -> Case:
    case = _with_first_target(step_case(_step_with_other_target(), parts), (parts[0], parts[2]))
    return _and_mistakes(case, {"link_2": [("slope_at_0", np.array([[0.25]]))]})


OUTPUT_DELTA = (
    Part("link_1", 1, "∂E/∂a_o", BY_HAND, quantity="dE_da_o"),
    Part("link_2", 1, "∂a_o/∂z_o", BY_HAND, quantity="slope_o"),
    Part("delta", 1, "delta of the output unit", BY_HAND, quantity="delta_o"),
)

DIRECTION = Part(
    "direction",
    1,
    "three numbers, 1 for a parameter that rises and -1 for one that falls",
    EXACT,
    default_hint="the step subtracts the gradient, and all three gradients have your delta as a "
    "factor: what sign do the others have? Is the weight itself one of them?",
)


def _output_gradients(parts: Parts) -> Case:
    numbers = _with_first_target(step_case(_step_with_other_target(), parts[:2]), parts[:2])
    down = np.array([-1.0, -1.0, -1.0])
    return replace(
        numbers,
        expected={**numbers.expected, "direction": down},
        mistakes={**numbers.mistakes, "direction": [("step_added", -down)]},
        consequences=partial(_with_direction, _step_with_other_target()),
        collect_answers=asking.output_gradients,
    )


def _with_direction(step: SGDStep, own: Quantities) -> Iterator[Quantities]:
    """What follows from a student's own values, and which way the parameters move with them."""
    for q in step.consequences(own):
        gradients = np.append(q["dW_o"], q["db_o"])
        yield {**q, "direction": -np.sign(gradients)}


HIDDEN_UNIT = (
    Part("delta_h2", 1, "delta of hidden unit 2", BY_HAND, "delta_h", (0, 1)),
    Part("dw_h12", 1, "gradient of w_h12", BY_HAND, "dW_h", (0, 1)),
    Part("dw_h22", 1, "gradient of w_h22", BY_HAND, "dW_h", (1, 1)),
    Part("db_h2", 1, "gradient of the bias of hidden unit 2", BY_HAND, "db_h", (1,)),
)


def _hidden_unit(parts: Parts) -> Case:
    """Hidden unit 2; a slip in its delta is recognised in what follows from it, too.

    The student's own `delta`, from the questions before, is that of another target.
    """
    step = _step()
    x, weights = step.x[0], step["W_h"][:, 1]
    slopes, W_o, delta_o = step["slope_h"][0], step["W_o"][:, 0], step["delta_o"].item()
    deltas = [
        ("other_edge", delta_o * W_o[0] * slopes[1]),
        ("other_edge", delta_o * W_o.sum() * slopes[1]),
        ("slope_of_another_unit", delta_o * W_o[1] * slopes[0]),
        ("edge_forgotten", delta_o * slopes[1]),
        *(
            ("weight_of_another_layer", delta_o * weight * slopes[1])
            for weight in step["W_h"].T.ravel()[::-1]  # those of this unit first
        ),
        ("of_another_unit", step["delta_h"][0, 0]),
    ]
    mistakes = {"delta_h2": [*deltas], "db_h2": [*deltas]}
    for name, entering, weight in (("dw_h12", x[0], weights[0]), ("dw_h22", x[1], weights[1])):
        mistakes[name] = [
            ("weight_for_activation", weight * step["delta_h"][0, 1]),
            *((slip, entering * delta) for slip, delta in deltas),
        ]
    mistakes["dw_h12"].append(("of_another_unit", step["dW_h"][1, 0]))
    own_delta = step_case(_step_with_other_target(), parts).expected
    for name, value in own_delta.items():
        mistakes[name].append(("target_of_before", np.asarray(value)))
    return _and_mistakes(step_case(step, parts), mistakes)


def _two_paths(parts: Parts) -> Case:
    a, weights, deltas = 0.8, np.array([0.5, 2.0]), np.array([0.3, -0.2])
    slope = a * (1 - a)
    paths = deltas * weights
    return _numbers(
        {"delta_j": paths.sum() * slope},
        {
            "delta_j": [
                ("slope_forgotten", paths.sum()),
                ("paths_averaged", paths.mean() * slope),
                ("one_path_only", paths[0] * slope),
                ("one_path_only", paths[1] * slope),
                ("every_delta_on_every_edge", deltas.sum() * weights.sum() * slope),
                ("sign_turned", -paths.sum() * slope),
                ("sign_of_a_path", np.abs(paths).sum() * slope),
                ("sum_without_brackets", paths[0] + paths[1] * slope),
                ("sum_without_brackets", paths[0] * slope + paths[1]),
                ("slope_without_brackets", paths.sum() * a - a),
                ("activation_for_slope", paths.sum() * a),
                ("slope_at_a", paths.sum() * slope_of(sigmoid, a)),
                ("slope_of_other_numbers", paths.sum() * a * (1 + a)),
                ("slope_of_other_numbers", paths.sum() * a * a),
                ("factor_of_the_slope_missing", paths.sum() * (1 - a)),
                ("edges_crossed", (deltas * weights[::-1]).sum() * slope),
                ("edge_forgotten", deltas.sum() * slope),
                ("paths_multiplied", paths.prod() * slope),
            ]
        },
    )


SIZES = "what do its rows stand for, points or units of a layer, and what do its columns stand for?"


def _shapes(parts: Parts) -> Case:
    inputs, hidden, outputs, points = 6, 4, 3, 8
    shapes = {
        "delta_o_shape": (points, outputs),
        "W_o_transposed_shape": (outputs, hidden),
        "delta_h_shape": (points, hidden),
        "dW_h_shape": (inputs, hidden),
    }
    return _numbers(
        shapes,
        {
            name: [("rows_and_columns_exchanged", np.asarray(shape[::-1]))]
            for name, shape in shapes.items()
        },
    )


NEEDED = Part(
    "needed",
    1,
    "the units whose deltas unit 5 needs",
    EXACT,
    default_hint="which edges lead from unit 5 to the right, and where do they end? The formula "
    "goes along them, and no further than one layer",
    count_is_asked=True,
)
NEXT_LAYER = [8, 9, 10]


def _any_depth(parts: Parts) -> Case:
    """Sets of units as lists in their order: how many they are says nothing of the slip yet."""
    some = [[8], [9], [10], [8, 9], [8, 10], [9, 10]]
    own_layer = [[5], [6, 7], [5, 6, 7]]
    wrong: dict[str, list[list[int]]] = {
        "all_later_units": [NEXT_LAYER + more for more in ([11], [12], [11, 12])],
        "outputs_alone": [[11], [12], [11, 12]],
        "inputs_for_deltas": [[1, 2, 3, 4], [1, 2, 3, 4, 5], [1, 2, 3, 4, *NEXT_LAYER]],
        "units_of_its_own_layer": [*own_layer, *(units + NEXT_LAYER for units in own_layer)],
        "some_of_its_edges": some,
    }
    mistakes = [(name, np.array(units)) for name, sets in wrong.items() for units in sets]
    case = _numbers({"needed": NEXT_LAYER}, {"needed": mistakes})
    return replace(case, collect_answers=asking.any_depth)


LOOP = tuple(
    Part(f"{name}_{which}", 1, f"gradients of the {words}, {where}")
    for name, words in (("dW", "weights"), ("db", "biases"))
    for which, where in (("last", "last layer"), ("earlier", "all layers before it"))
)
DEPTHS = ((4, 3, 3, 2), (3, 2, 4, 3, 2), (2, 5, 3))  # sizes of the layers, the inputs first


def _loop_cases(rng: np.random.Generator) -> Iterator[Case]:
    """The backward sweep on networks of several depths and batches."""
    for sizes, points in zip(DEPTHS, (5, 4, 7)):
        weights = [rng.uniform(-1.5, 1.5, shape) for shape in zip(sizes, sizes[1:])]
        biases = [rng.uniform(-1, 1, units) for units in sizes[1:]]
        net = Network(weights, biases)
        x = rng.uniform(-1.5, 1.5, (points, sizes[0]))
        t = rng.uniform(0.05, 0.95, (points, sizes[-1]))
        trace = net.forward(x)
        expected = _last_and_earlier(net, x, t)
        # The same errors at linear outputs: what comes out without the outputs' slopes.
        linear = Network(weights, biases, output="linear")
        without = _last_and_earlier(linear, x, trace.z[-1] - (trace.a[-1] - t))
        in_hidden_layers = _with_other_derivatives(net, x, t)
        mistakes: dict[str, list[Mistake]] = {
            name: [
                ("sum_over_batch", points * value),
                ("wrong_sign", -value),
                (f"{'output_' if 'earlier' in name else ''}slope_forgotten", without[name]),
            ]
            for name, value in expected.items()
        }
        for name, by_part in (*in_hidden_layers, *_without_brackets(net, x, t)):
            for part, value in by_part.items():
                mistakes[part].append((name, value))
        yield Case(
            expected,
            mistakes,
            collect_answers=asking.loop,
            test_inputs={"x": x, "t": t, "W": net.weights, "a": trace.a},
            label=f"a {'-'.join(map(str, sizes))} network, {points} points",
        )


def _last_and_earlier(net: Network, x: np.ndarray, t: np.ndarray) -> Quantities:
    """The reference gradients as helpers.asking's `loop` returns them."""
    g = gradients(net, x, t)
    return {
        f"{name}_{which}": _in_a_row(arrays)
        for name, every in (("dW", g.weights), ("db", g.biases))
        for which, arrays in (("last", every[-1:]), ("earlier", every[:-1]))
    }


def _in_a_row(arrays: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in arrays])


def _layers(net: Network, x: np.ndarray, t: np.ndarray) -> Layers:
    """A network of sigmoid units, layer by layer, at some data points."""
    trace = net.forward(x)
    slopes = [slope_of(sigmoid, z) for z in trace.z]
    return Layers(x, net.weights, trace.z, trace.a, slopes, gradients(net, x, t))


def _with_other_derivatives(
    net: Network, x: np.ndarray, t: np.ndarray
) -> Iterator[tuple[str, Quantities]]:
    """What wrong derivatives in the hidden layers give, by name: the gradients of these layers."""
    layers = _layers(net, x, t)

    def gradients_with(
        derivative: Callable[[np.ndarray], np.ndarray], delta_o: np.ndarray
    ) -> Quantities:
        deltas = layers.going_on(layers.last, delta_o, lambda k: derivative(layers.a[k]))
        hidden = [layers.gradients(k, deltas[k]) for k in range(layers.last)]
        return {f"{name}_earlier": _in_a_row(g[name] for g in hidden) for name in ("dW", "db")}

    delta_o = layers.right.delta[-1]
    yield "slope_forgotten", gradients_with(np.ones_like, delta_o)
    yield "slope_forgotten", gradients_with(np.ones_like, layers.a[-1] - t)  # nowhere at all
    yield "factor_of_the_slope_missing", gradients_with(lambda a: a, delta_o)
    yield "factor_of_the_slope_missing", gradients_with(lambda a: 1 - a, delta_o)
    yield "slope_of_tanh", gradients_with(lambda a: slope_from_output("tanh", a), delta_o)
    yield "slope_at_a", gradients_with(lambda a: slope_of(sigmoid, a), delta_o)


def _without_brackets(
    net: Network, x: np.ndarray, t: np.ndarray
) -> Iterator[tuple[str, Quantities]]:
    """What `* a * 1 - a` gives: in the hidden layers, at the outputs, or in all of them."""
    layers = _layers(net, x, t)
    last, error = layers.last, layers.a[-1] - t
    at_outputs = error * layers.a[-1] - layers.a[-1]
    for hidden_too, delta_o in (
        (True, layers.right.delta[-1]),
        (False, at_outputs),
        (True, at_outputs),
    ):
        deltas = {last: delta_o}
        for k in reversed(range(last)):
            back = layers.sent_back(k + 1, deltas[k + 1])
            deltas[k] = back * layers.a[k] - layers.a[k] if hidden_too else back * layers.slopes[k]
        found = [layers.gradients(k, deltas[k]) for k in range(last + 1)]
        by_part = {f"{name}_earlier": _in_a_row(g[name] for g in found[:-1]) for name in found[0]}
        if delta_o is at_outputs:
            by_part |= {f"{name}_last": g.ravel() for name, g in found[-1].items()}
        yield "slope_without_brackets", by_part


UPDATES = Part(
    "updates",
    1,
    "steps in 10 epochs",
    EXACT,
    default_hint="one step for each batch: how many batches are there in an epoch, and how many of "
    "them in all epochs?",
)
# Release 0.1.0 asked for 5 epochs with batches of 32: the same number, so older work stays right,
# but as many batches as one batch has points.


def _updates(parts: Parts) -> Case:
    points, size, epochs = 1000, 64, 10
    full = points // size
    return _numbers(
        {"updates": epochs * (full + 1)},
        {
            "updates": [
                ("last_batch_forgotten", epochs * full),
                ("fraction_of_a_batch", epochs * points / size),
                ("fraction_of_a_batch", np.floor(epochs * points / size)),
                ("fraction_of_a_batch", np.ceil(epochs * points / size)),
                ("one_epoch_only", full + 1),
                ("size_for_number_of_batches", epochs * size),
                ("one_update_an_epoch", epochs),
                ("one_update_a_point", epochs * points),
            ]
        },
    )


def _slips_in_a_hidden_gradient(
    delta_o: float,
    net: Network,
    x: np.ndarray,
    a_h: np.ndarray,
    place: tuple[int, int],
    at_output: float,
) -> list[Mistake]:
    """Mistakes in the gradient of the weight at `place` of W_h, whose units are linear.

    at_output: what a sigmoid's derivative would be there, as a(1 − a) gives it.
    """
    i, j = place
    W_h, W_o = net.weights[0], net.weights[1][:, 0]
    return [
        ("wrong_sign", -delta_o * W_o[j] * x[i]),
        ("edge_forgotten", delta_o * x[i]),
        ("start_of_the_edge", delta_o * W_o[j] * a_h[j]),
        ("weight_for_activation", delta_o * W_o[j] * W_h[place]),
        ("inputs_exchanged", delta_o * W_o[j] * x[1 - i]),
        *(
            ("slope_of_linear", factor * delta_o * W_o[j] * x[i])
            for factor in (
                a_h[j] * (1 - a_h[j]),
                at_output,
                at_output * a_h[j] * (1 - a_h[j]),
            )
        ),
        *(("other_edge", delta_o * W_o[k] * x[i]) for k in range(len(W_o)) if k != j),
    ]


def _slide_gradients(parts: Parts) -> Case:
    net, x, t = slide_example()
    g = gradients(net, x, t)
    dW = {"36": g.weights[1][0, 0], "13": g.weights[0][0, 0], "24": g.weights[0][1, 1]}
    old = {"36": net.weights[1][0, 0], "13": net.weights[0][0, 0]}
    new = {name: old[name] - SLIDE_ETA * dW[name] for name in old}
    # The order trap: ∂E/∂w13 sent back through the w36 of after the step.
    W_o = net.weights[1].copy()
    W_o[0, 0] = new["36"]
    moved = Network([net.weights[0], W_o], hidden="linear", output="linear")
    a_o = net.forward(x).a[-1]
    # With the target shifted so that the error, and so delta_6, is that of the forward pass.
    shifted = moved.forward(x).a[-1] - (a_o - t)
    trap = gradients(moved, x, shifted).weights[0][0, 0]
    delta_6, a_h = (a_o - t).item(), net.forward(x).a[0][0]
    at_6 = (a_o * (1 - a_o)).item()
    expected = {f"dE_dw{name}": value for name, value in dW.items()}
    mistakes: dict[str, list[Mistake]] = {
        "dE_dw36": [
            ("wrong_sign", -dW["36"]),
            ("weight_for_activation", delta_6 * old["36"]),
            ("slope_of_linear", at_6 * dW["36"]),
            *(("start_of_the_edge", delta_6 * a_h[unit]) for unit in (1, 2)),
        ],
        "dE_dw13": _slips_in_a_hidden_gradient(delta_6, net, x[0], a_h, (0, 0), at_6),
        "dE_dw24": _slips_in_a_hidden_gradient(delta_6, net, x[0], a_h, (1, 1), at_6),
    }
    for name in old:
        expected[f"w{name}_new"] = new[name]
        mistakes[f"w{name}_new"] = [
            ("step_added", old[name] + SLIDE_ETA * dW[name]),
            ("learning_rate_forgotten", old[name] - dW[name]),
            ("step_instead_of_weight", SLIDE_ETA * dW[name]),
        ]
    mistakes["dE_dw13"].append(("updated_output_weights", trap))
    mistakes["w13_new"].append(("updated_output_weights", old["13"] - SLIDE_ETA * trap))

    def consequences(own: Quantities) -> Iterator[Quantities]:
        taken = {name: own.get(f"dE_dw{name}", np.asarray(dW[name])) for name in old}
        new = {f"w{name}_new": old[name] - SLIDE_ETA * taken[name] for name in old}
        yield new | {f"dE_dw{name}": taken[name] for name in old}

    given = {f"w{name}_new": value for name, value in old.items()}
    return replace(_numbers(expected, mistakes), given=given, consequences=consequences)


TWO_ENDS = (
    "which number stands at the start of this weight's edge, and what is the delta of the unit at "
    "its end?"
)
ITS_STEP = "from which number is what subtracted, and by what is that multiplied?"
SLIDE_GRADIENTS = (
    Part("dE_dw36", 1, "gradient of w36", BY_HAND, default_hint=TWO_ENDS),
    Part("dE_dw13", 1, "gradient of w13", BY_HAND, default_hint=TWO_ENDS),
    Part("dE_dw24", 1, "gradient of w24", BY_HAND, default_hint=TWO_ENDS),
    Part("w36_new", 1, "w36 after the step", BY_HAND, default_hint=ITS_STEP),
    Part("w13_new", 1, "w13 after the step", BY_HAND, default_hint=ITS_STEP),
)

PREDICTION = Part(
    "prediction",
    1,
    "what the loss does",
    hint_for_choice={
        "A": "That is what a short step does. Compare your steps with the weights themselves.",
        "B": "The units are linear, but the loss is a square, and two layers' weights multiply.",
        "C": "",
    },
)


def _choice(answer: str) -> Callable[[Parts], Case]:
    return lambda parts: Case({parts[0].name: answer})


QUESTIONS = (
    _question(
        "l2.forward",
        (
            Part("z_h", 1, "weighted inputs of the hidden units", BY_HAND),
            Part("E", 1, "loss with the other target", BY_HAND),
        ),
        _forward,
    ),
    _question(
        "l2.output_delta",
        OUTPUT_DELTA,
        _output_delta,
    ),
    _question(
        "l2.output_gradients",
        (
            Part("dW_o", 1, "gradient of the output weights", BY_HAND),
            Part("db_o", 1, "gradient of the output bias", BY_HAND),
            DIRECTION,
        ),
        _output_gradients,
        depends_on=["l2.output_delta"],
    ),
    _question("l2.hidden_unit", HIDDEN_UNIT, _hidden_unit),
    _question(
        "l2.two_paths",
        (
            Part(
                "delta_j",
                2,
                "delta of the hidden unit",
                BY_HAND,
                default_hint="which delta comes back over which edge, what is done with the two "
                "that arrive, and which derivative do both then meet?",
            ),
        ),
        _two_paths,
    ),
    _question(
        "l2.shapes",
        (
            Part("delta_o_shape", 1, "of the output deltas", EXACT, default_hint=SIZES),
            Part("W_o_transposed_shape", 1, "of the transposed weights", EXACT, default_hint=SIZES),
            Part("delta_h_shape", 1, "of the hidden deltas", EXACT, default_hint=SIZES),
            Part("dW_h_shape", 1, "of the hidden weights' gradient", EXACT, default_hint=SIZES),
        ),
        _shapes,
    ),
    _question("l2.any_depth", (NEEDED,), _any_depth),
    Question("l2.loop", LOOP, ("backward_sweep",), lambda rng: list(_loop_cases(rng))),
    _question("l2.updates", (UPDATES,), _updates),
    _question("l2.slide_gradients", SLIDE_GRADIENTS, _slide_gradients),
    _question("l2.slide_prediction", (PREDICTION,), _choice("C")),
)
