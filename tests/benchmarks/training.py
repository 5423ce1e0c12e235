"""How fast Problem 3's solution trains, beside Keras, scikit-learn and the bare matrix products.

    python -m tests.benchmarks.training [--batch 32] [--epochs 30] [--rounds 9]

README.md in this folder says what is measured, and what came out.
"""

import argparse
import ast
import os
import platform
import statistics
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

# The thread pools read these when they load, so they stand before NumPy.
os.environ.update(
    OMP_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    VECLIB_MAXIMUM_THREADS="1",
    TF_NUM_INTRAOP_THREADS="1",
    TF_NUM_INTEROP_THREADS="1",
)

import nbformat  # noqa: E402
import numpy as np  # noqa: E402

PROBLEM_3 = Path(__file__).parents[2] / "solutions" / "tutorial" / "problem_3_numpy.ipynb"
INPUTS, HIDDEN_UNITS, OUTPUTS = 64, 32, 10
HIDDEN = "relu"
ETA = 0.5
TRAINING_POINTS = 1440  # of 1797: whole batches of 32; the others tell how much was learned
SAME = 1e-4  # within float32's reach after an epoch


def solution_functions(path=PROBLEM_3):
    """The functions that a solution's notebook defines, as a dict by name.

    Only definitions are executed, so that no check and no figure runs. SystemExit, in words, if
    one that the benchmark calls is not there.
    """
    functions = {"np": np}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            definitions = [
                statement
                for statement in ast.parse(cell.source).body
                if isinstance(statement, ast.FunctionDef) and not statement.decorator_list
            ]
            exec(compile(ast.Module(definitions, []), str(path), "exec"), functions)
    missing = {"random_params", "forward", "train"} - set(functions)
    if missing:
        raise SystemExit(f"{path} does not define {', '.join(sorted(missing))}, which is timed.")
    return functions


class Digits:
    """scikit-learn's 8x8 pictures of digits: pixels from 0 to 1, in an order drawn once."""

    def __init__(self):
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(labels))
        pixels, labels = pixels[order] / pixels.max(), labels[order]
        self.x, self.x_unseen = np.split(pixels, [TRAINING_POINTS])
        self.labels, self.labels_unseen = np.split(labels, [TRAINING_POINTS])
        self.t = np.eye(OUTPUTS)[self.labels]


class MatrixProducts:
    """The floor: the five products of a step on one batch, and nothing else."""

    def __init__(self, data, batch, dtype):
        self.name, self.dtype = "bare matrix products", dtype
        rng = np.random.default_rng(0)
        self.x = data.x[:batch].astype(dtype)
        self.W_h = rng.normal(size=(INPUTS, HIDDEN_UNITS)).astype(dtype)
        self.W_o = rng.normal(size=(HIDDEN_UNITS, OUTPUTS)).astype(dtype)
        self.a_h = rng.normal(size=(batch, HIDDEN_UNITS)).astype(dtype)
        self.delta_h = rng.normal(size=(batch, HIDDEN_UNITS)).astype(dtype)
        self.delta_o = rng.normal(size=(batch, OUTPUTS)).astype(dtype)
        self.batch = batch

    def reset(self, seed):
        pass

    def train(self, epochs, shuffle=True):
        x, a_h, delta_h, delta_o = self.x, self.a_h, self.delta_h, self.delta_o
        W_h, W_o = self.W_h, self.W_o
        for _ in range(epochs * batches_per_epoch(self.batch)):
            x @ W_h
            a_h @ W_o
            delta_o @ W_o.T
            a_h.T @ delta_o
            x.T @ delta_h

    def accuracy(self):
        return None


class Numpy:
    """Problem 3's solution: its `train` makes one step on each batch."""

    name, dtype = "NumPy, Problem 3", "float64"

    def __init__(self, data, batch, functions):
        self.data, self.batch, self.functions = data, batch, functions

    def reset(self, seed):
        self.params = start(self.functions, seed)
        self.rng = np.random.default_rng(seed)

    def train(self, epochs, shuffle=True):
        x, t, params, train = self.data.x, self.data.t, self.params, self.functions["train"]
        order = np.arange(len(x))
        for _ in range(epochs):
            if shuffle:
                self.rng.shuffle(order)
            for first in range(0, len(x), self.batch):
                rows = order[first : first + self.batch]
                params, _ = train(x[rows], t[rows], params, HIDDEN, ETA, steps=1)
        self.params = params

    def weights(self):
        return list(self.params.values())

    def accuracy(self):
        a_o = self.functions["forward"](self.data.x_unseen, self.params, HIDDEN)[-1]
        return np.mean(a_o.argmax(axis=1) == self.data.labels_unseen)


