"""The chain of the right method in symbols, and which of its steps a student has right so far.

It is said of a wrong answer that fits no recognised mistake: "the way there: δ_o · weight of the
edge · derivative of the hidden unit. Right so far in your answers: δ_o.", and a question about each
other step. What is right was right where it was asked for, and need not be in this answer: so it is
no tick beside a factor, and the student is asked to check that it is used here.
"""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """A factor or a term on the way to a quantity."""

    symbol: str
    question: str  # to the student who may have it wrong
    # The quantities of an SGDStep each of which shows that it is right. Where the first, the link
    # itself, is asked for as well, it alone does.
    shown_by: tuple[str, ...] = ()

    def is_among(self, quantities: Collection[str], asked: Collection[str]) -> bool:
        """Whether `quantities` show it, where `asked` are asked for together."""
        shown_by = self.shown_by[:1] if set(self.shown_by[:1]) & set(asked) else self.shown_by
        return not set(quantities).isdisjoint(shown_by)


X = Link("x", "is each input multiplied by the weight on its own edge?")
W_H = Link("weights of the edges", "which edges end at this unit?")
B_H = Link("bias", "is this unit's own bias added?")
A_H = Link("a_h", "are these the activations of this data point?", ("a_h", "z_o", "a_o"))
W_O = Link("weights of the edges", "which edges lead to the output unit?")
B_O = Link("bias", "is the output unit's bias added?")
Z_H = Link("z_h", "which weighted input does the function take?", ("z_h",))
Z_O = Link("z_o", "which weighted input does the function take?", ("z_o",))
F_H = Link("hidden activation", "which function do the hidden units have?")
F_O = Link("activation of the output unit", "which function does the output unit have?")
A_O = Link("a_o", "which output does this data point give?", ("a_o",))
T = Link("target", "which target is given for this data point?")
ERROR = Link(
    "error",
    "which output does it compare with which given target, and which way round?",
    ("dE_da_o",),
)
SQUARE = Link("squared and halved", "what does the loss do with the errors?")
SLOPE_O = Link(
    "derivative of the output unit",
    "of which function is it the derivative, and at which z?",
    ("slope_o",),
)
DELTA_O = Link("δ_o", "which delta comes back from the output unit?", ("delta_o", "db_o", "dW_o"))
W_BACK = Link("weight of the edge", "over which edge does the delta come back to this unit?")
SLOPE_H = Link(
    "derivative of the hidden unit",
    "of which function is it the derivative, and at which z?",
    ("slope_h",),
)
DELTA_H = Link(
    "δ_h",
    "is it the delta of the unit at which this weight's edge ends?",
    ("delta_h", "db_h", "dW_h"),
)
DELTA_H_ALONE = Link("δ_h", "is it this unit's own delta, as it is?", DELTA_H.shown_by)
A_H_IN = Link("a_h", "what does the weight multiply in the forward pass?", ("a_h",))
X_IN = Link("x", "what does the weight multiply in the forward pass?")
AVERAGE = Link("averaged over the points", "what happens to the points of a batch?")
OLD = Link("old value", "is it the value from before the step?")
ETA = Link("η", "by what is the gradient multiplied?")

SIDE = "how far from w is this point, and does one element alone move?"
ABOVE, BELOW = Link("f on the one side", SIDE), Link("f on the other side", SIDE)
WIDTH = Link("distance of the two points", "is it the one that they really have?")

STEP = "{} − {} · {}"
OF_WEIGHTS = "is it the gradient of these weights, and from this step?"
OF_BIASES = "is it the gradient of these biases, and from this step?"
OF_ONE_BIAS = "is it the gradient of this bias, and from this step?"
OF_A_BIAS = "By how much does z change when the bias changes by 1?"
FORWARD_AGAIN = Link("a forward pass with them", "does every step of it use the new values?")
X_NEXT = Link("x", "is each input multiplied by the new weight on its own edge?")
W_H_NEW = Link(
    "new weights of the edges",
    "which edges end at this unit, and are their weights those from after the step?",
    ("W_h_new",),
)
B_H_NEW = Link("new bias", "is it this unit's own, from after the step?", ("b_h_new",))
NEW_PARAMETERS = Link(
    "all new weights and biases",
    "are all new values in it, each in its own place?",
    ("all new",),
)

# Of Problem 1, where each factor is a formula.
DE_DA_K = Link("∂E/∂a_k", "how does the loss change with the output?", ("dE_da_k",))
DA_K_DZ_K = Link("∂a_k/∂z_k", "of which function is it the derivative?", ("da_k_dz_k",))
DELTA_K = Link("δ_k", "what does the symbol delta_k stand for?", ("delta_k_formula",))
DZ_K_DW_JK = Link("∂z_k/∂w_jk", "what stands beside w_jk in z_k?", ("dz_k_dw_jk",))
DZ_K_DB_K = Link("∂z_k/∂b_k", "what stands beside b_k in z_k?", ("dz_k_db_k",))
DZ_K_DA_J = Link("∂z_k/∂a_j", "what stands beside a_j in z_k?", ("dz_k_da_j",))
DA_J_DZ_J = Link("∂a_j/∂z_j", "of which function is it the derivative?", ("da_j_dz_j",))
DELTA_J = Link("δ_j", "what does the symbol delta_j stand for?", ("delta_j_formula",))
DZ_J_DW_IJ = Link("∂z_j/∂w_ij", "what stands beside w_ij in z_j?", ("dz_j_dw_ij",))
MULTIPLIED = "You have found all of them above: are they multiplied here, each of them, and alone?"

