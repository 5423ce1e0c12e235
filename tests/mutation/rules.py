"""How people go wrong: each rule changes one place of a right answer as its mistake would.

A rule is applied at every place where its pattern occurs in the answers that it is for.
"""

import re
from dataclasses import dataclass

from helpers.marking.misconceptions import CATALOGUE


@dataclass(frozen=True)
class Rule:
    """A slip, as a change of an answer's source.

    names: of the catalogue, one of which the marker has to find; several where different questions
    call one slip differently, {"a", "b"} in one string "a + b" for two slips at once.
    asked_in: a regular expression for the ids of the questions it is for. changes: pairs of a
    regular expression and what replaces it; the first is applied at one place, the others, which
    belong to it, wherever they occur.
    """

    names: tuple
    asked_in: str
    changes: tuple

    def mutants(self, source):
        """The changed sources, one for each place of the first change."""
        (pattern, replacement), *others = self.changes
        for match in re.finditer(pattern, source):
            changed = source[: match.start()] + match.expand(replacement) + source[match.end() :]
            for other, new in others:
                changed = re.sub(other, new, changed)
            if changed != source:
                yield changed


RULES = []


def slip(names, asked_in, *changes):
    """Add a rule. names: "a", or "a|b" where either is the right name; "a + b" for two at once."""
    assert len(changes) % 2 == 0, names
    pairs = tuple(zip(changes[::2], changes[1::2]))
    names = tuple(names.split("|"))
    assert all(name in CATALOGUE for both in names for name in both.split(" + ")), names
    RULES.append(Rule(names, asked_in, pairs))


BACKWARD = r"p2\..*\.backward|p3\.deltas"
UPDATE = r"p2\..*\.update"

# Forward pass and loss
slip("bias_forgotten", r"p2\.\w+\.forward|l2\.forward", r" \+ b_(h\d|o)\b", "")
slip("bias_forgotten", r"p3\.forward", r' \+ params\["b_[ho]"\]', "")
slip("activation_forgotten", r"p2\.\w+\.forward", r"\b(?:sigmoid|tanh)\((z_\w(?:\[\d\])?)\)", r"\1")
slip("activation_forgotten", r"p2\.relu\.forward", r"max\(0, (z_h\[\d\])\)", r"\1")
slip("activation_forgotten", r"p3\.forward", r"activation\((?:hidden|\"sigmoid\"), (z_\w)\)", r"\1")
slip("activation_forgotten|hidden_activation_forgotten", r"p4\.model", r"activation=[^)]*", "")
slip("sigmoid_in_hidden_layer", r"p2\.(tanh|relu)\.forward", r"tanh\(|max\(0, ", "sigmoid(")
slip("sigmoid_in_hidden_layer", r"p3\.forward", r"activation\(hidden", 'activation("sigmoid"')
slip(
    "sigmoid_in_hidden_layer",
    r"p3\.activations",
    r"np\.tanh\(z\)|np\.maximum\(z, 0\)",
    "1 / (1 + np.exp(-z))",
)
slip("sigmoid_in_hidden_layer", r"p4\.model", "activation=hidden", 'activation="sigmoid"')
slip("sigmoid_in_hidden_layer", r"p4\.forward", r"build_model\(hidden\)", 'build_model("sigmoid")')
slip(
    "hidden_activation_at_output",
    r"p3\.forward",
    r'activation\("sigmoid", z_o',
    "activation(hidden, z_o",
)
slip("hidden_activation_at_output", r"p4\.model", r'activation="sigmoid"', "activation=hidden")
slip("exponents_sign_lost", r"p2\.sigmoid\.forward|p3\.activations", r"exp\(-z\)", "exp(z)")
slip(
    "hidden_activation_forgotten",
    r"p2\.\w+\.forward",
    r"z_o = a_h\[0\]",
    "z_o = z_h[0]",
    r"a_h\[1\] \* w_o21",
    "z_h[1] * w_o21",
)
slip("hidden_activation_forgotten", r"p3\.forward", "z_o = a_h", "z_o = z_h")
slip("weights_read_across", r"p2\.sigmoid\.forward", r"(?s)w_h21(.*)w_h12", r"w_h12\1w_h21")
slip(
    "weights_read_across",
    r"p4\.forward",
    r"list\(params\.values\(\)\)",
    '[params["W_h"].T, *list(params.values())[1:]]',
)
slip("weights_read_across", r"l2\.forward", r"(?s)w_h21(.*)w_h12", r"w_h12\1w_h21")
slip("units_swapped", r"l2\.forward", r"\[(0.5 \* w_h11 [^,]*), ([^,]*)\]", r"[\2, \1]")
slip(
    "inputs_of_the_text",
    r"l2\.forward",
    r"0\.5 \* w_h11 \+ 1 \*",
    r"1.2 * w_h11 + 0.4 *",
    r"0\.5 \* w_h12 \+ 1 \*",
    r"1.2 * w_h12 + 0.4 *",
)
slip(
    "activation_for_weighted_input",
    r"l2\.forward",
    r"z_h = (.*)",
    r"z_h = [1 / (1 + np.exp(-z)) for z in \1]",
)
slip("target_of_the_text", r"l2\.forward", r"0\.1 - a_o", "0.9 - a_o")
slip("target_of_the_text", r"l2\.output_delta", r"a_o - 0\.1", "a_o - 0.9")
slip("half_forgotten", r"p2\.\w+\.forward|l2\.forward", r"\*\* 2 / 2", "** 2")
slip("half_forgotten", r"p2\.\w+\.update", r"\*\* 2 / 2", "** 2")
slip("half_forgotten", r"p3\.loss", r"0\.5 \* ", "")
slip(
    "error_not_squared",
    r"p2\.\w+\.forward|l2\.forward",
    r"\((\S+ - a_o)\) \*\* 2 / 2",
    r"abs(\1) / 2",
)
slip("error_not_squared", r"p3\.loss", r"\(\(t - a_o\) \*\* 2\)", "np.abs(t - a_o)")
slip(
    "error_not_squared",
    r"p2\.\w+\.forward",
    r"\((\S+ - a_o)\) \*\* 2 / 2",
    r"abs(\1)",
)
slip("mean_over_outputs", r"p3\.loss", r"sum\(axis=1\)", "mean(axis=1)")
slip("loss_summed", r"p3\.loss", r"\.mean\(\)", ".sum()")
slip("points_left_apart", r"p3\.loss", r"\.mean\(\)", "")
slip("outputs_left_apart", r"p3\.loss", r"\.sum\(axis=1\)\.mean\(\)", ".mean(axis=0)")
slip("mean_over_outputs", r"p4\.tape", "reduce_sum", "reduce_mean")
slip("sum_over_batch", r"p4\.tape", "reduce_mean", "reduce_sum")
slip("loss_of_keras", r"p4\.tape", r"0\.5 \* ", "", "reduce_sum", "reduce_mean")
slip("factor_two", r"p4\.tape", r"0\.5 \* ", "")
slip("wrong_sign", r"p4\.tape", r"E = ", "E = -")

