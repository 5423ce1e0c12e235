"""Problem 3: the functions of the network from scratch, called on random batches.

Test inputs are what a function is called with, by the course's names: x, t, weights and biases,
hidden (the activation's name), eta.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from helpers.asking import Answers, Later, TestInputs
from helpers.asking.functions import (
    as_parameter,
    beside,
    from_dict,
    from_sequence,
    in_notebook,
    numbers_from,
    returned,
    shape_of,
    single_numbers,
    usable,
)
from helpers.asking.record import Missing, Refused, Unusable, numbers_in
from helpers.course import HIDDEN
from helpers.network import Network
from helpers.sgd_step import PARAMETERS

GRADIENTS = ("dW_h", "db_h", "dW_o", "db_o")
TRACE = ("z_h", "a_h", "z_o", "a_o")
DELTAS = ("delta_o", "delta_h")
OWN_DELTAS = tuple(f"own_{name}" for name in DELTAS)
OWN_FUNCTIONS = ("forward", "backward", "sgd_step")
OWN_GRADIENTS = tuple(f"own_{name}" for name in GRADIENTS)
# Test inputs of `backward` that tell a backward pass from looks at the loss: see
# helpers.marking.questions.problem_3_numpy.
OTHER_SCALES, FAR_TARGETS = TELLING = "other_scales", "far_targets"


def parameters_in(inputs: TestInputs) -> dict[str, np.ndarray]:
    """Copies of the weights and biases among the test inputs, by name."""
    return {name: inputs[name].copy() for name in PARAMETERS}


def _network(parameters: Mapping[str, np.ndarray], hidden: str) -> Network:
    return Network(
        [parameters["W_h"], parameters["W_o"]],
        [parameters["b_h"], parameters["b_o"]],
        hidden=hidden,
    )


def activations(
    inputs: TestInputs, activation: Callable[..., object], slope: Callable[..., object]
) -> Answers:
    answers: Answers = {}
    for name in HIDDEN:
        for function, of in ((activation, name), (slope, f"slope_{name}")):
            answers[of] = Later(numbers_from, function, name, z_for(of, inputs))
        if "grid" in inputs:
            for function, of in ((activation, name), (slope, f"slope_{name}")):
                answers[on_grid(of)] = Later(numbers_from, function, name, inputs["grid"].copy())
    return answers


def z_for(name: str, inputs: TestInputs) -> np.ndarray:
    """The weighted inputs at which an activation or a slope, by the name of its part, is asked for.

    An activation also at 0, in place inputs["zero_at"]; a slope not, since there ReLU has none.
    """
    z = inputs["z"].copy()
    if "zero_at" in inputs and not name.startswith("slope_"):
        z[inputs["zero_at"]] = 0
    return z


def on_grid(name: str) -> str:
    """Under what the values of an activation or a slope on the grid of test inputs are recorded."""
    return f"{name}_on_grid"


def forward(inputs: TestInputs, forward: Callable[..., object]) -> Answers:
    outputs = returned(forward, inputs["x"].copy(), parameters_in(inputs), inputs["hidden"])
    of_layer = {layer: (len(inputs["x"]), len(inputs[f"b_{layer}"])) for layer in "ho"}
    shapes = {name: of_layer[name[-1]] for name in TRACE}
    answers = from_sequence(outputs, TRACE, "what forward returns", shapes)
    return {name: usable(value) for name, value in answers.items()}


def loss(inputs: TestInputs, loss: Callable[..., object]) -> Answers:
    return {"E": numbers_from(loss, inputs["a_o"], inputs["t"])}


def deltas(inputs: TestInputs, deltas: Callable[..., object]) -> Answers:
    """What `deltas` returns: delta_o and delta_h."""
    trace = tuple(inputs[name].copy() for name in TRACE)
    outputs = returned(deltas, inputs["t"].copy(), parameters_in(inputs), trace, inputs["hidden"])
    shapes = {name: inputs[f"z_{name[-1]}"].shape for name in DELTAS}
    answers = from_sequence(outputs, DELTAS, "what deltas returns", shapes)
    return {name: usable(value) for name, value in answers.items()}


def own_deltas(inputs: TestInputs, deltas_function: Any) -> Answers:
    """The deltas that a student's own function gives: own_delta_o, own_delta_h; {} if it stops."""
    if not callable(deltas_function):
        return {}
    try:
        return {f"own_{name}": value for name, value in deltas(inputs, deltas_function).items()}
    except Exception:  # whatever the student's code stops with; its own check says it
        return {}


