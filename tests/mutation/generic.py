"""Small changes of a program at every place: operators, numbers, indices, order, statements."""

import ast
import copy

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
             ast.Pow: ast.Mult}  # fmt: skip
COMPARISONS = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.Eq: ast.NotEq}


def mutants(source):
    """(what is changed, the changed source) for each change of one place of `source`."""
    tree = ast.parse(source)
    places = list(ast.walk(tree))
    for place in range(len(places)):
        for change in CHANGES:
            changed = copy.deepcopy(tree)
            node = list(ast.walk(changed))[place]
            told = change(node)
            if told:
                yield told, ast.unparse(ast.fix_missing_locations(changed))
    for told, changed in _without_statements(tree):
        yield told, ast.unparse(ast.fix_missing_locations(changed))


def _operator(node):
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        node.op = OPERATORS[type(node.op)]()
        return "operator"


def _operands(node):
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.MatMult):
        node.left, node.right = node.right, node.left
        return "order of operands"


def _comparison(node):
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        node.ops[0] = COMPARISONS[type(node.ops[0])]()
        return "comparison"


def _number_larger(node):
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        node.value += 1
        return "number + 1"


def _number_half(node):
    if isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value:
        node.value /= 2
        return "number / 2"


def _sign(node):
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node.op = ast.UAdd()
        return "sign"


def _index(node):
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        if node.slice.value in (0, 1):
            node.slice.value = 1 - node.slice.value
            return "index"


def _transpose(node):
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        for side in ("left", "right"):
            operand = getattr(node, side)
            if isinstance(operand, ast.Attribute) and operand.attr == "T":
                setattr(node, side, operand.value)
                return "transpose left out"


def _axis(node):
    if isinstance(node, ast.keyword) and node.arg == "axis":
        node.value = ast.Constant(1 - node.value.value)
        return "axis"


def _arguments(node):
    if isinstance(node, ast.Call) and len(node.args) == 2:
        node.args.reverse()
        return "order of arguments"


def _call(node):
    if isinstance(node, ast.BinOp):
        for side in ("left", "right"):
            operand = getattr(node, side)
            if isinstance(operand, ast.Call) and len(operand.args) == 1:
                setattr(node, side, operand.args[0])
                return "call left out"


CHANGES = (
    *(_operator, _operands, _comparison, _number_larger, _number_half, _sign, _index),
    *(_transpose, _axis, _arguments, _call),
)


def _without_statements(tree):
    for place, node in enumerate(ast.walk(tree)):
        for field in ("body", "orelse"):
            statements = getattr(node, field, None)
            if not isinstance(statements, list) or len(statements) < 2:
                continue
            for index, statement in enumerate(statements):
                if isinstance(statement, ast.Expr):  # a docstring
                    continue
                changed = copy.deepcopy(tree)
                del getattr(list(ast.walk(changed))[place], field)[index]
                yield "statement left out", changed