# Slopes and deltas
ERROR = r"\((a_o|a_k) - (t|t_k)\)"
slip("wrong_sign", rf"{BACKWARD}|p1\.output_layer", ERROR, r"(\2 - \1)")
slip(
    "wrong_sign|sign_turned",
    r"p1\.output_links|l2\.output_delta",
    r"= (a_k|a_o) - (t_k|0\.1)",
    r"= \2 - \1",
)
slip("wrong_sign", r"l2\.loop", r"\(a\[-1\] - t\)", "(t - a[-1])")
slip("wrong_sign", r"l3\.output_deltas", r"0\.8 - 0\.3", "0.3 - 0.8")
slip("wrong_sign", r"l3\.softmax_delta", r"\[(.*)\]", r"[-v for v in [\1]]")
slip("factor_two", rf"{BACKWARD}|p1\.output_layer", ERROR, r"2 * (\1 - \2)")
slip("factor_two", r"p1\.output_links|l2\.output_delta", r"= (a_\w - .*)", r"= 2 * (\1)")
slip("factor_half", rf"{BACKWARD}|p1\.output_layer", ERROR, r"(\1 - \2) / 2")
slip("factor_half", r"p1\.output_links|l2\.output_delta", r"= (a_\w - .*)", r"= (\1) / 2")
slip("factor_two", r"l3\.output_deltas", r"0\.8 - 0\.3", "2 * (0.8 - 0.3)")
slip("slope_of_linear", r"l3\.output_deltas", r"(?m)^(linear\w+ = )(.*)$", r"\1(\2) * 0.8 * 0.2")
slip(
    "slope_not_cancelled",
    r"l3\.output_deltas",
    r"(?m)^(sigmoid_cross\w+ = )(.*)$",
    r"\1(\2) * 0.8 * 0.2",
)
slip("slope_forgotten", r"p2\.\w+\.backward|p1\.output_layer", r" \* a_[ok] \* \(1 - a_[ok]\)", "")
slip("slope_forgotten", r"p2\.sigmoid\.backward", r" \* a_h\[\d\] \* \(1 - a_h\[\d\]\)", "")
slip("slope_forgotten", r"p2\.tanh\.backward", r" \* \(1 - a_h\[\d\] \*\* 2\)", "")
slip("slope_forgotten", r"p2\.relu\.backward", r" \* \(z_h\[\d\] > 0\)", "")
slip("slope_forgotten|output_slope_forgotten", r"p3\.deltas", r' \* slope\("sigmoid", z_o\)', "")
slip("slope_forgotten", r"p3\.deltas", r" \* slope\(hidden, z_h\)", "")
slip("slope_forgotten", r"p1\.(hidden_layer|two_outputs)", r" \* a_j \* \(1 - a_j\)", "")
slip("slope_forgotten", r"l2\.two_paths", r" \* 0\.8 \* \(1 - 0\.8\)", "")
slip(
    "slope_forgotten", r"l3\.output_deltas", r"\(0\.8 - 0\.3\) \* 0\.8 \* \(1 - 0\.8\)", "0.8 - 0.3"
)
slip(
    "slope_forgotten|relu_never_off",
    r"l3\.hidden_delta",
    r"back \* (\(a_h > 0\)|a_h \* \(1 - a_h\)|\(1 - a_h\*\*2\))",
    "back * np.ones_like(a_h)",
)
slip("slope_forgotten", r"l2\.hidden_unit", r" \* a_h2 \* \(1 - a_h2\)", "")
slip("slope_forgotten", r"l2\.output_delta", r"link_1 \* link_2", "link_1")
slip(
    "slope_forgotten",
    r"l2\.loop",
    r"\(a\[-1\] - t\) \* a\[-1\] \* \(1 - a\[-1\]\)",
    "a[-1] - t",
)
slip("slope_at_a", r"p3\.deltas", r"slope\(hidden, z_h\)", "slope(hidden, a_h)")
slip("slope_at_a", r"p3\.deltas", r'slope\("sigmoid", z_o\)', 'slope("sigmoid", a_o)')
slip(
    "slope_at_a",
    r"p3\.activations",
    r"a = activation\(name, z\)",
    "z = activation(name, z); a = activation(name, z)",
)
SIGMOID_AT = r"\1 1 / (1 + np.exp(-A)) * (1 - 1 / (1 + np.exp(-A)))"
slip("slope_at_a", r"p2\.\w+\.backward", r"(\*) a_o \* \(1 - a_o\)", SIGMOID_AT.replace("A", "a_o"))
slip(
    "slope_at_a",
    r"p2\.sigmoid\.backward",
    r"(\*) a_h\[(\d)\] \* \(1 - a_h\[\d\]\)",
    SIGMOID_AT.replace("A", r"a_h[\2]"),
)
slip("slope_at_a", r"p2\.tanh\.backward", r"1 - a_h\[(\d)\] \*\* 2", r"1 - np.tanh(a_h[\1]) ** 2")
slip("slope_at_a", r"l2\.output_delta", r"a_o \* \(1 - a_o\)", SIGMOID_AT[3:].replace("A", "a_o"))
slip("slope_formula_at_z", r"p2\.\w+\.backward", r"\* a_o \* \(1 - a_o\)", "* z_o * (1 - z_o)")
slip(
    "slope_formula_at_z",
    r"p2\.sigmoid\.backward",
    r"\* a_h\[(\d)\] \* \(1 - a_h\[\d\]\)",
    r"* z_h[\1] * (1 - z_h[\1])",
)
slip("slope_formula_at_z", r"p2\.tanh\.backward", r"1 - a_h\[(\d)\] \*\* 2", r"1 - z_h[\1] ** 2")
slip("slope_formula_at_z", r"p3\.activations", r"a \* \(1 - a\)", "z * (1 - z)")
slip("slope_formula_at_z", r"p3\.activations", r"1 - a\*\*2", "1 - z**2")
slip(
    "slope_formula_at_z",
    r"p1\.(\w+_links|\w+_layer)",
    r"\b(?:a_k \* \(1 - a_k\))",
    "z_k * (1 - z_k)",
)
slip(
    "slope_formula_at_z",
    r"p1\.(\w+_links|\w+_layer)",
    r"\b(?:a_j \* \(1 - a_j\))",
    "z_j * (1 - z_j)",
)
slip(
    "slope_of_sigmoid",
    r"p2\.tanh\.backward",
    r"\(1 - a_h\[(\d)\] \*\* 2\)",
    r"a_h[\1] * (1 - a_h[\1])",
)
slip("slope_of_tanh", r"p2\.\w+\.backward", r"\* a_o \* \(1 - a_o\)", "* (1 - a_o**2)")
slip("slope_of_tanh", r"p1\.output_\w+", r"\ba_(\w) \* \(1 - a_\w\)", r"(1 - a_\1**2)")
slip(
    "slope_of_tanh",
    r"p2\.relu\.backward",
    r"\(z_h\[0\] > 0\)",
    "(1 - a_h[0] ** 2)",
    r"\(z_h\[1\] > 0\)",
    "(1 - a_h[1] ** 2)",
)
slip(
    "slope_of_relu",
    r"p2\.sigmoid\.backward",
    r"a_h\[0\] \* \(1 - a_h\[0\]\),",
    "(z_h[0] > 0),",
    r"a_h\[1\] \* \(1 - a_h\[1\]\),",
    "(z_h[1] > 0),",
)
slip(
    "slope_of_relu",
    r"p2\.tanh\.backward",
    r"\(1 - a_h\[0\] \*\* 2\)",
    "(z_h[0] > 0)",
    r"\(1 - a_h\[1\] \*\* 2\)",
    "(z_h[1] > 0)",
)
slip("slope_of_sigmoid", r"p2\.relu\.backward", r"\(z_h\[(\d)\] > 0\)", r"a_h[\1] * (1 - a_h[\1])")
slip(
    "slope_of_sigmoid",
    r"p3\.activations",
    r"1 - a\*\*2|np\.where\(z > 0, 1\.0, 0\.0\)",
    "a * (1 - a)",
)
slip("slope_of_sigmoid", r"p3\.deltas", r"slope\(hidden, z_h\)", "(a_h * (1 - a_h))")
slip(
    "slope_of_sigmoid",
    r"l3\.hidden_delta",
    r"back \* \(a_h > 0\)|back \* \(1 - a_h\*\*2\)",
    "back * a_h * (1 - a_h)",
)
slip(
    "factor_of_the_slope_missing",
    r"p2\.\w+\.backward|p1\.output_layer",
    r" \* \(1 - a_[ok]\)| \* a_[ok](?= \* \(1)",
    "",
)
slip(
    "factor_of_the_slope_missing",
    r"p2\.sigmoid\.backward",
    r" \* \(1 - a_h\[\d\]\)| \* a_h\[\d\](?= \* \(1)",
    "",
)
slip(
    "factor_of_the_slope_missing",
    r"p1\.\w+_links|l2\.output_delta",
    r"(a_\w) \* \(1 - a_\w\)",
    r"1 - \1",
)
slip("factor_of_the_slope_missing", r"p3\.activations", r"a \* \(1 - a\)", "1 - a")
slip(
    "factor_of_the_slope_missing",
    r"l3\.hidden_delta|p1\.hidden_layer",
    r" \* a_\w(?= \* \(1 - a_\w\))",
    "",
)
slip("factor_of_the_slope_missing", r"l3\.slopes", r"0\.9 \* \(1 - 0\.9\)", "1 - 0.9")
slip("square_forgotten", r"p2\.tanh\.backward", r" \*\* 2\)", ")")
slip("square_forgotten", r"p3\.activations|l3\.hidden_delta", r"(1 - a\w*)\*\*2", r"\1")
slip("square_forgotten", r"l3\.slopes", r"0\.6\*\*2", "0.6")
slip("activation_for_slope", r"p2\.tanh\.backward", r"\(1 - a_h\[(\d)\] \*\* 2\)", r"a_h[\1]")
slip("activation_for_slope", r"p2\.relu\.backward", r"\(z_h\[(\d)\] > 0\)", r"a_h[\1]")
slip("activation_for_slope", r"p3\.deltas", r"slope\(hidden, z_h\)", "activation(hidden, z_h)")
slip("slope_of_sigmoid", r"p3\.deltas", r"slope\(hidden, z_h\)", 'slope("sigmoid", z_h)')
slip(
    "hidden_activation_at_output",
    r"p3\.deltas",
    r'slope\("sigmoid", z_o\)',
    "slope(hidden, z_o)",
)
slip(
    "trace_in_another_order",
    r"p3\.deltas",
    r"z_h, a_h, z_o, a_o = trace",
    "a_h, z_h, a_o, z_o = trace",
)
slip(
    "delta_of_another_layer",
    r"p3\.backward",
    r"delta_o, delta_h = deltas",
    "delta_h, delta_o = deltas",
)
slip("output_for_hidden_activation", r"p3\.backward", r"a_h\.T @ delta_o", "a_o.T @ delta_o")
slip("relu_of_another_kind", r"p3\.activations", r"np\.maximum\(z, 0\)", "np.abs(z)")
slip("relu_of_another_kind", r"p3\.activations", r"np\.maximum\(z, 0\)", "np.minimum(z, 0)")
slip("slope_never_0", r"p3\.activations", r"np\.where\(z > 0, 1\.0, 0\.0\)", "np.ones_like(z)")
slip("slope_of_tanh", r"p3\.activations", r"a \* \(1 - a\)", "1 - a**2")
slip("square_forgotten", r"p3\.activations", r"1 - a\*\*2", "(1 - a)**2")
slip(
    "brackets_forgotten",
    r"p3\.activations",
    r"1 / \(1 \+ np\.exp\(-z\)\)",
    "1 / 1 + np.exp(-z)",
)
slip("activation_for_slope", r"l2\.two_paths", r" \* \(1 - 0\.8\)", "")
slip(
    "activation_as_slope|factor_of_the_slope_missing",
    r"p3\.activations|l3\.hidden_delta",
    r"a(_h)? \* \(1 - a(_h)?\)",
    r"a\1",
)
slip("activation_as_slope", r"p3\.activations|l3\.hidden_delta", r"\(?1 - a(_h)?\*\*2\)?", r"a\1")
slip("activation_as_slope", r"l3\.hidden_delta", r"\(a_h > 0\)", "a_h")
slip("activation_as_slope", r"p3\.activations", r"np\.where\(z > 0, 1\.0, 0\.0\)", "a")
slip("activation_as_slope", r"l3\.slopes", r"1 - 0\.6\*\*2", "0.6")
slip("activation_as_slope", r"l3\.slopes", r"0\.9 \* \(1 - 0\.9\)", "0.9")
slip("activation_as_slope", r"l3\.slopes", r"slope_relu = 1", "slope_relu = 2.5")
slip("value_where_steepest", r"l3\.layers", r"0\.5 \* \(1 - 0\.5\)", "0.5")
slip("comparison_without_brackets", r"l3\.hidden_delta", r"\((a_h > 0)\)", r"\1")
slip(
    "difference_without_brackets",
    r"l3\.hidden_delta|l3\.train_softmax",
    r"\* \((1 - a_h(?:\*\*2)?)\)",
    r"* \1",
)
slip("slope_of_tanh", r"l3\.slopes", r"0\.9 \* \(1 - 0\.9\)", "1 - 0.9**2")
slip("slope_of_tanh", r"l3\.hidden_delta", r"a_h \* \(1 - a_h\)", "(1 - a_h**2)")
slip("largest_slope_of_tanh", r"l3\.layers", r"0\.5 \* \(1 - 0\.5\)", "1 - 0**2")
slip(
    "slope_of_a",
    r"l3\.hidden_delta",
    r"back \* a_h \* \(1 - a_h\)",
    "back * 1 / (1 + np.exp(-a_h)) * (1 - 1 / (1 + np.exp(-a_h)))",
)
slip("slope_of_a", r"l3\.hidden_delta", r"1 - a_h\*\*2", "1 - np.tanh(a_h) ** 2")
slip("slope_of_a", r"l3\.slopes", r"0\.6\*\*2", "np.tanh(0.6) ** 2")
slip("sigmoids_slope_for_tanh", r"l3\.slopes", r"1 - 0\.6\*\*2", "0.6 * (1 - 0.6)")
slip(
    "sign_turned|difference_turned", r"l3\.(slopes|jacobian)", r"(?m)^(\w+ = )(.*\*.*)$", r"\1-(\2)"
)
slip("sign_turned", r"l3\.hidden_delta", r"back \* (.*)", r"-back * \1")
slip("back_forgotten", r"l3\.hidden_delta", r"back \* (\(1|a_h|\()", r"1.0 * \1")
slip("loss_not_differentiated", r"p2\.\w+\.backward", r"\(a_o - t\) \*", "(a_o - t) ** 2 / 2 *")
slip(
    "delta_averaged",
    r"p2\.two_points",
    r"output\)\)(?=\n)",
    "output) / 2)",
    r"(?m)\) / 2 for",
    ") for",
    r"sum\(delta_o\) / 2",
    "sum(delta_o)",
)

