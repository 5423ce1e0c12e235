"""Right solutions written in other ways than the course's own.

A solution is a dict of answers, Python source by question, and perhaps a cell of the student's own.
"""

from dataclasses import dataclass
from textwrap import dedent

import numpy as np

from helpers.marking.questions import NOTEBOOKS, questions_of
from tests.sample_class.work import Notebook

SEED = 20
SOLUTIONS = {}


@dataclass(frozen=True)
class Solution:
    """answers: source by question. own_cell: of the student's own. after: the question below whose
    answer that cell stands; asked: further questions that build on these answers."""

    answers: dict
    own_cell: str = ""
    after: str = ""
    asked: tuple = ()


def solution(name, answers, own_cell="", after="", asked=()):
    """Add a right solution to the table."""
    assert name not in SOLUTIONS, name
    SOLUTIONS[name] = Solution(answers, own_cell, after, asked)


def worked(solution):
    """A Notebook with a solution in it."""
    questions = [*solution.answers, *solution.asked]
    notebook = Notebook(NOTEBOOKS[questions[0].split(".")[0]])
    for question, source in solution.answers.items():
        notebook.answer(question, dedent(source))
    if solution.own_cell:
        notebook.insert_after(solution.after or questions[0], dedent(solution.own_cell))
    return notebook


# Lecture 1

solution(
    "l1-count-by-multiplying-and-counting-layers",
    {
        "l1.count": """
        from math import prod
        networks_6 = prod([6] * 9)
        networks_10 = 1e9
        sizes = 784, 30, 10
        parameters = 0
        for before, after in zip(sizes, sizes[1:]):
            parameters += before * after
            parameters += after
        """
    },
)
solution(
    "l1-count-numpy-scalars",
    {
        "l1.count": """
        networks_6, networks_10 = np.power([6, 10], 9, dtype=np.int64)
        parameters = np.float64(sum(w.size for w in (np.empty((785, 30)), np.empty((31, 10)))))
        """
    },
)
solution(
    "l1-perceptron-column-and-half",
    {"l1.perceptron": "w = np.ones((2, 1))\nb = [-1.5]"},
)
solution(
    "l1-perceptron-fractions",
    {"l1.perceptron": "from fractions import Fraction as F\nw, b = (F(1, 3), F(1, 3)), F(-1, 2)"},
)
solution(
    "l1-perceptron-sympy-numbers",
    {"l1.perceptron": "import sympy\nw = sympy.Matrix([7, 9])\nb = sympy.Rational(-19, 2)"},
)
solution("l1-instruction-in-brackets", {"l1.instruction": "value = ' (c) '"})
solution(
    "l1-by-rules-sympy-and-a-column",
    {
        "l1.by_rules": """
        formula = (2 * x_1 + 3 * x_2) ** 2 + 3
        df_dx_2 = formula.diff(x_2)
        gradient_f = np.array([[formula.diff(v).subs({x_1: 1, x_2: 3})] for v in (x_1, x_2)])
        """
    },
)
solution(
    "l1-by-rules-multiplied-out-rounded-types",
    {
        "l1.by_rules": """
        from decimal import Decimal
        df_dx_2 = 12 * x_1 + 18 * x_2
        gradient_f = (Decimal("44"), Decimal("66.0"))
        """
    },
)
solution(
    "l1-by-rules-chain-written-out",
    {
        "l1.by_rules": """
        u = symbols("u")
        inner = 2 * x_1 + 3 * x_2
        df_dx_2 = Derivative(u**2 + 3, u).doit().subs(u, inner) * Derivative(inner, x_2).doit()
        gradient_f = np.float32([44, 66])
        """
    },
)
solution(
    "l1-direction-unit-vector",
    {
        "l1.direction": """
        g = np.array([3.0, -4.0])
        descent = (-g / np.linalg.norm(g)).reshape(2, 1)
        rate = np.sqrt(g @ g)
        across = "c."
        """
    },
)
solution(
    "l1-direction-sympy-numbers",
    {
        "l1.direction": """
        from sympy import Matrix, Rational, sqrt
        descent = [Rational(-3, 5), Rational(4, 5)]
        rate = sqrt(9 + 16)
        across = "C"
        """
    },
)
solution(
    "l1-differences-one-through-the-other",
    {
        "l1.differences": """
        forward_difference = lambda f, x, h: f(x + h) / h - f(x) / h
        def central_difference(f, x, h):
            return forward_difference(f, x - h / 2, h)
        """
    },
)
solution(
    "l1-differences-partial-of-a-general-one",
    {
        "l1.differences": """
        from functools import partial

        def quotient(f, x, h, left, right):
            x_l, x_r = x + left * h, x + right * h
            return np.float64((f(x_r) - f(x_l)) / (x_r - x_l))

        forward_difference = partial(quotient, left=0, right=1)
        central_difference = partial(quotient, left=-0.5, right=0.5)
        """
    },
)
solution(
    "l1-error-powers",
    {"l1.error": "forward_factor = 10**1.0\ncentral_factor = np.array([1e2])\ntiny = 'b'"},
)
solution(
    "l1-cost-by-generator",
    {
        "l1.cost": """
        sizes = [784, 100, 10]
        count = sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))
        forward_runs, central_runs = 1.0 + count, np.array(count) * 2
        """
    },
)
solution(
    "l1-step-bias-folded-in",
    {
        "l1.step": """
        X = np.column_stack([x_line.ravel(), np.ones(len(x_line))])
        v = np.array([[-1.0], [3.0]])
        gradient = X.T @ (X @ v - t_line) / len(X)
        new = v - 0.25 * gradient
        """
    },
)
solution(
    "l1-step-fractions-in-a-loop",
    {
        "l1.step": """
        from fractions import Fraction
        gradient = [Fraction(0), Fraction(0)]
        for x, t in ((0, 1), (2, 5)):
            error = -x + 3 - t
            gradient[0] += Fraction(error * x, 2)
            gradient[1] += Fraction(error, 2)
        new = tuple(old - Fraction(1, 4) * g for old, g in zip((-1, 3), gradient))
        """
    },
)
solution(
    "l1-learning-rate-small-letters",
    {"l1.learning_rate": "far_too_small, too_large = 'a', 'b'"},
)

# Lecture 2

solution(
    "l2-forward-matrices",
    {
        "l2.forward": """
        z_h = np.array([[0.5, 1.0]]) @ net.weights[0] + net.biases[0]
        E = 0.5 * np.sum((trace.a[-1] - 0.1) ** 2)
        """
    },
)
solution(
    "l2-forward-columns",
    {
        "l2.forward": """
        z_h = np.matrix(net.weights[0]).T @ np.matrix("0.5; 1") + net.biases[0][:, None]
        E = np.mean((trace.a[-1] - 0.1) ** 2, keepdims=True) / 2
        """
    },
)
solution(
    "l2-output-layer-through-z",
    {
        "l2.output_delta": """
        z = trace.z[-1].item()
        link_1 = -(0.1 - a_o)
        link_2 = np.exp(-z) / (1 + np.exp(-z)) ** 2
        delta = np.array([[link_1 * link_2]])
        """,
        "l2.output_gradients": """
        dW_o = trace.a[0].T @ delta
        db_o = delta.sum(axis=0)
        direction = "b"
        """,
    },
)
solution(
    "l2-output-layer-multiplied-out",
    {
        "l2.output_delta": """
        link_1 = np.float64(a_o) - 0.1
        link_2 = a_o - a_o**2
        delta = a_o**2 - a_o**3 - 0.1 * a_o + 0.1 * a_o**2
        """,
        "l2.output_gradients": """
        dW_o = {unit: a * delta for unit, a in enumerate([a_h1, a_h2])}
        dW_o = list(dW_o.values())
        db_o = 1 * delta
        direction = "B"
        """,
    },
)
solution(
    "l2-hidden-unit-whole-layer-at-once",
    {
        "l2.hidden_unit": """
        a = trace.a[0]
        deltas = np.multiply(delta_o * net.weights[1].T, a * (1 - a))
        gradient = np.einsum("ni,nj->ij", x, deltas)
        delta_h2, db_h2 = deltas[:, 1], deltas[0, 1]
        dw_h12, dw_h22 = gradient[:, 1]
        """
    },
)
solution(
    "l2-two-paths-sum-of-products",
    {"l2.two_paths": "delta_j = sum(d * w for d, w in [(0.3, 0.5), (-0.2, 2)]) * (0.8 - 0.8**2)"},
)
solution("l2-two-paths-typed", {"l2.two_paths": "delta_j = -0.04"})
solution(
    "l2-shapes-of-arrays",
    {
        "l2.shapes": """
        D_o, D_h, W_o, X = np.zeros((8, 3)), np.zeros((8, 4)), np.zeros((4, 3)), np.zeros((8, 6))
        delta_o_shape, W_o_transposed_shape = D_o.shape, W_o.T.shape
        delta_h_shape, dW_h_shape = np.array((D_o @ W_o.T).shape), (X.T @ D_h).shape
        """
    },
)
solution("l2-any-depth-small-letter", {"l2.any_depth": "needed = 'b'"})
solution("l2-any-depth-any-order", {"l2.any_depth": "needed = (10, 8, 9)"})
solution(
    "l2-direction-array",
    {
        "l2.output_gradients": """
    dW_o = delta * np.array([a_h1, a_h2])
    db_o = delta
    direction = -np.sign([*dW_o, db_o])
"""
    },
)
solution(
    "l2-loop-all-deltas-first",
    {
        "l2.loop": """
    def backward_sweep(x, t, W, a):
        deltas = [(a[-1] - t) * a[-1] * (1 - a[-1])]
        for w, out in zip(W[:0:-1], a[-2::-1]):
            deltas.insert(0, out * (1 - out) * (deltas[0] @ w.T))
        entering = [x] + list(a[:-1])
        dW = [np.einsum("ni,nj->ij", e, d) / len(x) for e, d in zip(entering, deltas)]
        return dW, [np.average(d, axis=0) for d in deltas]
"""
    },
)
solution(
    "l2-loop-recursion",
    {
        "l2.loop": """
    def backward_sweep(x, t, W, a):
        def back(k):
            out = a[k]
            if k == len(W) - 1:
                return (out - t) * (out - out**2)
            return back(k + 1).dot(W[k + 1].T) * (out - out**2)

        deltas = [back(k) for k in range(len(W))]
        before = [x, *a]
        dW = [np.dot(before[k].T, deltas[k]) / x.shape[0] for k in range(len(W))]
        return [dW, [d.sum(0) / x.shape[0] for d in deltas]]
"""
    },
)
solution(
    "l2-updates-counted",
    {
        "l2.updates": """
        import math
        updates = 0
        for epoch in range(10):
            for start in range(0, 1000, 64):
                updates += 1
        assert updates == 10 * math.ceil(1000 / 64) == 10 * -(-1000 // 64)
        """
    },
)
solution(
    "l2-slides-in-matrices",
    {
        "l2.slide_gradients": """
        W_h = np.array([[1.0, 4, 3], [3, 2, -2]])
        W_o = np.array([[-1.0], [-3], [2]])
        X = np.array([[3.0, -2.0]])
        A = X @ W_h
        D = A @ W_o - 9
        dW_h, dW_o = X.T @ (D @ W_o.T), A.T @ D
        dE_dw36, dE_dw13, dE_dw24 = dW_o[0], dW_h[0, 0], dW_h[1, 1]
        w36_new, w13_new = W_o[0, 0] - 0.1 * dW_o[0, 0], W_h[0, 0] - 0.1 * dW_h[0, 0]
        """
    },
)
solution("l2-slides-prediction-with-dot", {"l2.slide_prediction": "prediction = 'C.'"})