# {quantity: (how its links are joined, the links, a question if the student has all of them right)}
TRAILS: dict[str, tuple[str, tuple[Link, ...], str]] = {
    "z_h": ("{} · {} + {}", (X, W_H, B_H), ""),
    "a_h": ("{} of {}", (F_H, Z_H), ""),
    "z_o": ("{} · {} + {}", (A_H, W_O, B_O), ""),
    "a_o": ("{} of {}", (F_O, Z_O), ""),
    "E": ("{} − {}, {}", (T, A_O, SQUARE), ""),
    "delta_o": ("{} · {}", (ERROR, SLOPE_O), "What joins the two?"),
    "dW_o": (
        "{} · {}",
        (DELTA_O, A_H_IN),
        "Which activation and which delta belong to each weight?",
    ),
    "db_o": ("{}", (DELTA_O,), OF_A_BIAS),
    "delta_h": (
        "{} · {} · {}",
        (DELTA_O, W_BACK, SLOPE_H),
        "Does each unit get its own edge and its own derivative?",
    ),
    "dW_h": ("{} · {}", (DELTA_H, X_IN), ""),
    "db_h": ("{}", (DELTA_H_ALONE,), OF_A_BIAS),
    "W_o_new": (STEP, (OLD, ETA, Link("∂E/∂W_o", OF_WEIGHTS, ("dW_o",))), ""),
    "b_o_new": (STEP, (OLD, ETA, Link("∂E/∂b_o", OF_ONE_BIAS, ("db_o",))), ""),
    "W_h_new": (STEP, (OLD, ETA, Link("∂E/∂W_h", OF_WEIGHTS, ("dW_h",))), ""),
    "b_h_new": (STEP, (OLD, ETA, Link("∂E/∂b_h", OF_BIASES, ("db_h",))), ""),
    "delta_k_formula": ("{} · {}", (DE_DA_K, DA_K_DZ_K), MULTIPLIED),
    "dE_dw_jk": ("{} · {}", (DELTA_K, DZ_K_DW_JK), MULTIPLIED),
    "dE_db_k": ("{} · {}", (DELTA_K, DZ_K_DB_K), MULTIPLIED),
    "delta_j_formula": ("{} · {} · {}", (DELTA_K, DZ_K_DA_J, DA_J_DZ_J), MULTIPLIED),
    "dE_dw_ij": ("{} · {}", (DELTA_J, DZ_J_DW_IJ), MULTIPLIED),
    "dE_db_j": ("{}", (DELTA_J,), OF_A_BIAS),
    "quotients": ("({} − {}) / {}", (ABOVE, BELOW, WIDTH), ""),
    "z_h_next": ("{} · {} + {}", (X_NEXT, W_H_NEW, B_H_NEW), ""),
    "E_new": (
        "{}, {}, then the error {}",
        (NEW_PARAMETERS, FORWARD_AGAIN, SQUARE),
        "",
    ),
}
RIGHT_SO_FAR = "Right so far in your answers"
NOT_RIGHT_YET = "Not right yet, and used here as you gave it"
AVERAGED = {"E", "dW_o", "db_o", "dW_h", "db_h"}  # over the points of a batch
NEW = {"W_h_new", "b_h_new", "W_o_new", "b_o_new"}


def trail(
    quantity: str,
    right: Collection[str],
    own: Collection[str] = (),
    n_samples: int = 1,
    asked: Collection[str] = (),
) -> str:
    """The trail to a quantity of an SGDStep, in words; "" where there is none.

    right: the quantities that the student has right, by their names in an SGDStep. own: those that
    are wrong and that the answer is compared with all the same. n_samples: data points of the
    batch. asked: all quantities that the question asks for.
    """
    if quantity not in TRAILS:
        return ""
    pattern, links, together = TRAILS[quantity]
    if n_samples > 1 and quantity in AVERAGED:
        pattern, links = pattern + ", {}", (*links, AVERAGE)
    known = set(right) - {quantity}
    if known >= NEW:
        known.add("all new")
    shown = [link for link in links if link.is_among(known, asked)]
    yours = [link for link in links if link not in shown and link.is_among(own, asked)]
    # A wrong value is the student's to look at as well, so its question belongs to the open ones.
    open_links = [link for link in links if link not in shown]
    said = [f"the way there: {pattern.format(*(link.symbol for link in links))}."]
    if shown:
        said.append(f"{RIGHT_SO_FAR}: {', '.join(link.symbol for link in shown)}.")
    if shown and (open_links or not together):
        said.append(f"Check that {'they are' if shown[1:] else 'it is'} in this answer as well.")
    if yours:
        said.append(f"{NOT_RIGHT_YET}: {', '.join(link.symbol for link in yours)}.")
    if len(open_links) > 1:  # which of them it is, nothing tells
        others = "of the other steps" if shown else "step"
        said.append(f"Look at each {others} on its own.")
        said += [f"{link.symbol}: {link.question}" for link in open_links]
    else:
        question = open_links[0].question if open_links else together
        said.append(f"{question[:1].upper()}{question[1:]}")
    return " ".join(filter(None, said))
