"""What `step_through` says: the stages of one step of SGD, each with its formulas.

In a formula, [z_h.0] stands for a number, the first of z_h; _{…} and ^{…} set an index and a power.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from helpers.activations import ACTIVATIONS
from helpers.network import Network
from helpers.pictures.interactive.page import symbol
from helpers.pictures.network_diagram.content import Names

MAX_FORMULAS = 12  # at one stage
PARAMETERS = ("W_h", "b_h", "W_o", "b_o")
FORWARD = ("z_h", "a_h", "z_o", "a_o")
BACKWARD = ("delta", "dW", "db")  # how the names of the backward quantities begin


@dataclass(frozen=True)
class Stage:
    """One stop of the slider.

    A slot is a place of the drawing that shows one quantity at a time; it is named after the first.
    """

    name: str  # stands above the drawing
    symbols: str  # the stage as a formula, without numbers
    sentence: str  # what happens, and why
    new: tuple[str, ...]  # slots that are written here
    used: tuple[str, ...]  # slots that they follow from
    shows: dict[str, str | None]  # what slots show from here on, None for nothing
    formulas: list[str] | dict[str, list[str]]  # lines, or for each hidden activation its lines


class Writer:
    """The stages of a step on a network with one hidden layer.

    net: the Network; t: targets (1, out); hidden: the hidden activations that can be chosen;
    biases: whether the network has any.
    """

    def __init__(self, net: Network, t: np.ndarray, hidden: Sequence[str], biases: bool) -> None:
        self.net, self.activations, self.biases = net, hidden, biases
        self.sizes = (len(net.weights[0]), *(w.shape[1] for w in net.weights))
        self.inputs, self.hidden, self.outputs = (range(size) for size in self.sizes)
        self.names = Names(self.sizes)
        self.softmax = net.output == "softmax"
        # With targets that sum to 1, softmax and cross-entropy give a - t, as sigmoid does.
        self.plain_delta = net.loss_name == "cross_entropy" and (
            not self.softmax or bool(np.isclose(t.sum(), 1))
        )

    def stages(self) -> list[dict[str, object]]:
        """The stages in order, as JSON. Each says what every slot shows."""
        shown: dict[str, str] = {}
        data: list[dict[str, object]] = []
        for stage in [*self._forward(), *self._backward(), *self._after()]:
            shown = {slot: name for slot, name in (shown | stage.shows).items() if name}
            formulas = stage.formulas
            data.append(
                {
                    "name": stage.name,
                    "symbols": stage.symbols,
                    "sentence": stage.sentence,
                    "new": stage.new,
                    "used": stage.used,
                    "backward": [slot for slot in shown if shown[slot].startswith(BACKWARD)],
                    "slots": shown,
                    # One list for all hidden activations, or one for each.
                    "formulas": (
                        list(formulas.values())
                        if isinstance(formulas, dict)
                        else [formulas[:MAX_FORMULAS]]
                    ),
                    "left": (
                        0 if isinstance(formulas, dict) else max(0, len(formulas) - MAX_FORMULAS)
                    ),
                }
            )
        return data

    def _forward(self) -> Iterator[Stage]:
        bias = " + b_{%s}" if self.biases else "%.0s"
        yield Stage(
            "The data point",
            "x, t",
            "The inputs x and the target t come from the data. The edges show the weights from "
            "before the step.",
            new=("x", "t"),
            used=(),
            shows={name: name for name in ("x", "t", *PARAMETERS)},
            formulas=[self._given("x", self.inputs), self._given("t", self.outputs)],
        )
        yield Stage(
            "Forward: weighted inputs of the hidden layer",
            "z_{h,j} = Σ_{i} x_{i} w_{h,ij}" + bias % "h,j",
            "Each hidden unit adds up what comes in, times the weights.",
            new=("z_h",),
            used=("x", "W_h", "b_h"),
            shows={"z_h": "z_h"},
            formulas=[self._weighted_input("h", j) for j in self.hidden],
        )
        yield Stage(
            "Forward: activations of the hidden layer",
            "a_{h,j} = f(z_{h,j})",
            "Each hidden unit applies the hidden activation to its weighted input.",
            new=("a_h",),
            used=("z_h",),
            shows={"a_h": "a_h"},
            formulas={
                name: [self._activation("h", j, name) for j in self.hidden]
                for name in self.activations
            },
        )
        yield Stage(
            "Forward: weighted inputs of the output layer",
            "z_{o,k} = Σ_{j} a_{h,j} w_{o,jk}" + bias % "o,k",
            "The output layer does the same with the hidden activations.",
            new=("z_o",),
            used=("a_h", "W_o", "b_o"),
            shows={"z_o": "z_o"},
            formulas=[self._weighted_input("o", k) for k in self.outputs],
        )
        yield Stage(
            "Forward: activations of the output layer",
            "a_{o,k} = f(z_{o,k})",
            "The output activation gives the network's answer.",
            new=("a_o",),
            used=("z_o",),
            shows={"a_o": "a_o"},
            formulas=[self._activation("o", k, self.net.output) for k in self.outputs],
        )
        symbols, worked = self._loss()
        yield Stage(
            "Forward: the loss",
            symbols,
            "The loss compares the answer with the target.",
            new=("E",),
            used=("a_o", "t"),
            shows={"E": "E"},
            formulas=[f"E = {worked} = [E.0]"],
        )

    def _backward(self) -> Iterator[Stage]:
        bias = ",  ∂E/∂b_{%s} = δ_{%s}" if self.biases else "%.0s%.0s"
        symbols, worked = self._output_deltas()
        yield Stage(
            "Backward: deltas of the output layer",
            "δ_{o,k} = ∂E/∂z_{o,k}" + symbols,
            "How the loss changes with the weighted input of an output unit.",
            new=("delta_o",),
            used=("a_o", "t"),
            shows={"delta_o": "delta_o"},
            formulas=worked,
        )
        yield Stage(
            "Backward: gradients of the output layer",
            "∂E/∂w_{o,jk} = a_{h,j} δ_{o,k}" + bias % ("o,k", "o,k"),
            "What enters a weight, times the delta behind it. The edges show the gradients.",
            new=("W_o", "db_o"),
            used=("a_h", "delta_o"),
            shows={"W_o": "dW_o", "db_o": "db_o"},
            formulas=self._gradients("o"),
        )
        yield Stage(
            "Backward: deltas of the hidden layer",
            "δ_{h,j} = Σ_{k} δ_{o,k} w_{o,jk} · f ′(z_{h,j})",
            "The deltas come back through the old weights, summed over the paths, times the "
            "derivative of the activation.",
            new=("delta_h",),
            used=("delta_o", "W_o", "a_h"),
            shows={"delta_h": "delta_h", "W_o": "W_o"},
            formulas={
                name: [self._hidden_delta(j, name) for j in self.hidden]
                for name in self.activations
            },
        )
        yield Stage(
            "Backward: gradients of the hidden layer",
            "∂E/∂w_{h,ij} = x_{i} δ_{h,j}" + bias % ("h,j", "h,j"),
            "The same rule: what enters a weight, times the delta behind it.",
            new=("W_h", "db_h"),
            used=("x", "delta_h"),
            shows={"W_h": "dW_h", "db_h": "db_h"},
            formulas=self._gradients("h"),
        )

    def _after(self) -> Iterator[Stage]:
        biases = " and biases" if self.biases else ""
        yield Stage(
            "Update",
            "w ← w − η · ∂E/∂w" + (",  b ← b − η · ∂E/∂b" if self.biases else ""),
            f"All weights{biases} move against their gradients, all at once. The edges show the "
            "new weights.",
            new=PARAMETERS,
            used=("db_h", "db_o"),
            shows={name: f"{name}_new" for name in PARAMETERS},
            formulas=self._updates(),
        )
        yield Stage(
            "The new loss",
            "E_{new}",
            f"The same data point runs forward again, through the new weights{biases}.",
            new=(*FORWARD, "E"),
            used=("x", "t", *PARAMETERS),
            shows={name: f"{name}_new" for name in (*FORWARD, "E")}
            | {name: None for name in ("delta_h", "db_h", "delta_o", "db_o")},
            formulas=["E = [E.0] before the step, E_{new} = [E_new.0] after it"],
        )

    # Each formula: the quantity = the numbers that go in = the number that comes out

    def _unit(self, quantity: str, suffix: str, j: int) -> str:
        return symbol(self.names.of(quantity, "xho".index(suffix), j))

    def _given(self, quantity: str, units: Iterable[int]) -> str:
        named = [
            symbol(self.names.units[0][i] if quantity == "x" else self.names.target(i))
            for i in units
        ]
        return ",  ".join(f"{name} = [{quantity}.{i}]" for i, name in enumerate(named))

    def _weighted_input(self, suffix: str, j: int) -> str:
        entering = "x" if suffix == "h" else "a_h"
        terms = [
            f"[{entering}.{i}] · [W_{suffix}.{i}.{j}]" for i in range(self._sources(suffix))
        ] + [f"[b_{suffix}.{j}]"] * self.biases
        return f"{self._unit('z', suffix, j)} = {' + '.join(terms)} = [z_{suffix}.{j}]"

    def _activation(self, suffix: str, j: int, name: str) -> str:
        if name == "softmax":
            total = " + ".join(f"exp([z_o.{k}])" for k in self.outputs)
            applied = f"exp([z_o.{j}]) / ({total})"
        else:
            applied = self._filled(ACTIVATIONS[name].formula, suffix, j)
        return f"{self._unit('a', suffix, j)} = {applied} = [a_{suffix}.{j}]"

    def _slope(self, suffix: str, j: int, name: str) -> str:
        return self._filled(ACTIVATIONS[name].derivative_formula, suffix, j)

    def _filled(self, formula: str, suffix: str, j: int) -> str:
        """A formula of an ActivationFunction with the places of unit j's numbers."""
        return formula.format(**{name: f"[{name}_{suffix}.{j}]" for name in ("z", "a", "slope")})

    def _loss(self) -> tuple[str, str]:
        """The loss in symbols and with its numbers."""
        name = self.net.loss_name
        if name != "cross_entropy":
            half = "½ " if name == "half_squared" else ""
            squares = " + ".join(f"([t.{k}] − [a_o.{k}])^{{2}}" for k in self.outputs)
            many = half and len(self.outputs) > 1
            return (
                f"E = {half}Σ_{{k}} (t_{{k}} − a_{{o,k}})^{{2}}",
                f"{half}({squares})" if many else f"{half}{squares}",
            )
        terms = [f"[t.{k}] · ln([a_o.{k}])" for k in self.outputs]
        if self.softmax:
            return "E = −Σ_{k} t_{k} ln a_{o,k}", f"−({' + '.join(terms)})"
        terms = [f"{term} + (1 − [t.{k}]) · ln(1 − [a_o.{k}])" for k, term in enumerate(terms)]
        return (
            "E = −Σ_{k} (t_{k} ln a_{o,k} + (1 − t_{k}) ln(1 − a_{o,k}))",
            f"−({' + '.join(terms)})",
        )

    def _output_deltas(self) -> tuple[str, list[str]]:
        """The output deltas in symbols, as far as one formula holds, and with their numbers."""
        two = "2 " if self.net.loss_name == "squared" else ""
        if self.plain_delta:
            symbols = " = a_{o,k} − t_{k}"
        elif self.softmax:
            symbols = ""  # the slopes of all outputs are in each: too much for a line
        else:
            symbols = f" = {two}(a_{{o,k}} − t_{{k}}) · f ′(z_{{o,k}})"
        lines = []
        for k in self.outputs:
            worked = f"[a_o.{k}] − [t.{k}]"
            if symbols and not self.plain_delta:
                worked = f"{two}({worked}) · {self._slope('o', k, self.net.output)}"
            worked = f"{worked} = " if symbols else ""
            lines.append(f"{self._unit('δ', 'o', k)} = {worked}[delta_o.{k}]")
        return symbols, lines

    def _hidden_delta(self, j: int, name: str) -> str:
        paths = " + ".join(f"[delta_o.{k}] · [W_o.{j}.{k}]" for k in self.outputs)
        paths = f"({paths})" if len(self.outputs) > 1 else paths
        slope = self._slope("h", j, name)
        return f"{self._unit('δ', 'h', j)} = {paths} · {slope} = [delta_h.{j}]"

    def _sources(self, suffix: str) -> int:
        """How many units the weights of this layer come from."""
        return self.sizes["ho".index(suffix)]

    def _parameters(self, suffix: str) -> Iterator[tuple[str, str, str]]:
        """(name, array, place) of each weight and bias of a layer, such as (…, "W_h", "0.1")."""
        layer = "ho".index(suffix)
        for i in range(self.sizes[layer]):
            for j in range(self.sizes[layer + 1]):
                yield symbol(self.names.weights[layer][i][j]), f"W_{suffix}", f"{i}.{j}"
        for j in range(self.sizes[layer + 1] * self.biases):
            yield symbol(self.names.biases[layer][j]), f"b_{suffix}", f"{j}"

    def _gradients(self, suffix: str) -> list[str]:
        entering = "x" if suffix == "h" else "a_h"
        lines = []
        for name, array, place in self._parameters(suffix):
            i, _, j = place.partition(".")
            worked = f"[{entering}.{i}] · [delta_{suffix}.{j}] = " if j else ""
            lines.append(f"∂E/∂{name} = {worked}[d{array}.{place}]")
        return lines

    def _updates(self) -> list[str]:
        return [
            f"{name} ← [{array}.{place}] − [eta.0] · [d{array}.{place}] = [{array}_new.{place}]"
            for suffix in "ho"
            for name, array, place in self._parameters(suffix)
        ]