# Lecture 3

solution(
    "l3-slopes-through-z-and-fractions",
    {
        "l3.slopes": """
        from fractions import Fraction
        slope_tanh = 1 / np.cosh(np.arctanh(0.6)) ** 2
        slope_sigmoid = Fraction(9, 10) * (1 - Fraction(9, 10))
        slope_relu = np.heaviside(2.5, 0)
        """
    },
)
solution(
    "l3-slopes-decimals-and-arrays",
    {
        "l3.slopes": """
        from decimal import Decimal
        slope_tanh = (1 - Decimal("0.6")) * (1 + Decimal("0.6"))
        slope_sigmoid = np.array(0.9 - 0.81)
        slope_relu = [(np.array([2.5]) > 0) * 1]
        """
    },
)
solution(
    "l3-output-deltas-from-the-derivatives",
    {
        "l3.output_deltas": """
        a, target = 0.8, 0.3
        linear_half_squared = -(target - a)
        sigmoid_half_squared = np.prod([a - target, a, 1 - a])
        sigmoid_cross_entropy = (-target / a + (1 - target) / (1 - a)) * a * (1 - a)
        """
    },
)
solution("l3-which-loss-one-line", {"l3.which_loss": "house_price, spam, digit = 'abc'"})
solution(
    "l3-hidden-delta-dictionary-of-lambdas",
    {
        "l3.hidden_delta": """
        slopes = {
            "relu": lambda a: np.where(a > 0, 1, 0),
            "sigmoid": lambda a: a - a**2,
            "tanh": lambda a: (1 + a) * (1 - a),
        }
        delta_h = lambda name, back, a: np.multiply(slopes[name](a), back)
        """
    },
)
solution(
    "l3-hidden-delta-loops-over-lists",
    {
        "l3.hidden_delta": """
        def delta_h(name, back, a_h):
            rows = []
            for returning, stored in zip(back.tolist(), a_h.tolist()):
                row = []
                for b, a in zip(returning, stored):
                    if name == "relu":
                        row.append(b if a > 0 else 0)
                    elif name == "sigmoid":
                        row.append(b * a * (1 - a))
                    else:
                        row.append(b - b * a * a)
                rows.append(row)
            return rows
        """
    },
)
solution(
    "l3-hidden-delta-mask-on-a-copy",
    {
        "l3.hidden_delta": """
        def delta_h(name, back, a_h):
            match name:
                case "relu":
                    result = back.copy()
                    result[a_h <= 0] = 0
                case "sigmoid":
                    z = -np.log(1 / a_h - 1)
                    result = back / (np.exp(z / 2) + np.exp(-z / 2)) ** 2
                case _:
                    result = back / np.cosh(np.arctanh(a_h)) ** 2
            return result
        """
    },
)
solution(
    "l3-softmax-by-logarithms",
    {
        "l3.softmax": """
        def softmax(z):
            shifted = z - np.amax(z, axis=-1)[:, None]
            return np.exp(shifted - np.log(np.sum(np.exp(shifted), axis=-1))[:, None])
        """
    },
)
solution(
    "l3-softmax-point-by-point",
    {
        "l3.softmax": """
        from math import exp, fsum
        def softmax(z):
            def share(row):
                top = max(row)
                powers = [exp(value - top) for value in row]
                return [power / fsum(powers) for power in powers]
            return [share(row) for row in z]
        """
    },
)
solution(
    "l3-softmax-transposed-at-the-edge",
    {
        "l3.softmax": """
        def softmax(z):
            columns = z.T.copy()
            columns -= columns.max(axis=0)
            np.exp(columns, out=columns)
            columns /= columns.sum(axis=0)
            return columns.T
        """
    },
)
solution(
    "l3-softmax-as-sigmoids-of-differences",
    {
        "l3.softmax": """
        def softmax(z):
            with np.errstate(over="ignore"):
                return 1 / np.exp(z[:, None, :] - z[:, :, None]).sum(axis=2)
        """
    },
)
solution(
    "l3-jacobian-as-a-matrix",
    {
        "l3.jacobian": """
        a = np.array([0.6, 0.3, 0.1])
        J = np.diag(a) - np.outer(a, a)
        (da1_dz1, da1_dz2, _), row_sum = J[0], J.sum(axis=1)[0]
        """
    },
)
solution(
    "l3-jacobian-negative-zero",
    {"l3.jacobian": "da1_dz1, da1_dz2, row_sum = 0.24, -0.18, -0.0"},
)
solution(
    "l3-softmax-delta-through-the-jacobian",
    {
        "l3.softmax_delta": """
        a, t = np.array([0.6, 0.3, 0.1]), np.eye(3)[1]
        delta_o = np.array([-t / a]) @ (np.diag(a) - np.outer(a, a))
        """
    },
)
solution(
    "l3-step-all-in-one-list",
    {
        "l3.train_softmax": """
        def one_step(f_o, x, t, W_h, b_h, W_o, b_o, eta):
            a_h = np.tanh(x.dot(W_h) + b_h)
            error = f_o(a_h.dot(W_o) + b_o) - t
            back = np.einsum("nk,jk->nj", error, W_o) / np.cosh(np.arctanh(a_h)) ** 2
            gradients = [
                np.einsum("ni,nj->ij", x, back), back.sum(axis=0, keepdims=True),
                np.einsum("ni,nj->ij", a_h, error), error.sum(axis=0, keepdims=True),
            ]
            rate = eta / x.shape[0]
            return [p - rate * g for p, g in zip((W_h, b_h, W_o, b_o), gradients)]
        """
    },
)
solution(
    "l3-step-point-by-point",
    {
        "l3.train_softmax": """
        def one_step(f_o, x, t, W_h, b_h, W_o, b_o, eta):
            a_h = np.tanh(x @ W_h + b_h)
            a_o = f_o(a_h @ W_o + b_o)
            new = [W_h.copy(), b_h.copy(), W_o.copy(), b_o.copy()]
            for n in range(len(x)):
                delta_o = a_o[n] - t[n]
                delta_h = W_o @ delta_o * (1 - a_h[n]) * (1 + a_h[n])
                for p, g in zip(new, (np.outer(x[n], delta_h), delta_h,
                                      np.outer(a_h[n], delta_o), delta_o)):
                    p -= eta * g / len(x)
            return tuple(new)
        """
    },
)
solution(
    "l3-step-biases-as-weights",
    {
        "l3.train_softmax": """
        def one_step(f_o, x, t, W_h, b_h, W_o, b_o, eta):
            with_one = lambda a: np.hstack([a, np.ones((len(a), 1))])
            V_h, V_o = np.vstack([W_h, b_h]), np.vstack([W_o, b_o])
            x_1 = with_one(x)
            a_h = np.tanh(x_1 @ V_h)
            a_1 = with_one(a_h)
            delta_o = -(t - f_o(a_1 @ V_o))
            delta_h = (delta_o @ V_o.T)[:, :-1] * (1 - np.square(a_h))
            V_h = V_h - eta * np.transpose(x_1) @ delta_h / len(x)
            V_o = V_o - eta * np.transpose(a_1) @ delta_o / len(x)
            return V_h[:-1], V_h[-1], V_o[:-1], V_o[-1]
        """
    },
)
solution("l3-saturation-letters", {"l3.saturation": "half_squared, cross_entropy = 'b', '(A)'"})
solution(
    "l3-layers-fractions-in-a-loop",
    {
        "l3.layers": """
        from fractions import Fraction
        largest_slope = Fraction(1, 4)
        bound = Fraction(1)
        for layer in range(5):
            bound *= largest_slope
        """
    },
)
solution("l3-layers-rounded", {"l3.layers": "largest_slope, bound = 0.25, 0.00098"})
solution(
    "l3-dead-unit-capitals",
    {"l3.dead_unit": "in_W_h, in_W_o, comes_back = 'Column 2', 'ROW 2', 'b'"},
)