class Keras:
    """`fit`, with Problem 3's activations, loss, optimizer and start.

    one_epoch: the epochs' data, one after the other, are one long epoch to `fit`.
    """

    dtype = "float32"

    def __init__(self, data, batch, functions, one_epoch=False):
        from helpers.keras import keras, tf

        def half_squared(t, a_o):
            return 0.5 * tf.reduce_sum((t - a_o) ** 2, axis=1)

        self.name = "Keras `fit`" + (", one long epoch" if one_epoch else "")
        self.data, self.batch, self.functions, self.keras = data, batch, functions, keras
        self.one_epoch = one_epoch
        self.x, self.t = data.x.astype("float32"), data.t.astype("float32")
        self.model = keras.Sequential(
            [
                keras.Input((INPUTS,)),
                keras.layers.Dense(HIDDEN_UNITS, activation=HIDDEN),
                keras.layers.Dense(OUTPUTS, activation="sigmoid"),
            ]
        )
        self.model.compile(optimizer=keras.optimizers.SGD(learning_rate=ETA), loss=half_squared)

    def reset(self, seed):
        self.keras.utils.set_random_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.model.set_weights(list(start(self.functions, seed).values()))

    def train(self, epochs, shuffle=True):
        x, t = self.x, self.t
        if self.one_epoch:
            x, t, epochs = np.tile(x, (epochs, 1)), np.tile(t, (epochs, 1)), 1
        self.model.fit(x, t, batch_size=self.batch, epochs=epochs, shuffle=shuffle, verbose=0)

    def weights(self):
        return self.model.get_weights()

    def accuracy(self):
        a_o = self.model.predict(self.data.x_unseen.astype("float32"), verbose=0)
        return np.mean(a_o.argmax(axis=1) == self.data.labels_unseen)


class KerasStep(Keras):
    """Keras's compiled `train_step` alone: batches cut and handed to TensorFlow beforehand."""

    def __init__(self, data, batch, functions):
        super().__init__(data, batch, functions)
        from helpers.keras import tf

        self.name = "Keras's step without `fit`"
        self.step = tf.function(lambda x, t: self.model.train_step((x, t)))
        self.batches = [
            (tf.constant(self.x[first : first + batch]), tf.constant(self.t[first : first + batch]))
            for first in range(0, len(self.x), batch)
        ]

    def train(self, epochs, shuffle=True):
        for _ in range(epochs):
            if shuffle:
                self.rng.shuffle(self.batches)
            for x, t in self.batches:
                self.step(x, t)


class ScikitLearn:
    """MLPClassifier: the same products, but a softmax output, the log loss and its own start."""

    name, dtype = "scikit-learn `MLPClassifier`", "float64"

    def __init__(self, data, batch):
        self.data, self.batch = data, batch

    def reset(self, seed):
        self.seed = seed

    def train(self, epochs, shuffle=True):
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        self.classifier = MLPClassifier(
            hidden_layer_sizes=(HIDDEN_UNITS,),
            activation=HIDDEN,
            solver="sgd",
            learning_rate_init=ETA,
            momentum=0,
            alpha=0,
            batch_size=self.batch,
            max_iter=epochs,
            n_iter_no_change=epochs,  # it must not stop early
            shuffle=shuffle,
            random_state=self.seed,
        )
        with warnings.catch_warnings():
            # It warns whenever it has done as many epochs as it was asked for.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.classifier.fit(self.data.x, self.data.labels)

    def accuracy(self):
        return self.classifier.score(self.data.x_unseen, self.data.labels_unseen)


def start(functions, seed):
    """Random weights, divided by the root of the layer's inputs so that no unit is saturated."""
    params = functions["random_params"](INPUTS, HIDDEN_UNITS, OUTPUTS, seed)
    return {name: array / np.sqrt(len(array)) for name, array in params.items()}