# The way back through the edges
slip("edge_forgotten", r"p2\.\w+\.backward", r" \* w_o\d1", "")
slip("edge_forgotten", r"p1\.hidden_layer|l2\.hidden_unit", r" \* w_jk| \* w_o21", "")
slip(
    "edge_forgotten",
    r"l2\.slide_gradients",
    r"(dE_dw\d\d = delta_6) \* -[13](?= \*)",
    r"\1",
)
slip("other_edge", r"p2\.\w+\.backward", r"w_o11(.*\s*.*)w_o21", r"w_o21\1w_o11")
slip("other_edge", r"l2\.hidden_unit", "w_o21", "w_o11")
slip("other_edge", r"l2\.hidden_unit", "w_o21", "(w_o11 + w_o21)")
for weight in ("w_h12", "w_h22", "w_h11", "w_h21"):
    slip("weight_of_another_layer", r"l2\.hidden_unit|p2\.\w+\.backward", "w_o21", weight)
slip("weight_of_another_layer", r"p2\.\w+\.backward", "w_o11", "w_h11", "w_o21", "w_h12")
slip("other_edge", r"p2\.\w+\.backward", "w_o21", "w_o11")
slip(
    "of_another_unit",
    r"l2\.hidden_unit",
    r"w_o21 \* a_h2 \* \(1 - a_h2\)",
    "w_o11 * a_h1 * (1 - a_h1)",
)
slip("slope_of_another_unit", r"l2\.hidden_unit", r"a_h2 \* \(1 - a_h2\)", "a_h1 * (1 - a_h1)")
slip("output_slope_forgotten", r"p3\.deltas", r"\(delta_o @", "((a_o - t) @")
slip(
    "updated_output_weights",
    r"p3\.deltas",
    r'params\["W_o"\]\.T',
    '(params["W_o"] - eta * a_h.T @ delta_o / len(t)).T',
)
slip(
    "updated_output_weights",
    r"p2\.\w+\.backward",
    r"delta_o \* w_o11",
    "delta_o * (w_o11 - eta * dW_o[0])",
    r"delta_o \* w_o21",
    "delta_o * (w_o21 - eta * dW_o[1])",
)
slip(
    "updated_output_weights",
    r"l2\.slide_gradients",
    r"(dE_dw13 = delta_6 \*) -1",
    r"\1 (-1 - 0.1 * dE_dw36)",
)
slip("one_path_only", r"p1\.two_outputs", r" \+ delta_l \* w_jl", "")
slip("one_path_only", r"l2\.two_paths", r" - 0\.2 \* 2", "")
slip(
    "one_path_only",
    r"p3\.deltas",
    r'delta_o @ params\["W_o"\]\.T',
    'delta_o[:, :1] @ params["W_o"][:, :1].T',
)
slip("paths_averaged", r"p1\.two_outputs", r"delta_j_formula = ", "delta_j_formula = 1 / 2 * ")
slip("paths_multiplied", r"p1\.(two_outputs|transpose)", r" \+ (delta_l)", r" * \1")
slip("wrong_sign", r"p1\.output_sum", r"\((a_\w) - (t_\w)\)", r"(\2 - \1)")
slip("slope_forgotten", r"p1\.output_sum", r" \* a_\w \* \(1 - a_\w\)", "")
slip(
    "other_output_kept",
    r"p1\.output_sum",
    r"dE_l_dz_k = 0",
    "dE_l_dz_k = (a_l - t_l) * a_l * (1 - a_l)",
)
slip("other_output_kept", r"p1\.output_sum", r"dE_l_dz_k = 0", "dE_l_dz_k = a_l - t_l")
slip("other_output", r"p1\.output_sum", r"(?<=delta_l_formula = ).*", "dE_k_dz_k")
slip("one_path_only", r"p1\.transpose", r" \+ delta_l \* w_\wl", "")
slip("paths_averaged", r"p1\.transpose", r"(?<=back_\w = )(.*)", r"(\1) / 2")
slip("not_transposed", r"p1\.transpose", r"delta_l \* w_jl", "delta_l * w_mk")
slip("not_transposed", r"p1\.transpose", r"delta_k \* w_mk", "delta_k * w_jl")
slip(
    "edges_of_another_unit",
    r"p1\.transpose",
    r"delta_k \* w_jk \+ delta_l \* w_jl",
    "delta_k * w_mk + delta_l * w_ml",
)
slip("slope_too_early", r"p1\.transpose", r"(?<=back_j = )(.*)", r"(\1) * a_j * (1 - a_j)")
slip("sign_turned", r"p1\.transpose", r"(?<=back_\w = )(.*)", r"-(\1)")
slip(
    "weights_before_the_step",
    r"p2\.relu\.second_step",
    r"(?s)(?<=z_h_next = ).*",
    "z_h",
)
slip("bias_forgotten", r"p2\.relu\.second_step", r"(?s) \+ b_h_new\[0\](.*) \+ b_h_new\[1\]", r"\1")
slip(
    "activation_for_weighted_input",
    r"p2\.relu\.second_step",
    r"(?s)(?<=z_h_next = )(.*)",
    r"[max(0, z) for z in \1]",
)
slip("paths_averaged", r"l2\.two_paths", r"= \(", "= 1 / 2 * (")
slip("sign_of_a_path", r"l2\.two_paths", r" - 0\.2", " + 0.2")
slip("sign_turned", r"l2\.two_paths", r"= \(", "= -(")
slip(
    "weighted_input_for_activation",
    r"p2\.\w+\.backward",
    r"\[a_h\[0\] \* delta_o, a_h\[1\]",
    "[z_h[0] * delta_o, z_h[1]",
)
slip("weighted_input_for_activation", r"p3\.backward", r"a_h\.T @ delta_o", "z_h.T @ delta_o")
slip(
    "start_of_the_edge",
    r"p2\.\w+\.backward",
    r"\[a_h\[0\] \* delta_o, a_h\[1\]",
    "[x_1 * delta_o, x_2",
)
slip(
    "start_of_the_edge",
    r"p2\.\w+\.backward",
    r"\[\[x_1 \* delta_h\[0\], x_1 (.*)x_2 (.*)x_2 (.*)",
    r"[[a_h[0] * delta_h[0], a_h[0] \1a_h[1] \2a_h[1] \3",
)
slip("start_of_the_edge", r"l2\.slide_gradients", r"(dE_dw13 = delta_6 \* -1) \* 3", r"\1 * -3")
slip(
    "weight_for_activation",
    r"p2\.\w+\.backward",
    r"\[a_h\[0\] \* delta_o, a_h\[1\]",
    "[w_o11 * delta_o, w_o21",
)
slip("weight_for_activation", r"l2\.slide_gradients", r"delta_6 \* -3\n", "delta_6 * -1\n")
slip("weight_for_activation", r"l2\.hidden_unit", r"= x_1 \* delta_h2", "= w_h12 * delta_h2")
slip(
    "incoming_activation_forgotten",
    r"p2\.\w+\.backward",
    r"\[a_h\[0\] \* delta_o, a_h\[1\] \*",
    "[delta_o,",
)
slip(
    "incoming_activation_forgotten",
    r"p3\.backward",
    r"(?:x|a_h)\.T @ (delta_\w)",
    r"np.ones((\1.shape[1] and (x if '\1' == 'delta_h' else a_h).shape[1], len(x))) @ \1",
)
slip(
    "bias_gradient_forgotten",
    r"p3\.backward",
    r"delta_(\w)\.mean\(axis=0\)",
    r'np.zeros_like(params["b_\1"])',
)
slip("bias_gradient_forgotten", r"p2\.\w+\.backward", r"db_o = .*", "db_o = 0")
slip("bias_gradient_forgotten", r"p1\.output_links", r"dz_k_db_k = 1", "dz_k_db_k = 0")
slip(
    "other_factor",
    r"p1\.(output|hidden)_links",
    r"(dz_k_dw_jk|dz_k_da_j|dz_j_dw_ij) = (\w+)",
    r'\1 = {"a_j": w_jk, "w_jk": a_j, "x_i": w_ij}["\2"]',
)
slip("sum_not_differentiated", r"p1\.(output|hidden)_links", r"= a_j\n|= w_jk\n", "= z_k\n")
slip("sign_turned", r"p1\.(output|hidden)_links", r"= (a_j|w_jk|x_i|1)\b(?! \*)", r"= -\1")
slip(
    "minus_beside_the_delta",
    r"p1\.hidden_layer|p1\.two_outputs",
    r"delta_j_formula = ",
    "delta_j_formula = -1 * ",
)
slip(
    "factor_of_its_own",
    r"p1\.hidden_layer|p1\.two_outputs",
    r"delta_j_formula = ",
    "delta_j_formula = 2 * ",
)

# Batches, shapes
slip("sum_over_batch", r"p3\.(backward|any_depth)", r" / len\(x\)", "")
slip("sum_over_batch", r"p3\.(backward|any_depth)", r"\.mean\(axis=0\)", ".sum(axis=0)")
slip("sum_over_batch", r"p2\.two_points", r" / 2(?= for|$)", "")
slip("sum_over_batch", r"l2\.loop", r" / N", "")
slip("sum_over_batch", r"l2\.loop", r"\.mean\(axis=0\)", ".sum(axis=0)")
slip("mean_over_outputs", r"p3\.deltas", r"delta_o = (.*)", r"delta_o = \1 / t.shape[1]")
slip("points_left_apart", r"p3\.backward", r"\.mean\(axis=0\)", "")
slip("units_added", r"p3\.backward", r"(delta_\w)\.mean\(axis=0\)", r"\1.mean(axis=0).sum()")
slip("transposed", r"p3\.backward", r"(x|a_h)\.T @ (delta_\w)", r"\2.T @ \1")
slip("transposed", r"p2\.\w+\.backward", r"dW_h = (.*)", r"dW_h = np.transpose(\1)")
slip("rows_and_columns_exchanged", r"l2\.shapes", r"\[(\d), (\d)\]", r"[\2, \1]")