# Problem 1

solution(
    "p1-diff-of-the-loss-and-of-sigma",
    {
        "p1.output_links": """
        dE_da_k = E.diff(a_k)
        da_k_dz_k = sigma(z_k).diff(z_k)
        dz_k_dw_jk = (w_jk * a_j + b_k).diff(w_jk)
        dz_k_db_k = (w_jk * a_j + b_k).diff(b_k)
        """
    },
)
solution(
    "p1-substituted-back",
    {
        "p1.output_links": """
        from sympy import Integer, simplify
        dE_da_k = E.diff(a_k).expand()
        da_k_dz_k = simplify(sigma(z_k).diff(z_k)).subs(exp(-z_k), 1 / a_k - 1)
        dz_k_dw_jk = a_j * 1.0
        dz_k_db_k = Integer(1)
        """
    },
)
solution(
    "p1-sigma-left-as-it-is",
    {
        "p1.output_links": """
        dE_da_k = -(t_k - sigma(z_k))
        da_k_dz_k = sigma(z_k) * sigma(-z_k)
        dz_k_dw_jk = sigma(z_j)
        dz_k_db_k = a_k**0
        """,
        "p1.output_layer": """
        delta_k_formula = E.subs(a_k, sigma(z_k)).diff(z_k)
        dE_dw_jk = delta_k_formula * sigma(z_j)
        dE_db_k = (sigma(z_k) - t_k) * sigma(z_k) * (1 - sigma(z_k))
        """,
    },
)
solution(
    "p1-multiplied-out",
    {
        "p1.output_layer": """
        delta_k_formula = ((a_k - t_k) * a_k * (1 - a_k)).expand()
        dE_dw_jk = (delta_k_formula * a_j).expand()
        dE_db_k = a_k**2 - a_k**3 - t_k * a_k + t_k * a_k**2
        """
    },
)
solution(
    "p1-factored-and-collected",
    {
        "p1.output_layer": """
        from sympy import collect, factor
        delta_k_formula = factor(a_k**2 - a_k**3 - t_k * a_k + t_k * a_k**2)
        dE_dw_jk = collect(delta_k_formula.expand(), t_k) * a_j
        dE_db_k = delta_k + 0 * z_j
        """
    },
)
solution(
    "p1-hidden-links-by-hyperbolic-functions",
    {
        "p1.hidden_links": """
        from sympy import Rational, cosh, tanh
        dz_k_da_j = (w_jk * a_j + b_k).diff(a_j)
        da_j_dz_j = Rational(1, 4) * (1 - tanh(z_j / 2) ** 2)
        dz_j_dw_ij = (x_i * w_ij + b_j).diff(w_ij)
        """
    },
)
solution(
    "p1-hidden-links-quotient-rule",
    {
        "p1.hidden_links": """
        dz_k_da_j = w_jk
        da_j_dz_j = exp(-z_j) / (1 + exp(-z_j)) ** 2
        dz_j_dw_ij = x_i
        """
    },
)
solution(
    "p1-hidden-layer-without-symbols-of-deltas",
    {
        "p1.hidden_layer": """
        delta_j_formula = (a_k - t_k) * a_k * (1 - a_k) * w_jk * a_j * (1 - a_j)
        dE_dw_ij = x_i * delta_j_formula
        dE_db_j = E.diff(a_k) * sigma(z_k).diff(z_k) * w_jk * sigma(z_j).diff(z_j)
        """
    },
)
solution(
    "p1-hidden-layer-product-of-the-links",
    {
        "p1.hidden_layer": """
        from sympy import Mul
        delta_j_formula = Mul(delta_k, dz_k_da_j, da_j_dz_j)
        dE_dw_ij = delta_k * dz_k_da_j * da_j_dz_j * dz_j_dw_ij
        dE_db_j = dE_dw_ij / x_i
        """
    },
)
solution(
    "p1-update-written-out",
    {
        "p1.update": """
        w_jk_new = w_jk + eta * (t_k - a_k) * a_k * (1 - a_k) * a_j
        b_k_new = b_k - eta * dE_db_k
        w_ij_new = w_ij - eta * delta_k * w_jk * a_j * (1 - a_j) * x_i
        b_j_new = (b_j / eta - delta_j) * eta
        """
    },
)
solution(
    "p1-update-by-a-function",
    {
        "p1.update": """
        w_jk_new, b_k_new, w_ij_new, b_j_new = (
            step(old, gradient).expand()
            for old, gradient in [
                (w_jk, delta_k * a_j), (b_k, delta_k), (w_ij, delta_j * x_i), (b_j, delta_j)
            ]
        )
        """
    },
    own_cell="""
    # 一步：减去学习率乘以梯度
    def step(w, g):
        return w - eta * g
    """,
    after="p1.hidden_layer",
)
solution(
    "p1-symbols-declared-again-with-assumptions",
    {
        "p1.output_layer": """
        a_k, t_k = symbols("a_k t_k", real=True)
        delta_k_formula = (a_k - t_k) * da_k_dz_k
        dE_dw_jk = delta_k_formula * a_j
        dE_db_k = delta_k_formula
        """
    },
)
solution(
    "p1-two-outputs-as-a-sum",
    {
        "p1.two_outputs": """
        w_jl, delta_l = symbols("w_jl delta_l")
        paths = {delta_k: w_jk, delta_l: w_jl}
        delta_j_formula = sum(d * w for d, w in paths.items()) * sigma(z_j).diff(z_j)
        """
    },
)
solution(
    "p1-two-outputs-as-a-matrix-product",
    {
        "p1.two_outputs": """
        from sympy import Matrix
        w_jl, delta_l = symbols("w_jl delta_l")
        back = Matrix([[delta_k, delta_l]]) * Matrix([w_jk, w_jl])
        delta_j_formula = (back[0] * (a_j - a_j**2)).expand()
        """
    },
)

solution(
    "p1-two-outputs-with-deltas-spelled-out",
    {
        "p1.two_outputs": """
        from_k = (a_k - t_k) * a_k * (1 - a_k) * w_jk
        from_l = (a_l - t_l) * a_l * (1 - a_l) * w_jl
        delta_j_formula = (from_k + from_l) * a_j * (1 - a_j)
        """,
        "p1.transpose": """
        errors = {a_k - t_k: (z_k, w_jk, w_mk), a_l - t_l: (z_l, w_jl, w_ml)}
        back_j = sum(e * sigma(z) * (1 - sigma(z)) * w for e, (z, w, _) in errors.items())
        back_m = sum(e * sigma(z) * (1 - sigma(z)) * w for e, (z, _, w) in errors.items())
        """,
    },
)
solution(
    "p1-output-sum-by-sympy",
    {
        "p1.output_sum": """
        of_z_k = {a_k: sigma(z_k), a_l: sigma(z_l)}
        dE_k_dz_k = E_k.subs(of_z_k).diff(z_k)
        dE_l_dz_k = E_l.subs(of_z_k).diff(z_k)
        delta_l_formula = E_l.subs(of_z_k).diff(z_l)
        """
    },
)
solution(
    "p1-output-sum-through-the-slope",
    {
        "p1.output_sum": """
        dE_k_dz_k = -(t_k - a_k) * sigma(z_k) * (1 - sigma(z_k))
        dE_l_dz_k = E_l.diff(z_k)
        delta_l_formula = (a_l**2 - a_l * t_l) * (1 - a_l)
        """
    },
)
solution(
    "p1-transpose-as-a-matrix-product",
    {
        "p1.transpose": """
        from sympy import Matrix
        back_j, back_m = Matrix([[delta_k, delta_l]]) * Matrix([[w_jk, w_jl], [w_mk, w_ml]]).T
        """
    },
)

