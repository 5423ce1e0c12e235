"""The losses that mistakes in a training loop give: of `train` and `train_batches` in Problem 3.

Only the loop is wrong here. The functions that it calls are right, as they are where a student's
own values are not known to be others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from helpers.course import HIDDEN
from helpers.marking.misconceptions.of_a_step import FIXED_RATES, Value, wrong_values
from helpers.network import Network
from helpers.reference import gradients
from helpers.sgd_step import PARAMETERS, Quantities, SGDStep

# The points of each step, by index, in each round: an epoch, or a single step where there are no
# batches.
Rounds = Sequence[Sequence[np.ndarray]]
# A mistake's name, the losses that it records and the loss at the end; None where that one is right
# or says nothing.
WrongTraining = tuple[str, "np.ndarray | None", "np.ndarray | None"]

NEWEST, ROUND, START = "newest", "round", "start"  # weights: now, when the round began, at first
FIXED = "sigmoid"  # the activation that is written where the one asked for belongs
SEEDS = (0, 1, 42)  # of generators that are made where one is given


@dataclass(frozen=True)
class Loop:
    """What a training loop is called with."""

    x: np.ndarray  # (N, in)
    t: np.ndarray  # (N, out)
    hidden: str  # the hidden activation's name
    eta: float
    parameters: Quantities  # before the first step, by name

    @classmethod
    def of(cls, step: SGDStep) -> "Loop":
        """The Loop whose first step is `step`, where all points make one batch."""
        return cls(step.x, step.t, step.net.hidden, step.eta, step.parameters)


@dataclass(frozen=True)
class Way:
    """How a loop goes about its steps; right as it stands."""

    rate: Callable[[int], float] | None = None  # of the number of points in a step; None for eta
    forward_at: str = NEWEST  # which weights the forward pass of a step has
    backward_at: str = NEWEST  # and its backward pass
    starts_at: str = NEWEST  # which weights a step starts from
    forward_with: str = ""  # the hidden activation of its forward pass, "" for the one asked for
    backward_with: str = ""
    loss_with: str = ""
    # The rows of x and of t in a step, from the points of its batch.
    rows: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] = field(default=lambda p: (p, p))
    # What the gradients of a round are made one by: then it has a single step.
    join: Callable[[list[np.ndarray]], np.ndarray] | None = None


RIGHT = Way()


def trained(
    loop: Loop, rounds: Rounds, way: Way = RIGHT, of_batches: list[float] | None = None
) -> np.ndarray:
    """The loss of all points before each round and after the last; nan if steps lead out of the
    numbers. of_batches: takes in the loss of each batch before its step, in their order."""
    try:
        with np.errstate(all="ignore"):
            return _trained(loop, rounds, way, of_batches)
    except ValueError:  # of a Network with weights that are not finite
        return np.full(len(rounds) + 1, np.nan)


def _trained(loop: Loop, rounds: Rounds, way: Way, of_batches: list[float] | None) -> np.ndarray:
    losses = []
    weights = dict.fromkeys((NEWEST, ROUND, START), loop.parameters)

    def loss_of(x: np.ndarray, t: np.ndarray) -> float:
        return _net(weights[NEWEST], way.loss_with or loop.hidden).loss(x, t)

    for steps in rounds:
        losses.append(loss_of(loop.x, loop.t))
        weights[ROUND] = weights[NEWEST]
        of_round = []
        for points in steps:
            rows_of_x, rows_of_t = way.rows(points)
            x, t = loop.x[rows_of_x], loop.t[rows_of_t]
            if of_batches is not None:
                of_batches.append(loss_of(x, t))
            found = _gradients(
                _net(weights[way.forward_at], way.forward_with or loop.hidden),
                _net(weights[way.backward_at], way.backward_with or loop.hidden),
                x,
                t,
            )
            of_round.append(found)
            if way.join is None:
                rate = loop.eta if way.rate is None else way.rate(len(points))
                weights[NEWEST] = _moved(weights[way.starts_at], found, rate)
        if way.join is not None:
            joined = {name: way.join([one[name] for one in of_round]) for name in of_round[0]}
            weights[NEWEST] = _moved(weights[way.starts_at], joined, loop.eta)
    return np.array([*losses, loss_of(loop.x, loop.t)])


def _net(parameters: Quantities, hidden: str) -> Network:
    weights, biases = [[parameters[f"{kind}_{layer}"] for layer in "ho"] for kind in "Wb"]
    return Network(weights, biases, hidden=hidden)


def _gradients(forward: Network, backward: Network, x: np.ndarray, t: np.ndarray) -> Quantities:
    """The gradients of a step, by the names of weights and biases, if the forward pass has one
    network and the backward pass has another."""
    names = ("W_h", "W_o", "b_h", "b_o")
    same = all(map(np.array_equal, forward.weights, backward.weights))
    if same and forward.hidden == backward.hidden:
        g = gradients(backward, x, t)
        return dict(zip(names, (*g.weights, *g.biases), strict=True))
    run = forward.forward(x)
    values = {"z_h": run.z[0], "a_h": run.a[0], "z_o": run.z[1], "a_o": run.a[1]}
    q = SGDStep(backward, x, t, eta=0.0).following(**values)
    return {name: q[f"d{name}"] for name in names}


def _moved(parameters: Quantities, found: Quantities, rate: float) -> Quantities:
    return {name: parameters[name] - rate * found[name] for name in PARAMETERS}


def _always(rate: float) -> Callable[[int], float]:
    return lambda n_samples: rate


def _each(loop: Loop, rounds: Rounds, ways: Sequence[tuple[str, Way]]) -> Iterator[WrongTraining]:
    for name, way in ways:
        losses = trained(loop, rounds, way)
        yield name, losses[:-1], losses[-1]


def _in_any_loop(loop: Loop, rounds: Rounds) -> Iterator[WrongTraining]:
    """The mistakes that a loop may have with batches and without."""
    right = trained(loop, rounds)
    count = len(rounds)
    yield "not_trained", np.full(count, right[0]), right[0]
    ways = [
        *(("single_step_left", Way(starts_at=START, backward_at=at, forward_at=at))
          for at in (NEWEST, START)),
        ("gradients_of_older_weights", Way(forward_at=START, backward_at=START)),
        ("gradients_of_older_weights", Way(forward_at=START)),
        ("learning_rate_shared_out", Way(rate=_always(loop.eta / count))),
        ("step_added", Way(rate=_always(-loop.eta))),
        ("step_twice_as_long", Way(rate=_always(2 * loop.eta))),
        ("step_half_as_long", Way(rate=_always(loop.eta / 2))),
        ("learning_rate_forgotten", Way(rate=_always(1.0))),
        *(("fixed_learning_rate", Way(rate=_always(rate))) for rate in FIXED_RATES),
        ("number_of_points_in_the_rate", Way(rate=lambda n: loop.eta / n)),
        ("number_of_points_in_the_rate", Way(rate=lambda n: loop.eta * n)),
        *(("activation_of_another_network", way) for way in _with_activation(FIXED)),
    ]  # fmt: skip
    yield from _each(loop, rounds, ways)
    # The losses are those of the one trace that is made before the loop.
    once = trained(loop, rounds, Way(forward_at=START))
    yield "gradients_of_older_weights", np.full(count, right[0]), once[-1]
    yield "return_in_the_loop", right[:1], right[1]
    yield "rounds_miscounted", right[:-2], right[-2]
    yield "rounds_miscounted", right, None


def _with_activation(name: str) -> Iterator[Way]:
    """The ways in which another hidden activation may come into a step, or into the loss."""
    both = Way(forward_with=name, backward_with=name)
    for way in (both, Way(forward_with=name), Way(backward_with=name)):
        yield way
        yield replace(way, loss_with=name)
    yield Way(loss_with=name)


def wrong_reproduction(step: SGDStep, before: Sequence[SGDStep]) -> Iterator[tuple[str, Value]]:
    """What the loss after one step is with each mistake.

    before: the steps that other activations have taken before it, from the same weights.
    """
    loop, rounds = Loop.of(step), [[np.arange(len(step.x))]]
    yield from wrong_values(step, "E_new")
    ways = [
        ("step_added", Way(rate=_always(-loop.eta))),
        ("step_twice_as_long", Way(rate=_always(2 * loop.eta))),
        ("step_half_as_long", Way(rate=_always(loop.eta / 2))),
        ("learning_rate_forgotten", Way(rate=_always(1.0))),
        *(
            ("fixed_learning_rate", Way(rate=_always(rate)))
            for rate in FIXED_RATES
            if rate != loop.eta
        ),
    ]
    for other in HIDDEN:
        if other != step.net.hidden:
            ways += [("activation_of_another_network", way) for way in _with_activation(other)]
    for name, way in ways:
        yield name, trained(loop, rounds, way)[-1]
    yield "moved_twice", trained(loop, rounds * 2)[-1]
    parameters = loop.parameters
    for earlier in before:
        net = _net(parameters, earlier.net.hidden)
        now = SGDStep(net, earlier.x, earlier.t, earlier.eta)
        parameters = _parameters_after(now)
    if before:
        yield "steps_chained", trained(replace(loop, parameters=parameters), rounds)[-1]
    yield "output_for_loss", _net(_parameters_after(step), loop.hidden).forward(step.x).a[-1].sum()


def _parameters_after(step: SGDStep) -> Quantities:
    return {name: step[f"{name}_new"] for name in PARAMETERS}


def wrong_training(loop: Loop, steps: int) -> Iterator[WrongTraining]:
    """What a loop on the whole batch gives with each mistake."""
    rounds = [[np.arange(len(loop.x))]] * steps
    right = trained(loop, rounds)
    yield "loss_after_the_step", right[1:], None
    yield from _in_any_loop(loop, rounds)
    more = trained(loop, [*rounds, rounds[-1]])
    yield "rounds_miscounted", more[:-1], more[-1]
    # Of a new dict beside the one that goes on, only the last step is left.
    yield "single_step_left", np.full(steps, right[0]), right[1]


def wrong_batch_training(
    loop: Loop, order: Sequence[np.ndarray], size: int, seed: int
) -> Iterator[WrongTraining]:
    """What a loop over batches gives with each mistake.

    order: the indices of all points in each epoch; size: of a batch; seed: of the generator that
    draws the order.
    """
    N, epochs = len(loop.x), len(order)

    def cut(indices: np.ndarray, size: int = size) -> list[np.ndarray]:
        return [indices[start : start + size] for start in range(0, len(indices), size)]

    def drawn(rng: np.random.Generator, N: int = N, count: int = epochs) -> list[np.ndarray]:
        return [rng.permutation(N) for _ in range(count)]

    rounds = [cut(indices) for indices in order]
    each: list[float] = []
    right = trained(loop, rounds, of_batches=each)
    per_epoch = np.split(np.array(each), np.cumsum([len(batches) for batches in rounds])[:-1])
    yield "loss_after_the_epoch", right[1:], None
    for take in (np.mean, _last, _first):
        yield "losses_of_batches", np.array([take(of_epoch) for of_epoch in per_epoch]), None
    each_step = trained(loop, [[batch] for batches in rounds for batch in batches])
    yield "loss_of_every_step", each_step[:-1], None
    yield "loss_of_every_step", np.array(each), None
    yield "return_in_the_loop", right[:1], each_step[1]
    yield from _in_any_loop(loop, rounds)
    longer = drawn(np.random.default_rng(seed), count=max(epochs + 1, size))
    losses = trained(loop, [cut(indices) for indices in longer])
    for count in (epochs + 1, size):  # the size in place of the number of epochs
        yield "rounds_miscounted", losses[:count], losses[count]
    losses = trained(loop, [cut(indices, epochs) for indices in longer[:size]])
    yield "epochs_and_size_exchanged", losses[:-1], losses[-1]

    everything, others = np.arange(N), np.random.default_rng(seed)
    of_other_rounds: list[tuple[str, Rounds]] = [
        ("order_drawn_once", [rounds[0]] * epochs),
        *(("own_generator", [cut(indices) for indices in drawn(np.random.default_rng(s))])
          for s in SEEDS),
        *(("own_generator", [cut(np.random.default_rng(s).permutation(N))] * epochs)
          for s in SEEDS),
        ("batches_not_shuffled", [cut(everything)] * epochs),
        ("one_batch_an_epoch", [batches[:1] for batches in rounds]),
        ("last_batch_dropped", [[b for b in batches if len(b) == size] for batches in rounds]),
        ("last_batch_left_out", [batches[:-1] for batches in rounds]),
        ("last_batch_alone", [batches[-1:] for batches in rounds]),
        ("batches_of_one_point", [cut(indices, 1) for indices in order]),
        # batches(size, N, rng), and the number of epochs as the size
        ("arguments_of_batches", [[indices] for indices in drawn(others, size)]),
        ("arguments_of_batches", [cut(indices, epochs) for indices in order]),
        *(("batches_not_used", [[everything] * steps] * epochs) for steps in (len(rounds[0]), 1)),
    ]  # fmt: skip
    for name, its_rounds in of_other_rounds:
        losses = trained(loop, its_rounds)
        yield name, losses[:-1], losses[-1]

    ways = [
        ("gradients_of_older_weights", Way(forward_at=ROUND, backward_at=ROUND)),
        ("gradients_of_older_weights", Way(forward_at=ROUND)),
        ("last_batch_alone", Way(starts_at=ROUND)),
        ("number_of_points_in_the_rate", Way(rate=_always(loop.eta / size))),
        ("number_of_points_in_the_rate", Way(rate=_always(loop.eta * size))),
        ("number_of_points_in_the_rate", Way(rate=_always(loop.eta / N))),
        ("one_step_for_all_batches", Way(join=lambda found: np.sum(found, axis=0))),
        ("one_step_for_all_batches", Way(join=lambda found: np.mean(found, axis=0))),
        ("rows_of_other_points", Way(rows=lambda p: (p, np.arange(len(p))))),
        ("rows_of_other_points", Way(rows=lambda p: (np.arange(len(p)), p))),
        ("rows_of_other_points", Way(rows=lambda p: (np.arange(len(p)), np.arange(len(p))))),
    ]
    yield from _each(loop, rounds, ways)


def _first(values: np.ndarray) -> float:
    return float(values[0])


def _last(values: np.ndarray) -> float:
    return float(values[-1])