# The update
slip("not_updated", r"p3\.sgd_step", r" - eta \* .*(?= for)", "")
slip("not_updated", UPDATE, r"b_o_new = b_o - .*", "b_o_new = b_o")
slip("not_updated", UPDATE, r"W_o_new = .*", "W_o_new = [w_o11, w_o21]")
slip("step_added", r"p2\.\w+\.update|p3\.sgd_step|p1\.update", r"- eta", "+ eta")
slip("step_added", r"l2\.slide_gradients", r"- 0\.1 \*", "+ 0.1 *")
slip("step_added", r"l2\.output_gradients", r"-1, -1, -1", "1, 1, 1")
slip("learning_rate_forgotten", r"p2\.\w+\.update|p3\.sgd_step|p1\.update", r"eta \* ", "")
slip("learning_rate_forgotten", r"l2\.slide_gradients", r"0\.1 \* ", "")
slip("learning_rate_divided", r"p2\.\w+\.update", r"eta \* (d\w+(?:\[\d\])*)", r"\1 / eta")
slip("learning_rate_divided", r"p3\.sgd_step", r"eta \* (gradients\[.*\])(?= for)", r"\1 / eta")
slip("step_instead_of_weight", r"p3\.sgd_step", r"params\[name\] - ", "")
slip("step_instead_of_weight", r"p1\.update|p2\.\w+\.update", r"\b[wb]_\w+ - (?=eta)", "")
slip("step_instead_of_weight", r"l2\.slide_gradients", r"= -?1 - 0\.1", "= 0.1")
slip("step_twice_as_long", r"p2\.\w+\.update|p3\.sgd_step|p1\.update", r"eta \*", "2 * eta *")
slip("step_half_as_long", r"p2\.\w+\.update|p3\.sgd_step|p1\.update", r"eta \*", "eta / 2 *")
slip(
    "not_all_updated",
    UPDATE,
    r"a_1 \* W_o_new\[0\] \+ a_2 \* W_o_new\[1\] \+ b_o_new",
    "a_1 * w_o11 + a_2 * w_o21 + b_o",
)
slip(
    "not_all_updated",
    UPDATE,
    r"x_1 \* W_h_new\[0\]\[0\] \+ x_2 \* W_h_new\[1\]\[0\] \+ b_h_new\[0\]",
    "x_1 * w_h11 + x_2 * w_h21 + b_h1",
    r"x_1 \* W_h_new\[0\]\[1\] \+ x_2 \* W_h_new\[1\]\[1\] \+ b_h_new\[1\]",
    "x_1 * w_h12 + x_2 * w_h22 + b_h2",
)
slip("loss_of_before_the_step", UPDATE, r"E_new = .*", "E_new = E")

# Two at once
slip("wrong_sign + factor_two", BACKWARD, ERROR, r"2 * (\2 - \1)")
slip("wrong_sign + factor_half", BACKWARD, ERROR, r"(\2 - \1) / 2")
slip(
    "slope_forgotten + wrong_sign",
    r"p2\.\w+\.backward",
    r"\(a_o - t\) \* a_o \* \(1 - a_o\)",
    "t - a_o",
)
slip(
    "slope_forgotten + factor_two",
    r"p2\.\w+\.backward",
    r"\(a_o - t\) \* a_o \* \(1 - a_o\)",
    "2 * (a_o - t)",
)
slip(
    "slope_forgotten + wrong_sign",
    r"p3\.deltas",
    r"\(a_o - t\)",
    "(t - a_o)",
    r' \* slope\("sigmoid", z_o\)',
    "",
)
slip(
    "sum_over_batch + wrong_sign",
    r"p3\.backward",
    r"= deltas\((.*)\)",
    r"= (-d for d in deltas(\1))",
    r" / len\(x\)",
    "",
    r"mean\(axis=0\)",
    "sum(axis=0)",
)
slip(
    "sum_over_batch + factor_two",
    r"p3\.backward",
    r"= deltas\((.*)\)",
    r"= (2 * d for d in deltas(\1))",
    r" / len\(x\)",
    "",
    r"mean\(axis=0\)",
    "sum(axis=0)",
)
slip("transposed + wrong_sign", r"p3\.backward", r"x\.T @ delta_h", "delta_h.T @ -x")
slip(
    "step_added + learning_rate_forgotten",
    r"p2\.\w+\.update|p3\.sgd_step|p1\.update",
    r"- eta \* ",
    "+ ",
)
slip(
    "transposed + factor_two", r"p2\.\w+\.backward", r"dW_h = (.*)", r"dW_h = 2 * np.transpose(\1)"
)

# Difference quotients
slip(
    "forward_difference",
    r"p3\.central_difference",
    r"right\[index\] \+= h / 2\n\s*left\[index\] -= h / 2",
    "right[index] += h",
)
slip("full_step_each_side", r"p3\.central_difference", r"\+= h / 2", "+= h", r"-= h / 2", "-= h")
slip(
    "full_step_each_side",
    r"p3\.central_difference",
    r"\+= h / 2",
    "+= h",
    r"-= h / 2",
    "-= h",
    r"\) / h",
    ") / (2 * h)",
)
slip("width_of_the_step", r"p3\.central_difference", r"\) / h", ") / (2 * h)")
slip("multiplied_by_the_width", r"p3\.central_difference", r"\) / h", ") / 2 * h")
slip("multiplied_by_the_width", r"l1\.differences", r" / h(?=\n|$)", " / 2 * h")
slip(
    "halved_with_the_point",
    r"p3\.central_difference",
    r"\+= h / 2",
    "= (w[index] + h) / 2",
    "-= h / 2",
    "= (w[index] - h) / 2",
)
slip(
    "halved_with_the_point",
    r"l1\.differences",
    r"f\(x \+ h / 2\) - f\(x - h / 2\)",
    "f((x + h) / 2) - f((x - h) / 2)",
)
slip(
    "difference_turned",
    r"p3\.central_difference",
    r"f\(right\) - f\(left\)",
    "f(left) - f(right)",
)
slip(
    "all_moved_at_once",
    r"p3\.central_difference",
    r"right\[index\] \+= h / 2\n(\s*)left\[index\] -= h / 2",
    r"right += h / 2\n\1left -= h / 2",
)
slip(
    "not_moved_back",
    r"p3\.central_difference",
    r"(?s)for index.*/ h\n",
    "w = w.copy()\n    for index in np.ndindex(w.shape):\n        w[index] += h / 2\n"
    "        above = f(w)\n        w[index] -= h\n        result[index] = (above - f(w)) / h\n",
)
slip("backward_difference", r"l1\.differences", r"f\(x \+ h\) - f\(x\)", "f(x) - f(x - h)")
slip(
    "central_asked_below",
    r"l1\.differences",
    r"f\(x \+ h\) - f\(x\)",
    "f(x + h / 2) - f(x - h / 2)",
)
slip("difference_turned", r"l1\.differences", r"\((f\(.*\)) - (f\(.*\))\) / h", r"(\2 - \1) / h")
slip("not_divided", r"l1\.differences", r" / h(?=\n|$)", "")
slip("bracket_forgotten", r"l1\.differences", r"\((f\(.*\)) - (f\(.*\))\) / h", r"\1 - \2 / h")
slip(
    "forward_difference", r"l1\.differences", r"f\(x \+ h / 2\) - f\(x - h / 2\)", "f(x + h) - f(x)"
)
slip(
    "full_step_each_side",
    r"l1\.differences",
    r"f\(x \+ h / 2\) - f\(x - h / 2\)",
    "f(x + h) - f(x - h)",
)
slip("width_of_the_step", r"l1\.differences", r"(- f\(x - h / 2\)\)) / h", r"\1 / (2 * h)")
DIFFERENCES = """    found = {}
    for name in params:
        found["d" + name] = np.zeros_like(params[name])
        for i in np.ndindex(params[name].shape):
            E = []
            for h in (5e-6, -5e-6):
                moved = {k: v.copy() for k, v in params.items()}
                moved[name][i] += h
                E.append(loss(forward(x, moved, hidden)[-1], t))
            found["d" + name][i] = (E[0] - E[1]) / 1e-5
    return found"""
slip("difference_quotient", r"p3\.backward", r"(?s)    z_h, a_h, z_o, a_o = trace.*\}", DIFFERENCES)

# Training, Keras
slip(
    "loss_after_the_step",
    r"p3\.train",
    r"(?s)(        losses\.append.*?\n)(        params = .*?\n)",
    r"\2        trace = forward(x, params, hidden)\n\1",
)
slip("batches_not_shuffled", r"p3\.batches", r"rng\.permutation\(N\)", "np.arange(N)")
slip(
    "each_batch_sorted",
    r"p3\.batches",
    r"order\[start : start \+ size\]",
    "np.sort(order[start : start + size])",
)
slip("slices_one_short", r"p3\.batches", r"start \+ size\]", "start + size - 1]")
slip("last_batch_dropped", r"p3\.batches", r"range\(0, N, size\)", "range(0, N - size + 1, size)")
slip(
    "order_drawn_once",
    r"p3\.train_batches",
    r"    for _ in range\(epochs\):",
    "    drawn = batches(len(x), size, rng)\n    for _ in range(epochs):",
    r"in batches\(len\(x\), size, rng\)",
    "in drawn",
)
slip("batches_not_used", r"p3\.train_batches", r"x\[points\], params", "x, params",
     r"\[points\]", "")  # fmt: skip