# Problem 2: forward, backward and update of one section go together

P2_GIVEN = """
X, T = np.array([[0.5, 1.2]]), np.array([[0.15]])
W_1, B_1 = np.array([[0.6, 0.8], [0.3, -0.9]]), np.array([0.1, -0.2])
W_2, B_2 = np.array([[1.3], [-0.5]]), np.array([0.4])
"""
P2_ARRAYS = {
    "forward": """
    {given}
    z_h = X @ W_1 + B_1
    a_h = {f}
    z_o = a_h @ W_2 + B_2
    a_o = 1 / (1 + np.exp(-z_o))
    E = ((T - a_o) ** 2 / 2).mean()
    """,
    "backward": """
    delta_o = (a_o - T) * a_o * (1 - a_o)
    dW_o, db_o = a_h.T @ delta_o, delta_o.mean(axis=0)
    delta_h = delta_o @ W_2.T * ({slope})
    dW_h, db_h = X.T @ delta_h, delta_h.mean(axis=0)
    """,
    "update": """
    W_h_new, b_h_new = W_1 - eta * dW_h, B_1 - eta * db_h
    W_o_new, b_o_new = W_2 - eta * dW_o, B_2 - eta * db_o
    z_h = X @ W_h_new + b_h_new
    a_o = 1 / (1 + np.exp(-(({f}) @ W_o_new + b_o_new)))
    E_new = np.sum((T - a_o) ** 2) / 2
    """,
}
# The activation and its slope, each with z_h and with a_h.
P2_FORMS = {
    "sigmoid-slope-from-z": ("1 / (1 + np.exp(-z_h))", "np.exp(-z_h) / (1 + np.exp(-z_h)) ** 2"),
    "sigmoid-by-tanh": ("(1 + np.tanh(z_h / 2)) / 2", "a_h - a_h**2"),
    "tanh-by-exponentials": (
        "(np.exp(z_h) - np.exp(-z_h)) / (np.exp(z_h) + np.exp(-z_h))",
        "4 / (np.exp(z_h) + np.exp(-z_h)) ** 2",
    ),
    "tanh-by-sigmoid": ("1 - 2 / (1 + np.exp(2 * z_h))", "(1 - a_h) * (1 + a_h)"),
    "relu-where-slope-from-z": ("np.where(z_h > 0, z_h, 0)", "z_h > 0"),
    "relu-mask-slope-from-a": ("z_h * (z_h > 0)", "np.heaviside(a_h, 0)"),
    "relu-by-absolute-value": ("(z_h + np.abs(z_h)) / 2", "np.sign(a_h)"),
}


def p2_section(form, given=P2_GIVEN):
    """The answers of one section with arrays, for a form of the activation and its slope."""
    hidden, (f, slope) = form.split("-")[0], P2_FORMS[form]
    return {
        f"p2.{hidden}.{kind}": dedent(source).format(given=given, f=f, slope=slope)
        for kind, source in P2_ARRAYS.items()
    }


for form in P2_FORMS:
    solution(f"p2-arrays-{form}", p2_section(form))
for form in ("sigmoid-slope-from-z", "tanh-by-sigmoid", "relu-mask-slope-from-a"):
    in_float32 = P2_GIVEN.replace("]])", "]], 'f')").replace("0.2])", "0.2], 'f')")
    solution(f"p2-float32-{form}", p2_section(form, in_float32))

solution(
    "p2-columns-and-bias-folded-in",
    {
        "p2.sigmoid.forward": """
        σ = lambda z: 1 / (1 + np.exp(-z))
        W̃_1 = np.array([[0.6, 0.3, 0.1], [0.8, -0.9, -0.2]])
        W̃_2 = np.array([[1.3, -0.5, 0.4]])
        z_h = W̃_1 @ np.array([[0.5], [1.2], [1]])
        a_h = σ(z_h)
        z_o = W̃_2 @ np.vstack([a_h, [[1]]])
        a_o = σ(z_o)
        E = 0.5 * (t - a_o) ** 2
        """,
        "p2.sigmoid.backward": """
        δ_o = (a_o - t) * σ(z_o) * σ(-z_o)
        Ĝ_2 = δ_o @ np.vstack([a_h, [[1]]]).T
        δ_h = W̃_2[:, :2].T @ δ_o * σ(z_h) * σ(-z_h)
        Ĝ_1 = δ_h @ np.array([[0.5, 1.2, 1]])
        delta_o, dW_o, db_o = δ_o, Ĝ_2[:, :2], Ĝ_2[:, 2]
        delta_h, dW_h, db_h = δ_h, Ĝ_1[:, :2].T, Ĝ_1[:, 2]
        """,
        "p2.sigmoid.update": """
        N_1, N_2 = W̃_1 - eta * Ĝ_1, W̃_2 - eta * Ĝ_2
        W_h_new, b_h_new, W_o_new, b_o_new = N_1[:, :2].T, N_1[:, 2], N_2[0, :2], N_2[0, 2]
        E_new = (t - σ(N_2 @ np.vstack([σ(N_1 @ [[0.5], [1.2], [1]]), [[1]]]))) ** 2 / 2
        """,
    },
)
solution(
    "p2-matrices-of-numpy",
    {
        "p2.tanh.forward": """
        x, W_1, W_2 = np.matrix("0.5 1.2"), np.matrix("0.6 0.8; 0.3 -0.9"), np.matrix("1.3; -0.5")
        a_h = np.tanh(x * W_1 + np.matrix("0.1 -0.2"))
        z_o = a_h * W_2 + 0.4
        a_o = 1 / (1 + np.exp(-z_o))
        E = (a_o - t) ** 2 / 2
        """,
        "p2.tanh.backward": """
        delta_o = db_o = np.multiply(a_o - t, np.multiply(a_o, 1 - a_o))
        dW_o = a_h.T * delta_o
        delta_h = db_h = np.multiply(delta_o * W_2.T, 1 - np.power(a_h, 2))
        dW_h = x.T * delta_h
        """,
    },
)
solution(
    "p2-decimals",
    {
        "p2.sigmoid.forward": """
        from decimal import Decimal as D
        inputs, columns = (D("0.5"), D("1.2")), ((D("0.6"), D("0.3")), (D("0.8"), D("-0.9")))
        sigmoid = lambda z: 1 / (1 + (-z).exp()) if isinstance(z, D) else 1 / (1 + exp(-z))
        z_h = tuple(
            sum(x * w for x, w in zip(inputs, column)) + b
            for column, b in zip(columns, (D("0.1"), D("-0.2")))
        )
        a_h = [sigmoid(z) for z in z_h]
        z_o = a_h[0] * D("1.3") - a_h[1] * D("0.5") + D("0.4")
        a_o = sigmoid(z_o)
        E = (D("0.15") - a_o) ** 2 / 2
        """
    },
)
solution(
    "p2-fractions",
    {
        "p2.relu.forward": """
        from fractions import Fraction as F
        z_h = [F(1, 2) * F(6, 10) + F(12, 10) * F(3, 10) + F(1, 10),
               F(1, 2) * F(8, 10) - F(12, 10) * F(9, 10) - F(2, 10)]
        a_h = [max(z, 0) for z in z_h]
        z_o = a_h[0] * F(13, 10) - a_h[1] * F(5, 10) + F(4, 10)
        a_o = 1 / (1 + np.exp(-float(z_o)))
        E = np.square(np.subtract(t, a_o)) / 2
        """
    },
)
solution(
    "p2-dictionaries-and-a-class",
    {
        "p2.tanh.forward": """
        einheit = Einheit([w_o11, w_o21], b_o, lambda z: exp(z) / (exp(z) + 1))
        a_h = [
            Einheit(weights, bias, lambda z: 1 - 2 / (exp(2 * z) + 1)).aktivierung([x_1, x_2])
            for weights, bias in (([w_h11, w_h21], b_h1), ([w_h12, w_h22], b_h2))
        ]
        z_o, a_o = einheit.summe(a_h), einheit.aktivierung(a_h)
        E = 1 / 2 * abs(t - a_o) ** 2
        """
    },
    own_cell="""
    from dataclasses import dataclass
    from typing import Callable

    @dataclass
    class Einheit:
        gewichte: list[float]
        schwelle: float
        f: Callable[[float], float]

        def summe(self, eingaben: list[float]) -> float:
            return sum(g * e for g, e in zip(self.gewichte, eingaben, strict=True)) + self.schwelle

        def aktivierung(self, eingaben: list[float]) -> float:
            return self.f(self.summe(eingaben))
    """,
    after="p2.sigmoid.update",
)
solution(
    "p2-compare-other-types",
    {
        "p2.compare": """
        moved_most, has_unmoved = "ReLU", " relu. "
        unmoved_count = np.sum(np.array([0.0, -0.0, 0, 0, 1]) == 0)
        reason = "(c)"
        """
    },
)
solution(
    "p2-second-step-as-arrays",
    {
        "p2.relu.second_step": """
        z_h_next = np.array([x_1, x_2]) @ np.array(W_h_new) + b_h_new
        """
    },
)
solution(
    "p2-two-points-as-a-batch",
    {
        "p2.two_points": """
        X, T = np.array([[0.5, 1.2], [1.0, -0.4]]), np.array([[0.15], [0.9]])
        A = 1 / (1 + np.exp(-(X @ [[0.6, 0.8], [0.3, -0.9]] + [0.1, -0.2])))
        A_o = 1 / (1 + np.exp(-(A @ [[1.3], [-0.5]] + 0.4)))
        delta_o = (A_o - T) * A_o * (1 - A_o)
        dW_o, db_o = np.einsum("nj,nk->jk", A, delta_o) / 2, np.average(delta_o)
        """
    },
)