def batches_per_epoch(batch):
    return -(-TRAINING_POINTS // batch)


def require_same_training(numpy, keras):
    """After one epoch from one start in one order both must have the same weights."""
    for contender in (numpy, keras):
        contender.reset(0)
        contender.train(1, shuffle=False)
    difference = max(np.abs(a - b).max() for a, b in zip(numpy.weights(), keras.weights()))
    if not difference < SAME:
        raise SystemExit(
            f"{keras.name} and {numpy.name} do not train the same network: after one epoch from "
            f"the same weights these differ by {difference:.1e}; expected below {SAME:.0e}."
        )


def measured(contenders, epochs, rounds, batch):
    """What each contender took, as a list of (wall µs, processor µs, accuracy), one a round.

    The contenders take turns, so that other programs' load falls on all of them alike.
    """
    results = [[] for _ in contenders]
    batches = epochs * batches_per_epoch(batch)
    for seed in range(rounds):
        for contender, result in zip(contenders, results):
            contender.reset(seed)
            wall, processor = time.perf_counter(), time.process_time()
            contender.train(epochs)
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            result.append((1e6 * wall / batches, 1e6 * processor / batches, contender.accuracy()))
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return results


def table(contenders, results):
    """The results as a Markdown table; each ratio is to the products in the same precision."""
    medians = [
        tuple(map(statistics.median, ([wall for wall, _, _ in r], [cpu for _, cpu, _ in r])))
        for r in results
    ]
    floors = {
        contender.dtype: median
        for contender, median in zip(contenders, medians)
        if isinstance(contender, MatrixProducts)
    }
    rows = [
        (
            "",
            "numbers",
            "µs a batch",
            "least to most",
            "× floor",
            "processor µs",
            "× floor",
            "right",
        ),
        ("---", "---", "--:", "--:", "--:", "--:", "--:", "--:"),
    ]
    for contender, (wall, processor), result in zip(contenders, medians, results):
        walls, _, accuracies = zip(*result)
        floor_wall, floor_processor = floors[contender.dtype]
        rows.append(
            (
                contender.name,
                contender.dtype,
                f"{wall:.0f}",
                f"{min(walls):.0f} to {max(walls):.0f}",
                f"{wall / floor_wall:.1f}",
                f"{processor:.0f}",
                f"{processor / floor_processor:.1f}",
                "" if None in accuracies else f"{100 * statistics.median(accuracies):.0f} %",
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def processor_name():
    """The processor's model, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def machine_facts():
    """Lines on the machine, the versions and what else is running."""
    from threadpoolctl import threadpool_info

    from helpers.keras import keras, tf

    pools = {f"{pool['internal_api']} {pool['num_threads']}" for pool in threadpool_info()}
    facts = [
        f"{processor_name()}, {os.cpu_count()} cores, {platform.system()}",
        f"Python {platform.python_version()}, NumPy {np.__version__}, TensorFlow {tf.__version__}, "
        f"Keras {keras.__version__}, scikit-learn {version('scikit-learn')}",
        f"threads: {', '.join(sorted(pools))}, TensorFlow {os.environ['TF_NUM_INTRAOP_THREADS']}",
    ]
    if hasattr(os, "getloadavg"):  # not on Windows
        facts.append(f"load of the last minute before the start: {os.getloadavg()[0]:.1f}")
    return facts


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1, got {number}")
    return number


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.training")
    parser.add_argument("--batch", type=positive, default=32)
    parser.add_argument("--epochs", type=positive, default=30)
    parser.add_argument("--rounds", type=positive, default=9)
    options = parser.parse_args()
    if options.batch > TRAINING_POINTS:
        parser.error(f"--batch: expected at most {TRAINING_POINTS}, got {options.batch}")
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise SystemExit(
            "This benchmark needs scikit-learn, which is not installed: "
            "pip install -e .[benchmarks]"
        ) from None
    facts = machine_facts()
    data, functions = Digits(), solution_functions()
    batch = options.batch
    numpy = Numpy(data, batch, functions)
    alike = [
        Keras(data, batch, functions),
        Keras(data, batch, functions, one_epoch=True),
        KerasStep(data, batch, functions),
    ]
    floors = [MatrixProducts(data, batch, dtype) for dtype in ("float64", "float32")]
    contenders = [*floors, numpy, ScikitLearn(data, batch), *alike]
    for keras in alike:
        require_same_training(numpy, keras)
    for contender in contenders:  # warm up
        contender.reset(0)
        contender.train(2)
    results = measured(contenders, options.epochs, options.rounds, batch)
    print(*(f"- {fact}" for fact in facts), sep="\n")
    print(
        f"- batches of {batch}, {batches_per_epoch(batch)} an epoch, {options.epochs} epochs; "
        f"medians of {options.rounds} rounds\n"
    )
    print(table(contenders, results))


if __name__ == "__main__":
    main()
