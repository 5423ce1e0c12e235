"""A student's functions of Problem 3 in a file that Problem 4 reads."""

import linecache
import sys
import types

import numpy as np
import pytest

from helpers.saved_functions import FUNCTIONS, read_functions, save_functions, with_other

SOURCE = """
def activation(name, z):
    return half(z)


def half(z):
    return z / 2


def forward(x, params, hidden):
    return activation(hidden, x), FACTOR


def train(x):
    return forward(x, None, "tanh")[0] + 1


def loss(a_o, t):
    raise NotImplementedError
"""


@pytest.fixture
def notebook(monkeypatch):
    """Stands for the notebook: a function that runs source in it, as a cell does."""
    main = types.ModuleType("__main__")
    main.np = np
    monkeypatch.setitem(sys.modules, "__main__", main)
    cells = []

    def run(source):
        cells.append(source)
        name = f"<cell {len(cells)}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), vars(main))

    return run


def test_what_is_saved_is_read_again(notebook, tmp_path, capsys):
    notebook("def activation(name, z):\n    return np.tanh(z)\n")
    assert save_functions(tmp_path).startswith("Saved in my_network.py.")
    found = read_functions(tmp_path)
    assert found["activation"]("tanh", 0.5) == np.tanh(0.5)
    assert "come from my_network.py" in capsys.readouterr().out
    assert set(found) == set(FUNCTIONS)


def test_functions_of_ones_own_that_are_called_go_along(notebook, tmp_path):
    notebook(SOURCE)
    said = save_functions(tmp_path)
    assert "`FACTOR` will not be known in the file" in said
    assert "Without `slope`, `loss`, `deltas`" in said  # not written, or only raised
    assert read_functions(tmp_path)["activation"]("tanh", 3.0) == 1.5


def test_nothing_that_is_there_is_overwritten(notebook, tmp_path):
    notebook("def activation(name, z):\n    return z\n")
    save_functions(tmp_path)
    first = (tmp_path / "my_network.py").read_bytes()
    assert "has these functions already" in save_functions(tmp_path)
    notebook("def activation(name, z):\n    return z + 1\n")
    assert save_functions(tmp_path).startswith("Saved in my_network_2.py. my_network.py stays")
    assert (tmp_path / "my_network.py").read_bytes() == first
    assert read_functions(tmp_path)["activation"]("tanh", 1) == 2
    (tmp_path / "my_network_3.py").write_text("# mine\n")
    save_functions(tmp_path)
    assert (tmp_path / "my_network_3.py").read_text() == "# mine\n"
    assert (tmp_path / "my_network_4.py").exists()


def test_nothing_is_written_where_nothing_is_there(notebook, tmp_path):
    assert save_functions(tmp_path).startswith("There is nothing to save yet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def activation(:\n", "SyntaxError"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("\0", "cannot be used"),
    ],
)
def test_a_wrong_file_is_said_in_a_sentence(tmp_path, capsys, text, said):
    (tmp_path / "my_network.py").write_text(text)
    found = read_functions(tmp_path)
    assert said in capsys.readouterr().out
    with pytest.raises(NotImplementedError, match="your `train` from Problem 3"):
        found["train"](1, 2)


def test_what_a_file_lacks_is_asked_for(tmp_path, capsys):
    (tmp_path / "my_network.py").write_text("def slope(name, z):\n    return z\n")
    found = read_functions(tmp_path)
    assert "It lacks `activation`, `forward`" in capsys.readouterr().out
    assert found["slope"]("tanh", 3) == 3


def test_at_grading_no_file_is_looked_for(tmp_path, capsys, monkeypatch):
    (tmp_path / "my_network.py").write_text("1 / 0\n")
    monkeypatch.setenv("BACKPROP_PROBES", "somewhere")
    read_functions(tmp_path)
    assert "There is no file" in capsys.readouterr().out


def test_a_function_calls_others_in_place_of_its_own_as_deep_as_it_goes(notebook):
    notebook(SOURCE)
    notebook("FACTOR = 1\n")
    main = sys.modules["__main__"]
    assert main.train(4.0) == 3.0
    assert with_other(main.train, activation=lambda name, z: 10 * z)(4.0) == 41.0
    assert main.train(4.0) == 3.0  # as it was