slip(
    "one_batch_an_epoch",
    r"p3\.train_batches",
    r"( +)params = sgd_step\(params, gradients, eta\)",
    r"\1params = sgd_step(params, gradients, eta)\n\1break",
)
slip(
    "last_batch_dropped",
    r"p3\.train_batches",
    r"( +)trace = forward",
    r"\1if len(points) < size:\n\1    continue\n\1trace = forward",
)
APPEND = r"        losses\.append\(loss\(forward\(x, params, hidden\)\[-1\], t\)\)\n"
slip(
    "loss_after_the_epoch",
    r"p3\.train_batches",
    rf"({APPEND})((?:.*\n)*?)(    return)",
    r"\2\1\3",
)
slip(
    "losses_of_batches",
    r"p3\.train_batches",
    rf"{APPEND}((?:.*\n)*?)(    return)",
    r"\1        losses.append(loss(trace[-1], t[points]))\n\2",
)
slip("hunt_last_layer", r"p3\.bug_hunt", r"delta_3\.mean", "delta_3.sum")
slip("hunt_second_layer", r"p3\.bug_hunt", r"1 - a_2\*\*2", "1 - z_2**2")
slip("hunt_first_layer", r"p3\.bug_hunt", r'params\["W_2"\]\.T', 'params["W_2"]')
slip("learning_rate_unchanged", r"p4\.learning_rate", r"eta \* outputs / 2", "eta")
slip("learning_rate_inverted", r"p4\.learning_rate", r"eta \* outputs / 2", "eta * 2 / outputs")
slip("outputs_ignored", r"p4\.learning_rate", r"eta \* outputs / 2", "eta / 2")
slip(
    "half_ignored|learning_rate_unchanged",
    r"p4\.learning_rate",
    r"eta \* outputs / 2",
    "eta * outputs",
)
slip("learning_rate_unchanged", r"p4\.step", r"eta_for_mse\(eta, outputs=t\.shape\[1\]\)", "eta")
slip("learning_rate_inverted", r"p4\.step", r"eta_for_mse\(.*\]\)", "2 * eta / t.shape[1]")
slip("outputs_ignored", r"p4\.step", r"eta_for_mse\(.*\]\)", "eta / 2")
slip("half_ignored", r"p4\.step", r"eta_for_mse\(.*\]\)", "eta * t.shape[1]")
slip("outputs_divided", r"p4\.step", r"eta_for_mse\(.*\]\)", "eta / t.shape[1]")
slip("outputs_divided", r"p4\.learning_rate", r"eta \* outputs / 2", "eta / outputs")
slip("outputs_divided", r"p4\.learning_rate", r"eta \* outputs / 2", "eta / (2 * outputs)")
slip("learning_rate_inverted", r"p4\.learning_rate", r"eta \* outputs / 2", "2 * eta")
slip("another_number_for_outputs", r"p4\.step", r"t\.shape\[1\]", "t.shape[0]")
slip("another_number_for_outputs", r"p4\.step", r"t\.shape\[1\]", "x.shape[1]")
slip("another_number_for_outputs", r"p4\.step", r"t\.shape\[1\]", "t.size")
slip("another_loss_in_keras", r"p4\.step", '"mse"', '"mae"')
slip("another_loss_in_keras", r"p4\.step", '"mse"', '"binary_crossentropy"')
slip(
    "another_loss_in_keras",
    r"p4\.tape",
    r"0\.5 \* .*",
    "tf.reduce_mean(keras.losses.binary_crossentropy(t, model(x)))",
)
slip(
    "several_steps",
    r"p4\.step",
    r"model\.train_on_batch\(x, t\)",
    "model.fit(x, t, epochs=5, batch_size=len(x), verbose=0)",
)
slip(
    "more_than_one_step",
    r"p4\.step",
    r"model\.train_on_batch\(x, t\)",
    "model.fit(x, t, batch_size=2, verbose=0)",
)
slip("ratio_inverted", r"p4\.faster", r"_ratio = 2", "_ratio = 1 / 2")
slip("adam_for_sgd", r"p4\.step", r"SGD\(", "RMSprop(")
slip("weights_decayed", r"p4\.step", r"outputs=t\.shape\[1\]\)", r"\g<0>, weight_decay=0.01")
slip(
    "inputs_exchanged",
    r"p4\.forward",
    r"model\(x\)",
    "model(x[:, ::-1])",
)
slip(
    "biases_exchanged",
    r"p4\.forward",
    r"list\(params\.values\(\)\)",
    '[params["W_h"], params["b_h"][::-1], params["W_o"], params["b_o"]]',
)
slip(
    "output_weights_exchanged",
    r"p4\.forward",
    r"list\(params\.values\(\)\)",
    '[params["W_h"], params["b_h"], params["W_o"][::-1], params["b_o"]]',
)
slip("default_learning_rate", r"p4\.step", r"SGD\(.*\)\)", "SGD()")
slip("adam_for_sgd", r"p4\.step", r"SGD\(", "Adam(")
slip("softmax_of_one_output", r"p4\.model", r'"sigmoid"\)', '"softmax")')

# Softmax and its deltas
slip(
    "softmax_over_everything",
    r"l3\.softmax",
    r"powers\.sum\(axis=1, keepdims=True\)",
    "powers.sum()",
    r"z\.max\(axis=1, keepdims=True\)",
    "z.max()",
)
slip(
    "softmax_over_points",
    r"l3\.softmax",
    r"powers\.sum\(axis=1",
    "powers.sum(axis=0",
    r"z\.max\(axis=1",
    "z.max(axis=0",
)
slip(
    "not_shared_out",
    r"l3\.softmax",
    r" / powers\.sum.*",
    "",
    r" - z\.max\(axis=1, keepdims=True\)",
    "",
)
slip("exponential_forgotten", r"l3\.softmax", r"powers = .*", "powers = z")
slip("exponential_forgotten", r"l3\.softmax", r"powers = np\.exp\((.*)\)", r"powers = \1")
slip("shifted_on_one_side", r"l3\.softmax", r"powers\.sum", "np.exp(z).sum")
slip("loss_itself", r"l3\.softmax_delta", r"delta_o = .*", "delta_o = [0, 1.204, 0]")
slip("sigmoids_for_softmax", r"l3\.softmax", r"return .*", "return 1 / (1 + np.exp(-z))")
slip("off_diagonal_formula", r"l3\.jacobian", r"0\.6 \* \(1 - 0\.6\)", "-0.6 * 0.6")
slip("activation_as_slope", r"l3\.jacobian", r"0\.6 \* \(1 - 0\.6\)", "0.6")
slip("softmax_elementwise", r"l3\.jacobian", r"da1_dz2 = .*", "da1_dz2 = 0")
slip("diagonal_formula", r"l3\.jacobian", r"da1_dz2 = .*", "da1_dz2 = 0.6 * (1 - 0.3)")
slip("outputs_for_jacobian", r"l3\.jacobian", "row_sum = 0", "row_sum = 1")
slip(
    "softmax_elementwise|slope_not_cancelled",
    r"l3\.softmax_delta",
    r"\[(0\.6), (0\.3) - 1, (0\.1)\]",
    r"[\1 * 0.6 * 0.4, (\2 - 1) * 0.3 * 0.7, \3 * 0.1 * 0.9]",
)
slip("other_class", r"l3\.softmax_delta", r"\[0\.6, 0\.3 - 1", "[0.6 - 1, 0.3")
slip("number_of_layers", r"l3\.layers", r"\*\*5", "**4")
slip("slopes_added", r"l3\.layers", r"largest_slope\*\*5", "5 * largest_slope")
slip("slopes_averaged", r"l3\.layers", r"largest_slope\*\*5", "largest_slope / 5")
slip("one_layer_only", r"l3\.layers", r"largest_slope\*\*5", "largest_slope")

slip("ratio_inverted", r"p4\.faster", r"(\w+_ratio) = 2", r"\1 = 0.5")