def backward(inputs: TestInputs, backward: Callable[..., object]) -> Answers:
    """What `backward` returns, and its dW_h on the networks that tell how it comes about."""

    def run(given: TestInputs, again: bool = False) -> Answers:
        trace = tuple(given[name].copy() for name in TRACE)
        outputs = returned(
            backward,
            given["x"].copy(),
            given["t"].copy(),
            parameters_in(given),
            trace,
            inputs["hidden"],
            again=again,
        )
        found = from_dict(outputs, GRADIENTS, "what backward returns")
        return {name: usable(value) for name, value in found.items()}

    def dW_h(given: TestInputs) -> object:
        # Whatever happens, something is recorded: what stops only here tells as well.
        try:
            with np.errstate(all="ignore"):
                value = run(given)["dW_h"]
                return Unusable("no numbers") if numbers_in(value) is None else value
        except Exception:
            return Unusable("no numbers")

    def with_another_trace(name: str) -> object:
        return run(inputs | other_trace(inputs))[name]

    return (
        run(inputs, again=True)
        | {name: Later(dW_h, inputs[name]) for name in TELLING if name in inputs}
        | {with_other_trace(name): Later(with_another_trace, name) for name in GRADIENTS}
        | own_deltas(inputs, beside(backward, "deltas"))
    )


def other_trace(inputs: TestInputs) -> dict[str, np.ndarray]:
    """A trace that does not belong to the parameters among the test inputs, by name."""
    return {name: 0.9 * inputs[name] for name in TRACE}


def with_other_trace(name: str) -> str:
    """Under what a gradient is recorded that is computed from `other_trace`."""
    return f"{name}_with_another_trace"


def sgd_step(inputs: TestInputs, sgd_step: Callable[..., object]) -> Answers:
    gradients = {name: inputs[name] for name in GRADIENTS}
    outputs = returned(sgd_step, parameters_in(inputs), gradients, inputs["eta"])
    new = from_dict(outputs, PARAMETERS, "what sgd_step returns")
    return {f"{name}_new": usable(value) for name, value in new.items()}


def cubes_and_product(factors: np.ndarray) -> Callable[[np.ndarray], float]:
    """The function of an array w that difference quotients are asked of."""

    def function(w: np.ndarray) -> float:
        return float(np.sum(factors * np.asarray(w) ** 3) + np.prod(w))

    return function


def difference_quotients(inputs: TestInputs, central_difference: Callable[..., object]) -> Answers:
    function = cubes_and_product(inputs["factors"])
    return {"quotients": numbers_from(central_difference, function, inputs["w"], inputs["h"])}


def own_gradients(
    inputs: TestInputs,
    functions: Sequence[Any],
    steps: int,
    batches: Sequence[np.ndarray] | None = None,
) -> Answers:
    """The gradients of each of `steps` steps with a student's own functions: own_dW_h, …

    functions: what the student has as forward, backward and sgd_step. batches: the indices of the
    points in each step; None where it is all of them. {} if one of the functions stops.
    """
    forward, backward, sgd_step = functions
    parameters, hidden = parameters_in(inputs), inputs["hidden"]
    found = []
    try:
        for number in range(steps):
            points = slice(None) if batches is None else batches[number]
            x, t = inputs["x"][points].copy(), inputs["t"][points].copy()
            found.append(backward(x, t, parameters, forward(x, parameters, hidden), hidden))
            parameters = sgd_step(parameters, found[-1], inputs["eta"])
        return {f"own_{name}": np.array([each[name] for each in found]) for name in GRADIENTS}
    except Exception:  # whatever the student's code stops with; its own check says it
        return {}


def reproduction(inputs: TestInputs, E_new: object) -> Answers:
    """The losses E_new, by hidden activation, and the gradients of own functions for each."""
    own: Answers = {}
    for hidden, step in inputs["steps"].items():
        functions = [in_notebook(name) for name in OWN_FUNCTIONS]
        for name, value in own_gradients(step, functions, 1).items():
            own[f"{name}_{hidden}"] = value
    return dict(from_dict(E_new, HIDDEN, "E_new")) | own


