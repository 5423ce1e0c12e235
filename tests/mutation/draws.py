"""Does a verdict depend on the draw? One work, judged with the test inputs of many seeds.

`python -m tests.mutation.draws [--seeds 200] [question …]` searches all questions that have a seed,
with all their mutants and all right solutions that are written differently, and prints those whose
verdicts or names of mistakes differ. It takes hours with all questions; Keras takes the longest.
"""

import argparse
import contextlib
import io
import re
import sys
import types
import warnings
from collections import Counter
from unittest.mock import patch

import numpy as np

from helpers.checking import observe
from helpers.grading.repair.released import grade_id, is_check
from helpers.marking.judging import Judge
from helpers.marking.questions import model, question_by_id
from tests.in_process import as_main, needed_code
from tests.marking.equivalents import SOLUTIONS, worked
from tests.mutation import generic
from tests.mutation.marking import answers
from tests.mutation.rules import RULES
from tests.sample_class.work import Notebook


def verdicts_by_seed(notebook, question, seeds, also=()):
    """The verdicts on `question` in a notebook that is worked once, by seed of the test inputs.

    Each is ((part, status, names of mistakes), …), () where the check cell does not run. also: ids
    of earlier questions that are judged before it, besides those that it depends on.
    """
    asked = question_by_id(question)
    needed = {question, *asked.depends_on, *also}
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    checks = [cell for cell in code if is_check(cell)]
    wanted = {grade_id(c) for c in checks if grade_id(c).replace("-", ".") in needed}
    last = max(place for place, cell in enumerate(code) if grade_id(cell) in wanted)
    records = {seed: {} for seed in seeds}

    def check(name, **given):
        for seed in seeds:
            records[seed][name] = observe(question_by_id(name), given, seed)

    main = types.ModuleType("__main__")
    with (
        as_main(main),
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        for cell, source in needed_code(code[: last + 1], wanted):
            if is_check(cell):
                main.check = check
            with contextlib.suppress(Exception):
                exec(compile(source, grade_id(cell) or "given", "exec"), vars(main))
    return {seed: _signature(question, records[seed], seed) for seed in seeds}


def _signature(question, records, seed):
    judge = Judge(seed)
    verdicts = []
    for name, record in records.items():
        verdicts = judge.judge(question_by_id(name), record)
        if name == question:
            return tuple((v.part, v.status, v.misconception) for v in verdicts)
    return ()


def has_a_seed(question):
    """Whether the cases of a question, by id, follow from the seed."""
    one, two = (repr([case.test_inputs for case in cases(question, seed)]) for seed in (1, 2))
    return one != two


def cases(question, seed):
    return question_by_id(question).cases_from(seed)


def works(question, equivalents=()):
    """(what it is, notebook) for each mutant of the answer to `question` and each equivalent."""
    name, source = answers()[question]
    yield "the right answer", Notebook(name).content
    for rule in RULES:
        if re.fullmatch(rule.asked_in, question):
            for place, mutant in enumerate(rule.mutants(source)):
                yield f"{rule.names} {place}", Notebook(name).answer(question, mutant).content
    for told, mutant in generic.mutants(source):
        yield f"{told}\n{mutant}", Notebook(name).answer(question, mutant).content
    for told, solution in equivalents:
        if question in (*solution.answers, *solution.asked):
            yield told, worked(solution).content


def with_a_seed():
    """The ids of the questions that have a seed and an answer, in the course's order."""
    return [question for question in answers() if has_a_seed(question)]


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("questions", nargs="*")
    options = parser.parse_args(arguments)
    # All seeds of a question are asked again for each of its mutants.
    kept = model.lru_cache(maxsize=None)(model._cases.__wrapped__)
    found = 0
    with patch.object(model, "_cases", kept):
        for question in options.questions or with_a_seed():
            kept.cache_clear()
            count = differing = 0
            for told, content in works(question, SOLUTIONS.items()):
                count += 1
                counted = Counter(
                    verdicts_by_seed(content, question, range(options.seeds)).values()
                )
                if len(counted) > 1:
                    differing += 1
                    print(f"--- {question}: {told}", flush=True)
                    for signature, times in counted.most_common(4):
                        print(f"  {times:>4}  {signature}", flush=True)
            found += differing
            print(f"=== {question}: {differing} of {count} works differ", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
