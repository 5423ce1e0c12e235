"""Import TensorFlow's Keras without its log noise: `from helpers.keras import keras, tf`.

TensorFlow writes to file descriptor 2 while it loads, whatever the log level, so that descriptor
is pointed elsewhere meanwhile. oneDNN's reordered sums and a GPU would make numbers differ from
machine to machine; both are switched off.
"""

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class NoTensorFlow(ImportError):
    """TensorFlow is not installed. Shown in a notebook as one sentence, without a stack trace."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def _look_for_tensorflow() -> None:
    if importlib.util.find_spec("tensorflow") is None:
        raise NoTensorFlow(
            "This notebook needs TensorFlow, which is not installed here: close Jupyter, give "
            "`python3 install.py` (on Windows `py install.py`) in the course's folder, which adds "
            "it, and open the notebook again."
        )


with _silent_stderr():
    _look_for_tensorflow()
    import tensorflow as tf

    # The first operation starts TensorFlow's runtime, which writes again.
    tf.constant(0.0) + 1.0

# Warnings about retracing are meant for programs that run for hours.
tf.get_logger().setLevel("ERROR")

keras = tf.keras


class NoListOfWeights(TypeError):
    """set_weights got no list of arrays. Shown in a notebook as one sentence."""

    def _render_traceback_(self) -> list[str]:
        return [f"TypeError: {self}"]


_set_weights = keras.Model.set_weights


def _set_weights_of_list(model: Any, weights: "Sequence[ArrayLike]") -> None:
    """As keras.Model.set_weights, which stops at a dict with a riddle."""
    if isinstance(weights, Mapping):
        raise NoListOfWeights(
            "set_weights takes a list of arrays, in the order of model.get_weights(), and got a "
            "dict. list(params.values()) makes the list, if the dict has them in this order."
        )
    _set_weights(model, weights)


keras.Model.set_weights = _set_weights_of_list