def training(inputs: TestInputs, train: Callable[..., object]) -> Answers:
    """The losses that `train` returns, the loss with its weights, and own functions' gradients."""
    outputs = returned(
        train, inputs["x"].copy(), inputs["t"].copy(), parameters_in(inputs), inputs["hidden"],
        inputs["eta"], inputs["steps"],
    )  # fmt: skip
    answers = _params_and_losses(outputs, inputs["steps"], "train")
    losses = single_numbers(answers["losses"])
    own = own_gradients(inputs, [beside(train, name) for name in OWN_FUNCTIONS], inputs["steps"])
    return {"losses": losses, "E_end": Later(_loss_with, inputs, answers["params"], "train")} | own


def _loss_with(inputs: TestInputs, parameters: object, function: str) -> float | Missing:
    """The loss of the test inputs with the weights and biases that the student's function, by
    name, returned; Refused where they cannot be used."""
    if isinstance(parameters, Missing):
        return parameters
    found = from_dict(parameters, PARAMETERS, f"params, as {function} returns it,")
    for name, value in found.items():
        if isinstance(value, Missing):
            return value
        read = usable(value)
        if isinstance(read, Unusable):
            raise Refused(f"{name}: {read.reason}")
        found[name] = as_parameter(np.asarray(value), inputs[name].shape)
    # Of its own making, since the student may have weights that do not fit together.
    net = _network(parameters_in(inputs), inputs["hidden"])
    run = net.forward_with(inputs["x"], [found["W_h"], found["W_o"]], [found["b_h"], found["b_o"]])
    return net.losses(run.z[-1], run.a[-1], inputs["t"]).mean()


def _params_and_losses(outputs: object, count: int, function: str) -> dict[str, Any]:
    """What a training function, by name, returns, by name; one of the two alone is known by what
    it is. count: how many losses there are to be."""
    names, what = ("params", "losses"), f"what {function} returns"
    if isinstance(outputs, tuple | list) and len(outputs) == 2 and isinstance(outputs[1], Mapping):
        raise Refused(
            f"{what} has to be the 2 values params, losses, in this order: yours are the other way "
            "round"
        )
    alone = "params" if isinstance(outputs, Mapping) else ""
    if shape_of(outputs) in ((count,), (count, 1)):
        alone = "losses"
    if alone:
        lacking = Missing(f"{what} has to be the 2 values params, losses, and is {alone} alone")
        return {**dict.fromkeys(names, lacking), alone: outputs}
    return from_sequence(outputs, names, what)


def any_depth(inputs: TestInputs, backward_any_depth: Callable[..., object]) -> Answers:
    weights, biases = inputs["weights"], inputs["biases"]
    layers = len(weights)
    outputs = returned(backward_any_depth, inputs["x"], inputs["t"], weights, biases)
    lists = from_sequence(outputs, ("dW", "db"), "what backward_any_depth returns")
    wanted = {"dW": weights, "db": biases}
    answers: Answers = {}
    for name, arrays in lists.items():
        names = [f"{name}[{k}]" for k in range(layers)]
        shapes = {one: like.shape for one, like in zip(names, wanted[name], strict=True)}
        try:
            found = from_sequence(
                arrays, names, f"{name}, a list with one array per layer,", shapes
            )
        except Refused as error:
            found = dict.fromkeys(names, Unusable(str(error)))
        answers |= {one: usable(value) for one, value in found.items()}
    return answers


MIXED = 2  # epochs for which `batches` is asked, one after the other


def batches(inputs: TestInputs, batches: Callable[..., object]) -> Answers:
    """What the batches of two epochs are: how often each index occurs, how large they are, and
    which indices come first."""
    N, size = int(inputs["N"]), int(inputs["size"])
    rng = np.random.default_rng(int(inputs["seed"]))
    epochs = [index_arrays(returned(batches, N, size, rng)) for _ in range(MIXED)]
    joined = [np.concatenate(epoch) if epoch else np.zeros(0, dtype=int) for epoch in epochs]
    for indices in joined:
        if indices.size and not (0 <= indices.min() and indices.max() < N):
            raise Refused(
                f"the indices have to lie between 0 and N - 1 = {N - 1}, and yours go from "
                f"{indices.min()} to {indices.max()}"
            )

    def first_indices() -> object:
        count = min(size, N)
        if any(len(indices) < count for indices in joined):
            return Missing("there are fewer indices than one batch has")
        return np.array([indices[:count] for indices in joined], dtype=float)

    return {
        "each_once": np.bincount(joined[0], minlength=N).astype(float),
        "sizes": np.array([len(batch) for batch in epochs[0]], dtype=float),
        "order": Later(first_indices),
    }


