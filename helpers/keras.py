"""Import TensorFlow's Keras without its log noise: `from helpers.keras import keras, tf`.

TensorFlow writes to file descriptor 2 while it loads, whatever the log level, so that descriptor
is pointed elsewhere meanwhile. oneDNN's reordered sums and a GPU would make numbers differ from
machine to machine; both are switched off.
"""

import contextlib
import os
import sys
from collections.abc import Iterator

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


with _silent_stderr():
    import tensorflow as tf

    # The first operation starts TensorFlow's runtime, which writes again.
    tf.constant(0.0) + 1.0

# Warnings about retracing are meant for programs that run for hours.
tf.get_logger().setLevel("ERROR")

keras = tf.keras