# Problem 3

solution(
    "p3-activations-by-exponentials",
    {
        "p3.activations": """
        def activation(name, z):
            plus, minus = np.exp(z), np.exp(-z)
            match name:
                case "sigmoid":
                    return plus / (plus + 1)
                case "tanh":
                    return (plus - minus) / (plus + minus)
            return np.where(z > 0, z, 0)

        def slope(name, z):
            if name == "sigmoid":
                return activation(name, z) * activation(name, -z)
            if name == "tanh":
                return 4 / (np.exp(z) + np.exp(-z)) ** 2
            return np.heaviside(z, 0)
        """
    },
)
solution(
    "p3-activations-tanh-by-sigmoid-and-masks",
    {
        "p3.activations": """
        σ = lambda z: (1 + np.tanh(z / 2)) / 2
        TABLE = {
            "sigmoid": (σ, lambda z: σ(z) - σ(z) ** 2),
            "tanh": (lambda z: 1 - 2 * σ(-2 * z), lambda z: 4 * σ(2 * z) * σ(-2 * z)),
            "relu": (lambda z: z * (z > 0), lambda z: z > 0),
        }
        activation = lambda name, z: TABLE[name][0](z)
        slope = lambda name, z: TABLE[name][1](z)
        """
    },
)
solution(
    "p3-activations-number-by-number",
    {
        "p3.activations": """
        import math
        def each(f, z):
            return [each(f, item) for item in z] if isinstance(z, (list, np.ndarray)) else f(z)

        def activation(name, z):
            return each({
                "sigmoid": lambda v: 1 / (1 + math.exp(-v)),
                "tanh": math.tanh,
                "relu": lambda v: max(0, v),
            }[name], z)

        def slope(name, z):
            return each({
                "sigmoid": lambda v: 1 / (2 + math.exp(v) + math.exp(-v)),
                "tanh": lambda v: 1 / math.cosh(v) ** 2,
                "relu": lambda v: int(v > 0),
            }[name], z)
        """
    },
)
solution(
    "p3-activations-in-place-on-copies",
    {
        "p3.activations": """
        def activation(name, z):
            z = z.copy()
            if name == "relu":
                z[z < 0] = 0
            elif name == "tanh":
                np.tanh(z, out=z)
            else:
                np.negative(z, out=z)
                np.exp(z, out=z)
                z += 1
                z **= -1
            return z

        def slope(name, z):
            result = np.ones_like(z)
            if name == "relu":
                result[np.logical_not(z > 0)] = 0
                return result
            a = activation(name, z)
            result -= a if name == "sigmoid" else a * a
            return result * a if name == "sigmoid" else result
        """
    },
)
solution(
    "p3-activations-callable-objects",
    {
        "p3.activations": """
        from functools import partial

        class Function:
            def __init__(self, **table):
                self.table = table

            def __call__(self, name, z):
                return self.table[name](z)

        def logistic(z, sign=-1):
            return np.reciprocal(1 + np.exp(sign * z))

        activation = Function(sigmoid=logistic, tanh=np.tanh, relu=partial(np.maximum, 0))
        slope = Function(
            sigmoid=lambda z: logistic(z) * logistic(z, 1),
            tanh=lambda z: np.cosh(z) ** -2.0,
            relu=lambda z: (np.sign(z) + 1) // 2,
        )
        """
    },
)
solution(
    "p3-forward-loops",
    {
        "p3.forward": """
        def forward(x, params, hidden):
            def layer(rows, W, b):
                return [
                    [sum(row[i] * W[i][j] for i in range(len(W))) + b[j] for j in range(len(b))]
                    for row in rows
                ]
            z_h = layer(x, params["W_h"], params["b_h"])
            a_h = activation(hidden, np.array(z_h))
            z_o = layer(a_h, params["W_o"], params["b_o"])
            return [z_h, a_h.tolist(), z_o, activation("sigmoid", np.array(z_o))]
        """
    },
)
solution(
    "p3-forward-bias-folded-in",
    {
        "p3.forward": """
        def forward(x, params, hidden):
            W_1 = np.vstack([params["W_h"], params["b_h"]])
            W_2 = np.r_[params["W_o"], [params["b_o"]]]
            ones = np.ones((len(x), 1))
            z_1 = np.hstack([x, ones]) @ W_1
            a_1 = activation(hidden, z_1)
            z_2 = np.c_[a_1, ones] @ W_2
            return z_1, a_1, z_2, activation("sigmoid", z_2)
        """
    },
    asked=("p3.reproduce",),
)
solution(
    "p3-forward-columns-and-a-named-tuple",
    {
        "p3.forward": """
        from typing import NamedTuple

        class Trace(NamedTuple):
            z_h: np.ndarray
            a_h: np.ndarray
            z_o: np.ndarray
            a_o: np.ndarray

        def forward(x: np.ndarray, params: dict[str, np.ndarray], hidden: str) -> Trace:
            Z_1 = params["W_h"].T @ x.T + params["b_h"][:, np.newaxis]
            A_1 = activation(hidden, Z_1)
            Z_2 = params["W_o"].T @ A_1 + params["b_o"].reshape(-1, 1)
            return Trace(Z_1.T, A_1.T, Z_2.T, activation("sigmoid", Z_2).T)
        """
    },
    asked=("p3.reproduce", "p3.train"),
)
solution(
    "p3-forward-einsum-helper-in-another-cell",
    {
        "p3.forward": """
        def forward(x, params, hidden):
            trace = []
            for layer, f in (("h", hidden), ("o", "sigmoid")):
                trace += camada(x, params["W_" + layer], params["b_" + layer], f)
                x = trace[-1]
            return tuple(trace)
        """
    },
    own_cell="""
    def camada(entrada, pesos, viés, função):
        z = np.einsum("ni,ij->nj", entrada, pesos) + viés
        return z, activation(função, z)
    """,
    after="p3.activations",
    asked=("p3.reproduce",),
)
solution(
    "p3-loss-loops",
    {
        "p3.loss": """
        def loss(a_o, t):
            total = 0
            for outputs, targets in zip(a_o, t):
                for output, target in zip(outputs, targets):
                    total += (target - output) ** 2 / 2
            return total / len(t)
        """
    },
    asked=("p3.reproduce", "p3.train"),
)
solution(
    "p3-loss-norm",
    {"p3.loss": "loss = lambda a_o, t: np.linalg.norm(a_o - t) ** 2 / (2 * t.shape[0])"},
    asked=("p3.reproduce", "p3.train"),
)
solution(
    "p3-loss-einsum-zero-dimensional",
    {
        "p3.loss": """
        def loss(a_o, t):
            e = np.subtract(a_o, t)
            return np.array(np.einsum("nk,nk->", e, e) / 2 / len(e))
        """
    },
)
solution(
    "p3-loss-of-each-point-by-dot-products",
    {
        "p3.loss": """
        from statistics import fmean

        def loss_of_a_point(a, t):
            return 0.5 * np.dot(t - a, t - a)

        def loss(a_o, t):
            return fmean(map(loss_of_a_point, a_o, t))
        """
    },
    asked=("p3.train",),
)
solution(
    "p3-backward-point-by-point",
    {
        "p3.backward": """
        def backward(x, t, params, trace, hidden):
            sums = {"d" + name: np.zeros_like(array) for name, array in params.items()}
            for x_n, t_n, z_h, a_h, z_o, a_o in zip(x, t, *trace):
                delta_o = (a_o - t_n) * slope("sigmoid", z_o)
                delta_h = slope(hidden, z_h) * (params["W_o"] @ delta_o)
                sums["dW_o"] += np.outer(a_h, delta_o)
                sums["db_o"] += delta_o
                sums["dW_h"] += np.outer(x_n, delta_h)
                sums["db_h"] += delta_h
            return {name: total / len(x) for name, total in sums.items()}
        """
    },
    asked=("p3.reproduce", "p3.train"),
)
solution(
    "p3-backward-five-loops",
    {
        "p3.backward": """
        def backward(x, t, params, trace, hidden):
            z_h, a_h, z_o, a_o = trace
            N, I, J, K = len(x), x.shape[1], a_h.shape[1], t.shape[1]
            W_o = params["W_o"]
            g = {
                "dW_h": [[0.0] * J for _ in range(I)], "db_h": [0.0] * J,
                "dW_o": [[0.0] * K for _ in range(J)], "db_o": [0.0] * K,
            }
            for n in range(N):
                d_o = [(a_o[n, k] - t[n, k]) * a_o[n, k] * (1 - a_o[n, k]) for k in range(K)]
                for j in range(J):
                    s = sum(d_o[k] * W_o[j, k] for k in range(K)) * slope(hidden, z_h)[n, j]
                    g["db_h"][j] += s / N
                    for i in range(I):
                        g["dW_h"][i][j] += s * x[n, i] / N
                    for k in range(K):
                        g["dW_o"][j][k] += a_h[n, j] * d_o[k] / N
                for k in range(K):
                    g["db_o"][k] += d_o[k] / N
            return g
        """
    },
)
solution(
    "p3-backward-einsum-slope-from-activations",
    {
        "p3.backward": """
        from collections import OrderedDict

        def backward(x, t, params, trace, hidden):
            _, a, _, y = trace
            through = {"sigmoid": a * (1 - a), "tanh": 1 - a * a, "relu": (a > 0).astype(int)}
            d_o = (y - t) * y * (1 - y) / x.shape[0]
            d_h = np.einsum("nk,jk,nj->nj", d_o, params["W_o"], through[hidden])
            return OrderedDict(
                db_o=np.einsum("nk->k", d_o), dW_o=np.einsum("nj,nk->jk", a, d_o),
                db_h=np.einsum("nj->j", d_h), dW_h=np.einsum("ni,nj->ij", x, d_h),
            )
        """
    },
    asked=("p3.reproduce", "p3.train"),
)
solution(
    "p3-backward-bias-folded-in",
    {
        "p3.backward": """
        def backward(x, t, params, trace, hidden):
            z_h, a_h, z_o, a_o = trace
            one = np.ones((len(x), 1))
            d_o = (a_o - t) * slope("sigmoid", z_o)
            d_h = d_o.dot(params["W_o"].transpose()) * slope(hidden, z_h)
            G_o = np.hstack([a_h, one]).T @ d_o / len(x)
            G_h = np.hstack([x, one]).T @ d_h / len(x)
            return dict(dW_h=G_h[:-1], db_h=G_h[-1], dW_o=G_o[:-1], db_o=G_o[-1])
        """
    },
)
solution(
    "p3-backward-columns-kept-rows-and-more-keys",
    {
        "p3.backward": """
        def backward(x, t, params, trace, hidden):
            Z_1, A_1, Z_2, A_2 = (array.T for array in trace)
            N = x.shape[0]
            Δ_2 = (A_2 - t.T) * slope("sigmoid", Z_2)
            Δ_1 = (params["W_o"] @ Δ_2) * slope(hidden, Z_1)
            return {
                "delta_o": Δ_2.T, "delta_h": Δ_1.T,
                "dW_o": (Δ_2 @ A_1.T / N).T, "db_o": Δ_2.T.mean(axis=0, keepdims=True),
                "dW_h": (Δ_1 @ x / N).T, "db_h": Δ_1.T.mean(axis=0, keepdims=True),
            }
        """
    },
)
solution(
    "p3-backward-chinese-names-and-tensordot",
    {
        "p3.backward": """
        def backward(x, t, params, trace, hidden):
            # 反向传播：先算输出层的误差，再传回隐藏层
            输出 = trace[3]
            误差 = np.multiply(输出 - t, np.multiply(输出, 1 - 输出))
            隐藏误差 = np.multiply(np.inner(误差, params["W_o"]), slope(hidden, trace[0]))
            平均 = lambda 左, 右: np.tensordot(左, 右, axes=(0, 0)) / len(x)
            一 = np.ones(len(x))
            return {
                "dW_h": 平均(x, 隐藏误差), "db_h": 平均(一, 隐藏误差),
                "dW_o": 平均(trace[1], 误差), "db_o": 平均(一, 误差),
            }
        """
    },
)
solution(
    "p3-differences-on-flat-copies",
    {
        "p3.central_difference": """
        def central_difference(f, w, h):
            quotients = []
            for position in range(w.size):
                step = np.zeros(w.size)
                step[position] = h / 2
                step = step.reshape(w.shape)
                quotients.append((f(w + step) - f(w - step)) / h)
            return np.reshape(quotients, w.shape)
        """
    },
)
solution(
    "p3-differences-from-unit-vectors",
    {
        "p3.central_difference": """
        def central_difference(f, w, h):
            units = np.eye(w.size).reshape(w.size, *w.shape)
            return np.array([f(w + u * h / 2) / h - f(w - u * h / 2) / h for u in units]).reshape(
                w.shape
            )
        """
    },
)
solution(
    "p3-differences-moved-and-moved-back",
    {
        "p3.central_difference": """
        def central_difference(f, w, h):
            w, result = np.array(w), np.empty(w.shape)
            with np.nditer(result, flags=["multi_index"], op_flags=["writeonly"]) as places:
                for place in places:
                    old = w[places.multi_index]
                    w[places.multi_index] = old + 0.5 * h
                    right = f(w)
                    w[places.multi_index] = old - 0.5 * h
                    place[...] = (right - f(w)) / h
                    w[places.multi_index] = old
            return result
        """
    },
)
solution(
    "p3-step-in-place-on-copies",
    {
        "p3.sgd_step": """
        from copy import deepcopy
        def sgd_step(params, gradients, eta):
            new = deepcopy(params)
            for name in new:
                new[name] -= eta * gradients[f"d{name}"]
            return new
        """
    },
    asked=("p3.reproduce", "p3.train"),
)
solution(
    "p3-step-four-lines",
    {
        "p3.sgd_step": """
        def sgd_step(params, gradients, eta):
            W_h = params["W_h"] + -eta * gradients["dW_h"]
            b_h = np.subtract(params["b_h"], eta * gradients["db_h"])
            W_o = params["W_o"] - gradients["dW_o"] * eta
            b_o = params["b_o"] - np.multiply(gradients["db_o"], eta)
            return dict(W_h=W_h, b_h=b_h, W_o=W_o, b_o=b_o)
        """
    },
)
solution(
    "p3-step-lists-and-a-closure",
    {
        "p3.sgd_step": """
        def stepper(eta):
            def move(w, g):
                return [move(*both) for both in zip(w, g)] if np.ndim(w) else w - eta * g
            return move

        def sgd_step(params, gradients, eta):
            move = stepper(eta)
            return {name: move(params[name], gradients["d" + name]) for name in sorted(params)}
        """
    },
)
solution(
    "p3-reproduce-unrolled",
    {
        "p3.reproduce": """
        def loss_after(hidden):
            new = sgd_step(params, backward(x, t, params, forward(x, params, hidden), hidden), eta)
            return loss(forward(x, new, hidden)[3], t)

        E_new = {hidden: np.array([loss_after(hidden)]) for hidden in ("relu", "tanh", "sigmoid")}
        """
    },
)
solution(
    "p3-reproduce-through-train",
    {
        "p3.reproduce": """
        from collections import defaultdict
        E_new = defaultdict(float)
        for hidden in HIDDEN:
            new = params
            for _ in range(2):
                trace = forward(x, new, hidden)
                E_new[hidden] = float(loss(trace[-1], t))
                new = sgd_step(new, backward(x, t, new, trace, hidden), eta)
        """
    },
)
solution(
    "p3-reproduce-typed",
    {"p3.reproduce": "E_new = {name: None for name in HIDDEN}\nfrom_the_sheet(E_new)"},
    own_cell="""
    def from_the_sheet(target):
        for name in target:
            z = np.array([0.76, -0.88])
            f = {"sigmoid": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh,
                 "relu": lambda z: np.maximum(z, 0)}[name]
            df = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a**2,
                  "relu": lambda a: (a > 0) * 1.0}[name]
            W, b, V, c = [v.copy() for v in params.values()]
            a = f(z)
            y = 1 / (1 + np.exp(-(a @ V + c)))
            d = (y - 0.15) * y * (1 - y)
            e = d * V[:, 0] * df(a)
            W -= 0.7 * np.outer([0.5, 1.2], e)
            b -= 0.7 * e
            V -= 0.7 * np.outer(a, d)
            c -= 0.7 * d
            y = 1 / (1 + np.exp(-(f(np.array([0.5, 1.2]) @ W + b) @ V + c)))
            target[name] = (0.15 - y).item() ** 2 / 2
    """,
    after="p3.sgd_step",
)
solution(
    "p3-train-recursive",
    {
        "p3.train": """
        def train(x, t, params, hidden, eta, steps):
            if steps == 0:
                return params, []
            trace = forward(x, params, hidden)
            new = sgd_step(params, backward(x, t, params, trace, hidden), eta)
            end, later = train(x, t, new, hidden, eta, steps - 1)
            return end, [loss(trace[-1], t)] + later
        """
    },
)
solution(
    "p3-train-while-with-array-of-losses",
    {
        "p3.train": """
        def train(x, t, params, hidden, eta, steps):
            params = dict(params)
            losses, done = np.empty(steps), 0
            while done < steps:
                *_, a_o = trace = forward(x, params, hidden)
                losses[done] = loss(a_o, t)
                params.update(sgd_step(params, backward(x, t, params, trace, hidden), eta))
                done += 1
            return [params, losses]
        """
    },
)
solution(
    "p3-train-all-in-one",
    {
        "p3.train": """
        def train(x, t, params, hidden, eta, steps):
            W, b, V, c = (params[name].copy() for name in ("W_h", "b_h", "W_o", "b_o"))
            losses = ()
            for _ in range(steps):
                z = x @ W + b
                a = activation(hidden, z)
                y = activation("sigmoid", a @ V + c)
                losses += (0.5 * ((y - t) ** 2).sum() / len(x),)
                d = (y - t) * y * (1 - y) / len(x)
                e = (d @ V.T) * slope(hidden, z)
                W -= eta * x.T @ e
                b -= eta * e.sum(0)
                V -= eta * a.T @ d
                c -= eta * d.sum(0)
            return {"W_h": W, "b_h": b, "W_o": V, "b_o": c}, losses
        """
    },
)
solution(
    "p3-train-methods-of-a-class",
    {
        "p3.train": """
        class Trainer:
            def __init__(self):
                self.losses = []

            def run(self, x, t, params, hidden, eta, steps):
                self.losses = []
                for _ in range(steps):
                    params = self.one(x, t, params, hidden, eta)
                return params, self.losses

            def one(self, x, t, params, hidden, eta):
                trace = forward(x, params, hidden)
                self.losses.append(loss(trace[-1], t))
                return sgd_step(params, backward(x, t, params, trace, hidden), eta)

        train = Trainer().run
        """
    },
)
solution(
    "p3-deltas-point-by-point",
    {
        "p3.deltas": """
        def deltas(t, params, trace, hidden):
            found = [], []
            for t_n, z_h, a_h, z_o, a_o in zip(t, *trace):
                delta_o = (a_o - t_n) * a_o * (1 - a_o)
                found[0].append(delta_o)
                found[1].append(slope(hidden, z_h) * (params["W_o"] @ delta_o))
            return [np.array(each) for each in found]
        """
    },
    asked=("p3.backward", "p3.train"),
)
solution(
    "p3-deltas-einsum-and-a-named-tuple",
    {
        "p3.deltas": """
        from collections import namedtuple
        Deltas = namedtuple("Deltas", "delta_o delta_h")

        def deltas(t, params, trace, hidden):
            z_h, a_h, z_o, a_o = trace
            d = np.multiply(slope("sigmoid", z_o), np.subtract(a_o, t))
            return Deltas(d, np.einsum("nk,jk,nj->nj", d, params["W_o"], slope(hidden, z_h)))
        """
    },
    asked=("p3.backward", "p3.reproduce"),
)
solution(
    "p3-deltas-columns-and-the-sign-at-the-end",
    {
        "p3.deltas": """
        def deltas(t, params, trace, hidden):
            z_h, _, _, a_o = [v.T for v in trace]
            error = t.T - a_o
            d = -error * (a_o - a_o**2)
            return d.T, (params["W_o"] @ d * slope(hidden, z_h)).T
        """
    },
)
solution(
    "p3-hunt-written-anew",
    {
        "p3.bug_hunt": """
        def backward_three(x, t, params, trace):
            z, a = trace[::2], [x, *trace[1::2]]
            delta, found = a[3] - t, {}
            for k in (3, 2, 1):
                found[f"db_{k}"] = delta.sum(0) / len(t)
                found[f"dW_{k}"] = np.einsum("ni,nj->ij", a[k - 1], delta) / len(t)
                if k > 1:
                    delta = delta @ params[f"W_{k}"].T * (1 - np.tanh(z[k - 2]) ** 2)
            return found
        """
    },
)
solution(
    "p3-hunt-mended-otherwise",
    {
        "p3.bug_hunt": """
        def backward_three(x, t, params, trace):
            z_1, a_1, z_2, a_2, z_3, a_3 = trace
            delta_3 = (a_3 - t) / len(x)
            delta_2 = np.dot(delta_3, np.transpose(params["W_3"])) / np.cosh(z_2) ** 2
            delta_1 = (params["W_2"] @ delta_2.T).T * (1 - a_1) * (1 + a_1)
            return {
                "dW_3": a_2.T @ delta_3, "db_3": delta_3.sum(axis=0),
                "dW_2": a_1.T @ delta_2, "db_2": delta_2.sum(axis=0),
                "dW_1": x.T @ delta_1, "db_1": delta_1.sum(axis=0),
            }
        """
    },
)
solution(
    "p3-hunt-point-by-point",
    {
        "p3.bug_hunt": """
        def backward_three(x, t, params, trace):
            found = {"d" + name: 0 * w for name, w in params.items()}
            for x_n, t_n, _, a_1, _, a_2, _, a_3 in zip(x, t, *trace):
                delta_3 = a_3 - t_n
                delta_2 = params["W_3"] @ delta_3 * (1 - a_2 * a_2)
                delta_1 = params["W_2"] @ delta_2 * (1 - a_1 * a_1)
                for k, a, d in ((3, a_2, delta_3), (2, a_1, delta_2), (1, x_n, delta_1)):
                    found[f"dW_{k}"] = found[f"dW_{k}"] + np.outer(a, d) / len(x)
                    found[f"db_{k}"] = found[f"db_{k}"] + d / len(x)
            return found
        """
    },
)
solution(
    "p3-batches-shuffled-in-place",
    {
        "p3.batches": """
        def batches(N, size, rng):
            order = np.arange(N)
            rng.shuffle(order)
            return np.split(order, range(size, N, size))
        """
    },
    asked=("p3.train_batches",),
)
solution(
    "p3-batches-generator-of-lists",
    {
        "p3.batches": """
        def batches(N, size, rng):
            left = rng.permutation(N).tolist()
            while left:
                yield left[:size]
                left = left[size:]
        """
    },
    asked=("p3.train_batches",),
)
solution(
    "p3-batches-permuted-tuple",
    {
        "p3.batches": """
        def batches(N, size, rng):
            order = rng.permutation(np.arange(N))
            count = -(-N // size)
            return tuple(order[k * size : min((k + 1) * size, N)] for k in range(count))
        """
    },
    asked=("p3.train_batches",),
)
solution(
    "p3-train-batches-of-its-own",
    {
        "p3.train_batches": """
        def train_batches(x, t, params, hidden, eta, epochs, size, rng):
            losses = np.zeros(epochs)
            new = {k: v.copy() for k, v in params.items()}
            for epoch in range(epochs):
                losses[epoch] = loss(forward(x, new, hidden)[3], t)
                order = rng.permutation(len(x))
                xs, ts = x[order], t[order]
                for k in range(0, len(x), size):
                    xb, tb = xs[k : k + size], ts[k : k + size]
                    g = backward(xb, tb, new, forward(xb, new, hidden), hidden)
                    new = sgd_step(new, g, eta)
            return new, losses
        """
    },
)
solution(
    "p3-train-batches-through-train",
    {
        "p3.train_batches": """
        def train_batches(x, t, params, hidden, eta, epochs, size, rng):
            losses = []
            while len(losses) < epochs:
                *_, a_o = forward(x, params, hidden)
                losses += [loss(a_o, t)]
                for points in batches(N=len(t), size=size, rng=rng):
                    params, _ = train(x[points], t[points], params, hidden, eta, steps=1)
            return [params, losses]
        """
    },
)
solution(
    "p3-train-batches-recursive",
    {
        "p3.train_batches": """
        def train_batches(x, t, params, hidden, eta, epochs, size, rng):
            if not epochs:
                return params, ()
            before = loss(forward(x, params, hidden)[-1], t)
            for i in batches(len(x), size, rng):
                trace = forward(np.take(x, i, axis=0), params, hidden)
                g = backward(x[i, :], t[i, :], params, trace, hidden)
                params = sgd_step(params, g, eta)
            params, later = train_batches(x, t, params, hidden, eta, epochs - 1, size, rng)
            return params, (before, *later)
        """
    },
)
solution(
    "p3-any-depth-list-of-deltas",
    {
        "p3.any_depth": """
        def backward_any_depth(x, t, W, b):
            σ = lambda z: 1 / (1 + np.exp(-z))
            a = [x]
            for k in range(len(W)):
                a += [σ(a[k] @ W[k] + b[k])]
            δ = [None] * len(W)
            δ[-1] = (a[-1] - t) * a[-1] * (1 - a[-1])
            for k in range(len(W) - 2, -1, -1):
                δ[k] = δ[k + 1] @ W[k + 1].T * a[k + 1] * (1 - a[k + 1])
            return (
                tuple(np.einsum("ni,nj->ij", a[k], δ[k]) / len(x) for k in range(len(W))),
                tuple(d.sum(axis=0) / len(x) for d in δ),
            )
        """
    },
)
solution(
    "p3-any-depth-recursive",
    {
        "p3.any_depth": """
        def backward_any_depth(x, t, W, b):
            def through(a, W, b):
                # What the layers from here on send back, and their gradients.
                if not W:
                    return a - t, [], []
                out = activation("sigmoid", a @ W[0] + b[0])
                back, dW, db = through(out, W[1:], b[1:])
                delta = back * out * (1 - out)
                return delta @ W[0].T, [a.T @ delta / len(x)] + dW, [delta.mean(0)] + db

            return through(x, W, b)[1:]
        """
    },
)
solution(
    "p3-any-depth-point-by-point",
    {
        "p3.any_depth": """
        def backward_any_depth(x, t, W, b):
            dW, db = [0 * w for w in W], [0 * v for v in b]
            for point, target in zip(x, t):
                stored = [point]
                for w, v in zip(W, b):
                    stored.append(1 / (1 + np.exp(-(w.T @ stored[-1] + v))))
                back = stored[-1] - target
                for k, w in reversed(list(enumerate(W))):
                    delta = back * stored[k + 1] * (1 - stored[k + 1])
                    dW[k] = dW[k] + np.outer(stored[k], delta) / len(x)
                    db[k] = db[k] + delta / len(x)
                    back = w @ delta
            return dW, db
        """
    },
)

