"""Does a verdict depend on the draw? One work, judged with the test inputs of many seeds.

`python -m tests.mutation.draws [--seeds 200] [question …]` searches all questions that have a seed,
with all their mutants and all right solutions that are written differently, and prints those whose
verdicts or names of mistakes differ. It takes hours with all questions; Keras takes the longest.
"""

import argparse
import re
import sys
import warnings
from collections import Counter
from functools import cache
from unittest.mock import patch

import numpy as np

from helpers.marking.questions import model, question_by_id
from tests.in_process import marked_with_seeds
from tests.marking.equivalents import SOLUTIONS, worked
from tests.mutation import generic
from tests.mutation.marking import answers, signature
from tests.mutation.rules import RULES
from tests.sample_class.work import Notebook


def verdicts_by_seed(notebook, question, seeds):
    """{seed: signature of the verdicts on `question`}; the notebook is run once."""
    needed = {question, *question_by_id(question).depends_on}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return {
            seed: signature(verdicts[question])
            for seed, verdicts in marked_with_seeds(notebook, seeds, only=needed)
        }


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


@cache
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