# Lecture 1: counting and deriving
slip("power_turned", r"l1\.count", r"= (\d+)\*\*9", r"= 9**\1")
slip("values_times_weights", r"l1\.count", r"= (\d+)\*\*9", r"= \1 * 9")
slip("numbers_added", r"l1\.count", r"= (\d+)\*\*9", r"= \1 + 9")
slip("caret_for_power", r"l1\.count", r"= (\d+)\*\*9", r"= \1 ^ 9")
slip("power_of_ten", r"l1\.count", r"= (\d+)\*\*9", r"= \1e9")
PRODUCTS = r"\(784 \+ 1\) \* (\d+) \+ \(\d+ \+ 1\) \* 10"
slip("one_bias_a_layer", r"l1\.(count|cost)", PRODUCTS, r"784 * \1 + 1 + \1 * 10 + 1")
slip("layers_multiplied", r"l1\.(count|cost)", PRODUCTS, r"784 * \1 * 10")
slip("biases_not_counted", r"l1\.count", r"\(784 \+ 1\)", "784", r"\(30 \+ 1\)", "30")
slip("inputs_have_no_bias", r"l1\.count", r"\* 10$", "* 10 + 784")
slip("count_off_by_one", r"l1\.count", r"(?m)(= .*)$", r"\1 + 1")
slip("says_or", r"l1\.perceptron", r"b = -6", "b = -2")
slip("says_always_the_same", r"l1\.perceptron", r"b = -6", "b = 6")
slip("inner_derivative_forgotten", r"l1\.by_rules", r"df_dx_2 = 6", "df_dx_2 = 2")
slip("other_variable", r"l1\.by_rules", r"df_dx_2 = 6", "df_dx_2 = 4")
slip("constant_kept", r"l1\.by_rules", r"(df_dx_2 = .*)", r"\1 + 3")
slip("outer_not_differentiated", r"l1\.by_rules", r"6 \* (\(2 .*\))", r"3 * \1 ** 2")
slip("derivatives_added", r"l1\.by_rules", r"6 \* (\(2 .*\))", r"2 * \1 + 3")
slip("exponent_forgotten", r"l1\.by_rules", r"df_dx_2 = 6", "df_dx_2 = 3")
slip("inner_term_kept", r"l1\.by_rules", r"(df_dx_2 = .*)", r"\1 * x_2")
slip("order_of_variables", r"l1\.by_rules", r"\[44, 66\]", "[66, 44]")
slip("coordinates_exchanged", r"l1\.by_rules", r"\[44, 66\]", "[36, 54]")
slip("step_added", r"l1\.direction", r"\[-3, 4\]", "[3, -4]")
slip("order_of_variables", r"l1\.direction", r"\[-3, 4\]", "[4, -3]")
slip("across_the_slope", r"l1\.direction", r"\[-3, 4\]", "[4, 3]")
slip("one_sign_only", r"l1\.direction", r"\[-3, 4\]", "[-3, -4]")
slip("components_added", r"l1\.direction", "rate = 5", "rate = 3 + 4")
slip("length_squared", r"l1\.direction", "rate = 5", "rate = 3**2 + 4**2")
slip("order_too_high", r"l1\.error", "forward_factor = 10\n", "forward_factor = 10**2\n")
slip("factor_below_1", r"l1\.error", r"factor = (\d+)", r"factor = 1 / \1")
slip("order_too_low", r"l1\.error", "central_factor = 100", "central_factor = 10")
slip("point_itself_not_counted", r"l1\.cost", r"count \+ 1", "count")
slip("point_counted_each_time", r"l1\.cost", r"count \+ 1", "2 * count")
slip("both_sides_counted_once", r"l1\.cost", r"2 \* count", "count")
slip("point_not_needed", r"l1\.cost", r"2 \* count", "2 * count + 1")
slip("network_of_the_text", r"l1\.cost", r"\* 100 \+ \(100 \+ 1\)", "* 30 + (30 + 1)")
slip(
    "points_added",
    r"l1\.step",
    r"gradient = .*",
    "gradient = [(a_2 - 5) * 2, (a_1 - 1) + (a_2 - 5)]",
)
slip(
    "wrong_sign",
    r"l1\.step",
    r"a_(\d) - (\d)\) \* 2",
    r"\2 - a_\1) * 2",
    r"\(a_1 - 1\)",
    "(1 - a_1)",
    r"\(a_2 - 5\)",
    "(5 - a_2)",
)
slip("bias_not_averaged", r"l1\.step", r" / 2\]", "]")
slip("one_point_only", r"l1\.step", r"gradient = .*", "gradient = [(a_2 - 5) * 2, a_2 - 5]")
slip(
    "input_forgotten", r"l1\.step", r"\(a_1 - 1\) \* 0 \+ \(a_2 - 5\) \* 2", "(a_1 - 1) + (a_2 - 5)"
)
slip("order_of_variables", r"l1\.step", r"gradient = (.*)", r"gradient = (\1)[::-1]")
slip("order_of_variables", r"l1\.step", r"new = (.*)", r"new = (\1)[::-1]")
slip("step_added", r"l1\.step", r"- 0\.25 \* g", "+ 0.25 * g", r"3 - 0\.25", "3 + 0.25")
slip(
    "learning_rate_forgotten",
    r"l1\.step",
    r"- 0\.25 \* (gradient\[0\])",
    r"- \1",
    r"3 - 0\.25 \*",
    "3 -",
)
slip("step_instead_of_weight", r"l1\.step", r"\[-1 - ", "[", r" 3 - 0\.25", " 0.25")
slip("not_updated", r"l1\.step", r"new = .*", "new = [-1, 3]")
slip(
    "step_twice_as_long",
    r"l1\.step",
    r"- 0\.25 \* (gradient\[0\])",
    r"- 0.5 * \1",
    r"3 - 0\.25",
    "3 - 0.5",
)
slip("last_batch_forgotten", r"l2\.updates", "16", "15")
slip("fraction_of_a_batch", r"l2\.updates", "16", "(1000 / 64)")
slip("size_for_number_of_batches", r"l2\.updates", "16", "64")
slip("one_epoch_only", r"l2\.updates", r"10 \*", "1 *")
slip("one_update_an_epoch", r"l2\.updates", "16", "1")
slip("one_update_a_point", r"l2\.updates", "16", "1000")
slip("too_few_digits", r"p2\..*\.forward", r"E = (.*)", r"E = round(\1, 2)")
slip(
    "rounded_on_the_way",
    r"p2\.sigmoid\.forward",
    r"E = .*",
    "E = round((t - round(a_o, 2)) ** 2 / 2, 2)",
)
slip(
    "of_another_section",
    r"p2\.(tanh|relu)\.forward",
    r"z_o = .*",
    "z_o = sigmoid(z_h[0]) * w_o11 + sigmoid(z_h[1]) * w_o21 + b_o",
)
# The number is what section 3 has made of the bias.
slip(
    "started_from_moved_weights",
    r"p2\.tanh\.update",
    r"(= new_parameters\(.*\))",
    r"\1\nb_o_new = 0.3218873 - eta * db_o",
)
slip(
    "minus_beside_the_delta",
    r"p1\.(output|hidden)_layer",
    r"(dE_d\w+|delta_j_formula) = ",
    r"\1 = -",
)
slip(
    "through_the_other_loss",
    r"l3\.softmax_delta",
    r"delta_o = .*",
    "import numpy as np\na, error = np.array([0.6, 0.3, 0.1]), np.array([0.6, -0.7, 0.1])\n"
    "delta_o = a * (error - (a * error).sum())",
)

# Inputs, biases, weights and functions that change places
slip(
    "inputs_exchanged",
    r"p2\.sigmoid\.forward",
    r"z_h = \[x_1 \* w_h11 \+ x_2 \* w_h21",
    "z_h = [x_2 * w_h11 + x_1 * w_h21",
    r"x_1 \* w_h12 \+ x_2 \* w_h22",
    "x_2 * w_h12 + x_1 * w_h22",
)
slip(
    "inputs_exchanged",
    r"p2\.\w+\.backward",
    r"x_1 (.*), x_1 (.*), \[x_2 (.*), x_2",
    r"x_2 \1, x_2 \2, [x_1 \3, x_1",
)
slip("biases_exchanged", r"p2\.sigmoid\.forward", r"(?s)b_h1(.*)b_h2", r"b_h2\1b_h1")
slip("output_weights_exchanged", r"p2\.\w+\.forward", r"w_o11 (.*) w_o21", r"w_o21 \1 w_o11")
slip("brackets_forgotten", r"p2\.sigmoid\.forward", r"1 / \(1 \+ exp\(-z\)\)", "1 / 1 + exp(-z)")
slip(
    "activation_twice",
    r"p2\.(sigmoid|tanh)\.forward",
    r"a_h = \[(\w+\(z_h\[0\]\)), (\w+\(z_h\[1\]\))\]",
    r"a_h = [twice(\1), twice(\2)]",
    r"twice\((sigmoid|tanh)\(",
    r"\1(\1(",
)
slip(
    "another_activation",
    r"p2\.sigmoid\.forward",
    r"a_h = \[sigmoid(.*), sigmoid",
    r"a_h = [tanh\1, tanh",
)
slip(
    "another_activation",
    r"p2\.(sigmoid|tanh)\.forward",
    r"a_h = .*",
    "a_h = [max(0, z_h[0]), max(0, z_h[1])]",
)
slip(
    "forward_with_another_activation",
    r"p2\.\w+\.update",
    r"a_1 = (?:tanh|max|sigmoid)\((?:0, )?",
    "a_1 = tanh(",
    r"a_2 = (?:tanh|max|sigmoid)\((?:0, )?",
    "a_2 = tanh(",
)
slip(
    "forward_with_another_activation",
    r"p2\.\w+\.update",
    r"a_1 = (?:tanh|max|sigmoid)\((?:0, )?",
    "a_1 = sigmoid(",
    r"a_2 = (?:tanh|max|sigmoid)\((?:0, )?",
    "a_2 = sigmoid(",
)
slip("relu_of_another_kind", r"p2\.relu\.forward", r"max\(0, (z_h\[\d\])\)", r"abs(\1)")
slip("relu_of_another_kind", r"p2\.relu\.forward", r"max\(0, (z_h\[\d\])\)", r"max(0.01 * \1, \1)")
slip(
    "cross_entropy_for_squared_error",
    r"p2\.\w+\.forward",
    r"E = .*",
    "from math import log\nE = -(t * log(a_o) + (1 - t) * log(1 - a_o))",
)
slip(
    "root_of_the_loss",
    r"p3\.loss",
    r"0\.5 \* \(\(t - a_o\) \*\* 2\)\.sum\(axis=1\)",
    "np.linalg.norm(t - a_o, axis=1)",
)
slip(
    "errors_added_first",
    r"p3\.loss",
    r"\(\(t - a_o\) \*\* 2\)\.sum\(axis=1\)",
    "((t - a_o).sum(axis=1) ** 2)",
)
slip(
    "links_added",
    r"p2\.\w+\.backward",
    r"\(a_o - t\) \* a_o \* \(1 - a_o\)",
    "(a_o - t) + a_o * (1 - a_o)",
)
slip(
    "slope_of_the_output_unit",
    r"p2\.(sigmoid|tanh|relu)\.backward",
    r"(?s)delta_h = \[.*?\]\n(?=dW_h)",
    "delta_h = [delta_o * w * a_o * (1 - a_o) for w in (w_o11, w_o21)]\n",
)
slip(
    "mask_on_what_comes_back",
    r"p3\.deltas",
    r"\(delta_o @ params\[\"W_o\"\]\.T\) \* slope\(hidden, z_h\)",
    '(lambda back: np.maximum(back, 0) if hidden == "relu" else back * slope(hidden, z_h))'
    '(delta_o @ params["W_o"].T)',
)
slip(
    "output_for_hidden_activation",
    r"p2\.\w+\.backward",
    r"a_h\[0\] \* delta_o, a_h\[1\] \* delta_o",
    "a_o * delta_o, a_o * delta_o",
)
slip(
    "learning_rate_in_the_gradient", r"p2\.\w+\.backward", r"db_o = delta_o", "db_o = eta * delta_o"
)
slip("bias_gradient_one", r"p2\.\w+\.backward", r"db_o = delta_o", "db_o = 1")
slip("bias_gradient_multiplied", r"p2\.\w+\.backward", r"db_o = delta_o", "db_o = b_o * delta_o")
slip("number_of_points_mistaken", r"p3\.backward", r"/ len\(x\)", "/ x.shape[1]")
slip("number_of_points_mistaken", r"p3\.backward", r"/ len\(x\)", "/ x.size")
slip("number_of_points_mistaken", r"p3\.backward", r"/ len\(x\)", "/ len(x) ** 2")
slip(
    "reshaped_for_transposed",
    r"p3\.backward",
    r'"dW_h": x\.T @ delta_h / len\(x\)',
    '"dW_h": (delta_h.T @ x / len(x)).reshape(params["W_h"].shape)',
)
slip("learning_rate_squared", r"p2\.\w+\.update", r"b_o_new = b_o - eta", "b_o_new = b_o - eta**2")
slip("learning_rate_squared", r"p3\.sgd_step", r"- eta \*", "- eta**2 *")