# Problem 4

solution(
    "p4-model-functional",
    {
        "p4.model": """
        def build_model(hidden):
            inputs = keras.Input(shape=(2,))
            h = keras.layers.Dense(2, hidden, name="hidden")(inputs)
            return keras.Model(inputs, keras.layers.Dense(1, "sigmoid", name="output")(h))
        """,
        "p4.forward": """
        a_o = {}
        for hidden in HIDDEN:
            model = build_model(hidden)
            for layer, (W, b) in zip(model.layers[1:], (("W_h", "b_h"), ("W_o", "b_o"))):
                layer.set_weights([params[W], params[b]])
            a_o[hidden] = model.predict(x, verbose=0)
        """,
    },
)
solution(
    "p4-model-layer-by-layer",
    {
        "p4.model": """
        def build_model(hidden):
            model = keras.Sequential()
            model.add(keras.Input((2,)))
            model.add(keras.layers.Dense(2))
            model.add(keras.layers.Activation(hidden))
            model.add(keras.layers.Dense(1))
            model.add(keras.layers.Activation(tf.sigmoid))
            return model
        """,
        "p4.forward": """
        def output_with(hidden):
            model = build_model(hidden)
            model.set_weights([params[name] for name in ("W_h", "b_h", "W_o", "b_o")])
            return model(x)
        a_o = {hidden: output_with(hidden) for hidden in HIDDEN}
        """,
    },
)
solution(
    "p4-model-subclass",
    {
        "p4.model": """
        class TwoLayers(keras.Model):
            def __init__(self, hidden):
                super().__init__()
                self.first = keras.layers.Dense(2, activation=getattr(keras.activations, hidden))
                self.second = keras.layers.Dense(1, activation=keras.activations.sigmoid)

            def call(self, x):
                return self.second(self.first(x))

        def build_model(hidden):
            model = TwoLayers(hidden)
            model(np.zeros((1, 2), dtype="float32"))
            return model
        """
    },
)
solution(
    "p4-forward-in-float32-by-hand",
    {
        "p4.forward": """
        f = {"sigmoid": tf.sigmoid, "tanh": tf.tanh, "relu": tf.nn.relu}
        p = {name: tf.constant(array, tf.float32) for name, array in params.items()}
        a_o = {
            hidden: tf.sigmoid(f[hidden](x @ p["W_h"] + p["b_h"]) @ p["W_o"] + p["b_o"]).numpy()
            for hidden in HIDDEN
        }
        """
    },
)
solution(
    "p4-forward-typed-to-five-decimals",
    {
        "p4.forward": """
        sigmoid = lambda z: 1 / (1 + np.exp(-z))
        hidden_units = {"sigmoid": sigmoid, "tanh": np.tanh, "relu": lambda z: np.maximum(0, z)}
        z_h = [0.76, -0.88]
        a_o = {
            name: round(sigmoid(f(np.array(z_h)) @ [1.3, -0.5] + 0.4), 5)
            for name, f in hidden_units.items()
        }
        """
    },
)
solution(
    "p4-tape-loss-of-keras-converted",
    {
        "p4.tape": """
        def tape_gradients(model, x, t):
            mse = keras.losses.MeanSquaredError()
            with tf.GradientTape() as tape:
                E = mse(t, model(x)) * t.shape[1] / 2
            return tuple(tape.gradient(E, model.trainable_weights))
        """
    },
)
solution(
    "p4-tape-persistent-one-by-one",
    {
        "p4.tape": """
        def tape_gradients(model, x, t):
            with tf.GradientTape(persistent=True) as tape:
                e = tf.convert_to_tensor(t) - model(tf.constant(x), training=True)
                E = tf.einsum("nk,nk->", e, e) / (2 * len(x))
            return [tape.gradient(E, w).numpy().tolist() for w in model.trainable_variables]
        """
    },
)
solution(
    "p4-tape-sum-over-points",
    {
        "p4.tape": """
        def tape_gradients(model, x, t):
            total = [0 * w for w in model.get_weights()]
            for n in range(len(x)):
                with tf.GradientTape() as tape:
                    E = tf.nn.l2_loss(t[n : n + 1] - model(x[n : n + 1]))
                for place, g in enumerate(tape.gradient(E, model.trainable_variables)):
                    total[place] += g.numpy() / len(x)
            return total
        """
    },
)
solution(
    "p4-learning-rate-lambda",
    {"p4.learning_rate": "eta_for_mse = lambda eta, outputs: eta / (2 / outputs)"},
)
solution(
    "p4-learning-rate-fractions-and-types",
    {
        "p4.learning_rate": """
        from fractions import Fraction
        def eta_for_mse(eta: float, outputs: int) -> np.ndarray:
            return np.array([Fraction(outputs, 2) * eta])
        """
    },
)
solution(
    "p4-step-assigned-by-hand",
    {
        "p4.step": """
        def keras_step(model, x, t, eta):
            with tf.GradientTape() as tape:
                mse = tf.reduce_mean(keras.losses.mse(t, model(x)))
            weights = model.trainable_variables
            for w, g in zip(weights, tape.gradient(mse, weights)):
                w.assign(w - eta * t.shape[1] / 2 * g)
        """
    },
)
solution(
    "p4-step-apply-gradients-of-the-tape",
    {
        "p4.step": """
        def keras_step(model, x, t, eta):
            optimizer = keras.optimizers.SGD(float(eta))
            optimizer.apply_gradients(zip(tape_gradients(model, x, t), model.trainable_variables))
        """
    },
)
solution(
    "p4-step-fit-one-epoch",
    {
        "p4.step": """
        def keras_step(model, x, t, eta):
            model.compile(keras.optimizers.SGD(eta_for_mse(eta, t.shape[-1])), keras.losses.mse)
            model.fit(x, t, batch_size=len(x), epochs=1, shuffle=False, verbose=0)
        """
    },
)
solution(
    "p4-step-sum-loss-of-ones-own",
    {
        "p4.step": """
        def half_squared(t, a):
            return tf.reduce_sum((t - a) ** 2, axis=-1) / 2

        def keras_step(model, x, t, eta):
            model.compile(loss=half_squared, optimizer=keras.optimizers.SGD(learning_rate=eta))
            model.train_on_batch(x, t)
        """
    },
)
solution(
    "p4-faster-other-types",
    {
        "p4.faster": """
        from fractions import Fraction
        loss_ratio, step_ratio, reason = Fraction(2), np.array([2.0]), "b"
        """
    },
)

# Numbers as a student types them from paper

BY_HAND_NUMBERS = [
    question
    for notebook in NOTEBOOKS.values()
    for question in questions_of(notebook).values()
    if any(part.tolerance.decimals for part in question.parts)
    and set(question.arguments) == {part.name for part in question.parts}
]


def typed(question, digits):
    """Source that types the question's right answers, rounded to so many decimals."""
    (case, *_) = question.cases_from(SEED)
    lines = []
    for part in question.parts:
        value = case.expected[part.name]
        value = value if isinstance(value, str) else np.round(value, digits).tolist()
        lines.append(f"{part.name} = {value!r}")
    return "\n".join(lines)


for question in BY_HAND_NUMBERS:
    for digits in (4, 5):
        if question.id not in ("l1.by_rules", "l1.direction"):
            solution(
                f"typed-to-{digits}-decimals-{question.id}", {question.id: typed(question, digits)}
            )