def index_arrays(outputs: object) -> list[np.ndarray]:
    """Batches, in whatever they come, as a list of arrays of whole numbers, shape (size,) each."""
    wanted = "what batches returns has to be a list of arrays of indices"
    try:
        found = [np.asarray(batch) for batch in outputs]  # type: ignore[attr-defined]
    except TypeError:
        raise Refused(f"{wanted}, got {type(outputs).__name__}") from None
    for batch in found:
        if batch.ndim != 1:
            raise Refused(f"{wanted}, one dimension each; one of yours has the shape {batch.shape}")
        if batch.size and batch.dtype.kind not in "iu":
            raise Refused(f"{wanted}, whole numbers; one of yours has the type {batch.dtype}")
    return [batch.astype(int) for batch in found]


def batch_training(inputs: TestInputs, train_batches: Callable[..., object]) -> Answers:
    """The losses that `train_batches` returns and the loss with its weights; what the student's
    own batches are with the same rng, and the gradients of own functions in each of their steps."""
    epochs, size, seed = (int(inputs[name]) for name in ("epochs", "size", "seed"))
    outputs = returned(
        train_batches, inputs["x"].copy(), inputs["t"].copy(), parameters_in(inputs),
        inputs["hidden"], inputs["eta"], epochs, size, np.random.default_rng(seed),
    )  # fmt: skip
    answers = _params_and_losses(outputs, epochs, "train_batches")
    order = _own_order(inputs, beside(train_batches, "batches"))
    own: Answers = {}
    if order is not None:
        own["own_order"] = order
        steps = _cut(order, size)
        own |= own_gradients(
            inputs, [beside(train_batches, name) for name in OWN_FUNCTIONS], len(steps), steps
        )
    loss_at_end = Later(_loss_with, inputs, answers["params"], "train_batches")
    return {"losses": single_numbers(answers["losses"]), "E_end": loss_at_end} | own


def _own_order(inputs: TestInputs, batches: Any) -> np.ndarray | None:
    """The indices that the student's `batches` gives, a row per epoch; None if they are no epochs
    of whole batches with a last one that may be shorter."""
    N, size = len(inputs["x"]), int(inputs["size"])
    rng = np.random.default_rng(int(inputs["seed"]))
    try:
        found = [index_arrays(batches(N, size, rng)) for _ in range(int(inputs["epochs"]))]
        rows = [np.concatenate(epoch) for epoch in found]
    except Exception:  # its own check says what it is
        return None
    whole = all(len(batch) == size for epoch in found for batch in epoch[:-1])
    fits = all(row.size and 0 <= row.min() and row.max() < N for row in rows)
    same = len({len(row) for row in rows}) == 1
    return np.array(rows, dtype=float) if whole and fits and same else None


def _cut(order: np.ndarray, size: int) -> list[np.ndarray]:
    """The batches of a table of indices, a row per epoch: all of them, in their order."""
    return [
        row[start : start + size].astype(int) for row in order for start in range(0, len(row), size)
    ]


def three_layers(inputs: TestInputs, backward_three: Callable[..., object]) -> Answers:
    """What `backward_three` returns for a network of three layers with softmax outputs."""
    names = [f"d{name}" for name in THREE_LAYERS]
    params = {name: inputs[name].copy() for name in THREE_LAYERS}
    trace = tuple(inputs[name].copy() for name in TRACE_OF_THREE)
    outputs = returned(backward_three, inputs["x"].copy(), inputs["t"].copy(), params, trace)
    found = from_dict(outputs, names, "what backward_three returns")
    return {name: usable(value) for name, value in found.items()}


THREE_LAYERS = tuple(f"{kind}_{k}" for k in (1, 2, 3) for kind in ("W", "b"))
TRACE_OF_THREE = tuple(f"{kind}_{k}" for k in (1, 2, 3) for kind in ("z", "a"))