# What is added, left out or read in another way
slip("error_in_percent", r"p2\.\w+\.forward", r"E = .*", "E = 100 * abs(t - a_o) / t")
slip("error_in_percent", r"p2\.\w+\.forward", r"E = (.*)", r"E = 100 * \1")
slip("decimals_cut_off", r"p2\.sigmoid\.forward", r"1 / \(1 \+", "1 // (1 +")
slip(
    "rows_left_flat",
    r"p2\.\w+\.backward",
    r"dW_h = \[\[(.*), (.*)\], \[(.*), (.*)\]\]",
    r"dW_h = [\1, \2, \3, \4]",
)
slip(
    "penalty_added",
    r"p3\.backward",
    r'"d(W_\w)": (.*),',
    r'"d\1": \2 + 0.01 * params["\1"],',
)
slip("weights_decayed", r"p3\.sgd_step", r"(params\[\w+\]|w) - eta", r"0.99 * \1 - eta")
slip(
    "momentum",
    r"p3\.train",
    r"(?m)^( +)params = sgd_step\(params, (.*), eta\)",
    r"\1g = \2\n\1v = {k: 0.9 * v.get(k, 0) + g[k] for k in g}\n"
    r"\1params = sgd_step(params, v, eta)",
    r"losses = \[\]",
    "losses, v = [], {}",
)
slip("nothing_arrives", r"p3\.backward", r"(x|a_h)\.T @", r"0 * \1.T @")
slip(
    "returned_too_early",
    r"p3\.central_difference",
    r"(?m)^    return result",
    "        return result",
)
slip("two_steps", r"p4\.step", r"(model\.train_on_batch\(x, t\))", r"\1\n    \1")

# Training: what moves, by how much, from where, and how often
STEP = r"params = sgd_step\(params, (.*), eta\)"
BATCH_STEP = r"params = sgd_step\(params, gradients, eta\)"
LOOPS = r"p3\.train(_batches)?"
slip("fixed_learning_rate", r"p3\.sgd_step", r"- eta", "- 0.5")
slip("fixed_learning_rate", LOOPS, STEP, r"params = sgd_step(params, \1, 0.1)")
slip("fixed_learning_rate", r"p3\.reproduce", r"gradients, eta", "gradients, 0.5")
slip("fixed_learning_rate", r"p4\.step", r"eta_for_mse\(.*\]\)", "0.2")
slip("fixed_learning_rate + step_added", r"p3\.sgd_step", r"- eta", "+ 0.5")
slip(
    "whole_difference_scaled",
    r"p3\.sgd_step",
    r'params\[name\] - eta \* (gradients\["d" \+ name\])',
    r"eta * (params[name] - \1)",
)
slip(
    "value_and_gradient_exchanged",
    r"p3\.sgd_step",
    r'params\[name\] - eta \* (gradients\["d" \+ name\])',
    r"\1 - eta * params[name]",
)
slip("epochs_and_size_exchanged", r"p3\.train_batches", "epochs, size, rng", "size, epochs, rng")
slip("not_trained", LOOPS, r"params = sgd_step", "sgd_step")
slip(
    "not_trained",
    LOOPS,
    r"return params, losses",
    "return first, losses",
    r"losses = \[\]",
    "losses, first = [], params",
)
slip(
    "single_step_left",
    r"p3\.train",
    STEP,
    r"new = sgd_step(params, \1, eta)",
    "return params",
    "return new",
)
slip("single_step_left", LOOPS, STEP, r"params = sgd_step(first, \1, eta)",
     r"losses = \[\]", "losses, first = [], params")  # fmt: skip
slip(
    "gradients_of_older_weights",
    r"p3\.train",
    r"backward\(x, t, params, trace, hidden\)",
    "g",
    r"losses = \[\]",
    "losses = []\n    g = backward(x, t, params, forward(x, params, hidden), hidden)",
)
slip(
    "gradients_of_older_weights",
    r"p3\.train_batches",
    r"forward\(x\[points\], params",
    "forward(x[points], old",
    r"( +)for points",
    r"\1old = params\n\1for points",
)
slip("number_of_points_in_the_rate", r"p3\.train", r", eta\)", ", eta / len(x))")
slip("number_of_points_in_the_rate", r"p3\.train_batches", r", eta\)", ", eta / size)")
slip("number_of_points_in_the_rate", r"p3\.train_batches", r", eta\)", ", eta * len(points))")
slip("learning_rate_shared_out", r"p3\.train", r", eta\)", ", eta / steps)")
slip("learning_rate_shared_out", r"p3\.train_batches", r", eta\)", ", eta / epochs)")
slip("step_added", LOOPS, r", eta\)", ", -eta)")
slip("step_twice_as_long", LOOPS, r", eta\)", ", 2 * eta)")
slip("step_half_as_long", LOOPS, r", eta\)", ", eta / 2)")
slip("learning_rate_forgotten", rf"{LOOPS}|p3\.reproduce", r", eta\)", ", 1.0)")
slip("return_in_the_loop", LOOPS, r"    return params, losses", "        return params, losses")
slip("rounds_miscounted", LOOPS, r"range\((steps|epochs)\)", r"range(\1 - 1)")
slip("rounds_miscounted", LOOPS, r"range\((steps|epochs)\)", r"range(\1 + 1)")
slip("rounds_miscounted", r"p3\.train_batches", r"range\(epochs\)", "range(size)")
slip(
    "loss_of_every_step",
    r"p3\.train_batches",
    rf"{APPEND}((?:.*\n)*?)( +)trace = (.*)\n",
    r"\1\2trace = \3\n\2losses.append(loss(trace[-1], t[points]))\n",
)
slip(
    "last_batch_left_out",
    r"p3\.train_batches",
    r"batches\(len\(x\), size, rng\)",
    "batches(len(x), size, rng)[:-1]",
)
slip(
    "last_batch_alone",
    r"p3\.train_batches",
    rf"    {BATCH_STEP}",
    "params = sgd_step(params, gradients, eta)",
)
slip(
    "one_step_for_all_batches",
    r"p3\.train_batches",
    rf"    {BATCH_STEP}",
    "    found.append(gradients)\n"
    "        mean = {k: sum(g[k] for g in found) / len(found) for k in found[0]}\n"
    "        params = sgd_step(params, mean, eta)",
    r"( +)for points",
    r"\1found = []\n\1for points",
)
slip(
    "batches_of_one_point",
    r"p3\.train_batches",
    r"for points in batches\(len\(x\), size, rng\)",
    "for points in batches(len(x), 1, rng)",
)
slip("rows_of_other_points", r"p3\.train_batches", r"t\[points\]", "t[: len(points)]")
slip(
    "arguments_of_batches", r"p3\.train_batches", r"\(len\(x\), size, rng\)", "(size, len(x), rng)"
)
slip(
    "own_generator",
    r"p3\.train_batches",
    r"( +)for points",
    r"\1rng = np.random.default_rng(0)\n\1for points",
)
slip(
    "activation_of_another_network",
    rf"{LOOPS}|p3\.reproduce",
    r"(?<!def )forward\(([^()]*), hidden\)",
    r'forward(\1, "sigmoid")',
)
slip("steps_chained", r"p3\.reproduce", "new_params = ", "new_params = params = ")
slip(
    "moved_twice",
    r"p3\.reproduce",
    r"( +)(E_new\[hidden\])",
    r"\1g = backward(x, t, new_params, forward(x, new_params, hidden), hidden)\n"
    r"\1new_params = sgd_step(new_params, g, eta)\n\1\2",
)
slip("output_for_loss", r"p3\.reproduce", r"loss\((.*), t\)", r"\1")
slip("step_added", r"p3\.reproduce", r", eta\)", ", -eta)")

# Difference quotients with copies, steps and brackets of their own
slip("same_at_both_sides", r"p3\.central_difference", r"right, left = w\.copy\(\), w\.copy\(\)",
     "right = left = w.copy()")  # fmt: skip
slip("one_side_only", r"p3\.central_difference", r"f\(left\)", "f(w)")
slip("step_of_its_own", r"p3\.central_difference", r"(    result = .*\n)", r"    h = 1e-5\n\1")
slip("whole_numbers_only", r"p3\.central_difference", r"np\.zeros_like\(w\)",
     "np.zeros(w.shape, dtype=int)")  # fmt: skip
slip("row_moved_at_once", r"p3\.central_difference", r"np\.ndindex\(w\.shape\)", "range(len(w))")
slip(
    "only_the_last",
    r"p3\.central_difference",
    r"    (    result\[index\])",
    r"\1",
)
slip("not_divided", r"p3\.central_difference", r"\) / h\n", ")\n")
slip("bracket_forgotten", r"p3\.central_difference", r"\((f\(right\)) - (f\(left\))\) / h",
     r"\1 - \2 / h")  # fmt: skip

# Many layers
slip("slope_not_cancelled", r"p3\.bug_hunt", r"= a_3 - t", "= (a_3 - t) * a_3 * (1 - a_3)")
slip("slope_formula_at_z", r"p3\.bug_hunt", r"1 - a_1\*\*2", "1 - z_1**2")
slip("slope_of_sigmoid", r"p3\.bug_hunt", r"\(1 - (a_[12])\*\*2\)", r"(\1 * (1 - \1))")
slip("square_forgotten", r"p3\.bug_hunt", r"1 - (a_[12])\*\*2", r"1 - \1")
slip("slope_forgotten", r"p3\.bug_hunt", r" \* \(1 - a_[12]\*\*2\)", "")
slip("activation_of_another_layer", r"p3\.bug_hunt", r"1 - a_1", "1 - a_2")
slip("activation_of_another_layer", r"p3\.bug_hunt", r"a_1\.T", "a_2.T")
slip(
    "delta_of_another_layer",
    r"p3\.bug_hunt",
    r'delta_2 @ params\["W_2"\]',
    'delta_3 @ params["W_3"]',
)
slip("weighted_input_for_activation", r"p3\.bug_hunt", r"a_([12])\.T", r"z_\1.T")
slip("sum_over_batch", r"p3\.bug_hunt", r" / len\(x\)", "")
slip("sum_over_batch", r"p3\.bug_hunt", r"delta_([12])\.mean", r"delta_\1.sum")
slip("wrong_sign", r"p3\.bug_hunt", r"a_3 - t", "t - a_3")
slip("sign_turned", r"p3\.bug_hunt", r"delta_1 = ", "delta_1 = -")
slip("other_axis", r"p3\.(bug_hunt|backward|any_depth)", r"axis=0", "axis=1")
ERROR_AT_ANY_DEPTH = r"\(a\[-1\] - t\) \* a\[-1\] \* \(1 - a\[-1\]\)"
slip("slope_forgotten", r"p3\.any_depth", ERROR_AT_ANY_DEPTH, "a[-1] - t")
slip("slope_forgotten", r"p3\.any_depth", r" \* a\[k\] \* \(1 - a\[k\]\)", "")
slip("factor_of_the_slope_missing", r"p3\.any_depth", r" \* \(1 - a\[k\]\)", "")
slip("slope_of_tanh", r"p3\.any_depth", r"a\[k\] \* \(1 - a\[k\]\)", "(1 - a[k] ** 2)")
slip("wrong_sign", r"p3\.any_depth", r"a\[-1\] - t", "t - a[-1]")
slip("activation_of_another_layer", r"p3\.any_depth", r"a\[k\]\.T", "a[k + 1].T")
slip(
    "delta_of_another_layer",
    r"p3\.any_depth",
    r"((?: +d[Wb]\.insert.*\n)+)( +delta = .*\n)",
    r"\2\1",
)
slip(
    "layers_reversed",
    r"p3\.any_depth",
    r"dW\.insert\(0, ",
    "dW.append(",
    r"db\.insert\(0, ",
    "db.append(",
)
slip("weights_and_biases_exchanged", r"p3\.any_depth", "return dW, db", "return db, dW")
slip("forward_without_biases", r"p3\.any_depth", r" \+ biases", "")
slip("number_of_points_mistaken", r"p3\.any_depth", r"\(a\[-1\] - t\)", "(a[-1] - t) / len(x)")

# Two outputs
slip("output_l_for_k", r"p1\.output_sum", r"(?<=dE_k_dz_k = ).*", "(a_l - t_l) * a_l * (1 - a_l)")
slip("other_part_of_the_loss", r"p1\.output_sum", r"dE_l_dz_k = 0", "dE_l_dz_k = dE_k_dz_k")
slip("units_mixed", r"p1\.output_sum", r"\* a_l \* \(1 - a_l\)", "* a_k * (1 - a_k)")
slip("terms_of_both_outputs", r"p1\.output_sum", r"(delta_l_formula = .*)", r"\1 + dE_k_dz_k")
slip(
    "edges_crossed",
    r"p1\.(two_outputs|transpose)",
    r"delta_k (\* w_[jm])k \+ delta_l (\* w_[jm])l",
    r"delta_k \1l + delta_l \2k",
)
slip("sign_of_a_path", r"p1\.(two_outputs|transpose)", r" \+ delta_l", " - delta_l")
slip(
    "every_delta_on_every_edge",
    r"p1\.(two_outputs|transpose)",
    r"delta_k \* (w_[jm]k) \+ delta_l \* (w_[jm]l)",
    r"(delta_k + delta_l) * (\1 + \2)",
)

# The second step of Problem 2
slip(
    "not_all_updated", r"p2\.relu\.second_step", r"(?s)b_h_new\[0\](.*)b_h_new\[1\]", r"b_h1\1b_h2"
)
slip(
    "weights_read_across",
    r"p2\.relu\.second_step",
    r"(?s)W_h_new\[1\]\[0\](.*)W_h_new\[0\]\[1\]",
    r"W_h_new[0][1]\1W_h_new[1][0]",
)
slip("units_swapped", r"p2\.relu\.second_step", r"(?s)(z_h_next = \[.*\])", r"\1[::-1]")

# The lectures' questions
slip("doubled_for_squared", r"l1\.error", "central_factor = 100", "central_factor = 2 * 10")
slip("biases_not_counted", r"l1\.cost", r"\(784 \+ 1\)", "784", r"\(100 \+ 1\)", "100")
slip("inputs_have_no_bias", r"l1\.cost", r"(count = .*)", r"\1 + 784")
slip("target_of_before", r"l2\.hidden_unit", r"delta_o \*", "delta *")
slip("all_later_units", r"l2\.any_depth", r"10\]", "10, 11, 12]")
slip("outputs_alone", r"l2\.any_depth", r"\[8, 9, 10\]", "[11, 12]")
slip("inputs_for_deltas", r"l2\.any_depth", r"\[8, 9, 10\]", "[1, 2, 3, 4]")
slip("units_of_its_own_layer", r"l2\.any_depth", r"\[8, 9, 10\]", "[6, 7]")
slip("some_of_its_edges", r"l2\.any_depth", r"\[8, 9, 10\]", "[8]")
slip("edges_crossed", r"l2\.two_paths", r"0\.5 - 0\.2 \* 2", "2 - 0.2 * 0.5")
slip("edge_forgotten", r"l2\.two_paths", r"0\.3 \* 0\.5 - 0\.2 \* 2", "0.3 - 0.2")
slip(
    "every_delta_on_every_edge",
    r"l2\.two_paths",
    r"0\.3 \* 0\.5 - 0\.2 \* 2",
    "(0.3 - 0.2) * (0.5 + 2)",
)
slip("paths_multiplied", r"l2\.two_paths", r"0\.5 - 0\.2", "0.5 * -0.2")
slip("factor_of_the_slope_missing", r"l2\.two_paths", r" \* 0\.8 \*", " *")
IN_A_HIDDEN_LAYER = r" \* before\[(\w+)\] \* \(1 - before\[\w+\]\)"
slip("slope_forgotten", r"l2\.loop", IN_A_HIDDEN_LAYER, "")
slip("factor_of_the_slope_missing", r"l2\.loop", IN_A_HIDDEN_LAYER, r" * before[\1]")
slip("slope_of_tanh", r"l2\.loop", IN_A_HIDDEN_LAYER, r" * (1 - before[\1] ** 2)")
slip("inputs_exchanged", r"l2\.slide_gradients", r"-1 \* 3", "-1 * -2")
slip("inputs_exchanged", r"l2\.slide_gradients", r"-3 \* -2", "-3 * 3")
slip("other_edge", r"l2\.slide_gradients", r"-1 \* 3", "-3 * 3")
slip("wrong_sign", r"l2\.slide_gradients", r"= delta_6 \*", "= -delta_6 *")
slip("relu_taken_as_off", r"l3\.slopes", "slope_relu = 1", "slope_relu = 0")
slip("square_forgotten", r"l3\.slopes", r"1 - 0\.6\*\*2", "(1 - 0.6) ** 2")
slip("relu_never_off", r"l3\.hidden_delta", "a_h > 0", "a_h >= 0")
slip("mask_on_what_comes_back", r"l3\.hidden_delta", "a_h > 0", "back > 0")
slip("slope_at_the_target", r"l3\.output_deltas", r"0\.8 \* \(1 - 0\.8\)", "0.3 * (1 - 0.3)")
slip("loss_itself", r"l3\.output_deltas", r"(?m)^(\w+ = ).*", r"\1(0.8 - 0.3) ** 2 / 2")
slip("one_term_only", r"l3\.output_deltas", "(sigmoid_cross_entropy = ).*", r"\1-0.3 / 0.8")
slip("softmax_over_points", r"l3\.softmax", r"sum\(axis=1, keepdims=True\)", "sum(axis=0)")
slip("softmax_over_everything", r"l3\.softmax", r"sum\(axis=1, keepdims=True\)", "sum()")
slip("divided_by_the_largest", r"l3\.softmax", r"z - z\.max\(", "z / z.max(")
slip("shifted_within_a_row", r"l3\.softmax", r"max\(axis=1, keepdims=True\)", "max(axis=0)")
slip("signs_lost_in_a_row", r"l3\.jacobian", "row_sum = 0", "row_sum = 0.24 + 0.18 + 0.06")
slip("outputs_for_jacobian", r"l3\.jacobian", "row_sum = 0", "row_sum = 0.6")
slip("factor_above_1", r"l3\.layers", r"largest_slope\*\*5", "4**5")
slip("units_added", r"l3\.train_softmax", r"\.mean\(axis=0\)", ".mean()")

# Signs, squares and brackets
slip("sign_of_a_product", r"p2\.sigmoid\.forward", r"x_2 \* w_h22", "x_2 * -w_h22")
slip("sign_of_a_product", r"p2\.\w+\.forward", r"a_h\[1\] \* w_o21", "a_h[1] * -w_o21")
slip(
    "square_in_the_wrong_place",
    r"p2\.\w+\.forward|l2\.forward",
    r"\((\S+) - a_o\) \*\* 2 / 2",
    r"(\1 - a_o ** 2) / 2",
)
slip(
    "square_in_the_wrong_place",
    r"p2\.\w+\.forward|l2\.forward",
    r"\((\S+) - a_o\) \*\* 2 / 2",
    r"(\1 ** 2 - a_o ** 2) / 2",
)
slip("error_forgotten", r"p2\.\w+\.backward", r"\(a_o - t\) \* a_o", "a_o")
slip("error_forgotten", r"l2\.output_delta", r"link_1 \* link_2", "link_2")
slip("loss_as_a_factor", r"p2\.\w+\.backward", r"\(a_o - t\) \*", "E * (a_o - t) *")
slip("slope_of_other_numbers", r"p2\.\w+\.backward", r"a_o \* \(1 - a_o\)", "a_o * (1 - t)")
slip("slope_of_other_numbers", r"l2\.output_delta", r"a_o \* \(1 - a_o\)", "a_o * (1 - 0.1)")
slip("slope_of_other_numbers", r"l2\.output_delta", r"a_o \* \(1 - a_o\)", "a_o * a_o")
slip("slope_of_other_numbers", r"l2\.output_delta", r"1 - a_o", "1 + a_o")
slip("slope_at_0", r"l2\.output_delta", r"a_o \* \(1 - a_o\)", "0.25")
slip("slope_of_other_numbers", r"l2\.two_paths", r"1 - 0\.8", "1 + 0.8")
slip("slope_of_other_numbers", r"p2\.sigmoid\.backward", r"1 - a_h", "1 + a_h")
slip("slope_of_other_numbers", r"p2\.\w+\.backward", r"1 - a_o", "1 + a_o")
slip("slope_without_brackets", r"p2\.\w+\.backward", r"a_o \* \(1 - a_o\)", "a_o * 1 - a_o")
slip("slope_without_brackets", r"l2\.hidden_unit", r"\(1 - a_h2\)", "1 - a_h2")
slip("slope_without_brackets", r"l2\.loop", r"\(1 - (a\[-1\]|before\[layer\])\)", r"1 - \1")
slip("sum_without_brackets", r"l2\.two_paths", r"\((0\.3 .*? 2)\) \*", r"\1 *")
slip(
    "slope_of_linear", r"l2\.slide_gradients", r"delta_6 = 5 - 9", "delta_6 = (5 - 9) * 5 * (1 - 5)"
)
slip("units_swapped", r"p2\.\w+\.backward", r"dW_o = (\[.*\])", r"dW_o = \1[::-1]")
slip(
    "links_added",
    r"l2\.output_gradients",
    r"delta \* a_h",
    "delta + a_h",
    r"delta \* a_h",
    "delta + a_h",
)
