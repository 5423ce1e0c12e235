"""Records of answers, made of numbers rather than of a notebook."""

import json

from helpers.asking.record import encode


def record_of(question, seed, change=lambda part, values: values):
    """The record of right answers. change: of (part, arrays or words by case), gives others."""
    cases = question.cases_from(seed)
    answers = {name: [{"missing": True}] * len(cases) for name in question.recorded}
    for part in question.parts:
        values = change(part, [case.expected[part.name] for case in cases])
        answers[part.name] = [encode(value) for value in values]
    # As a notebook's file keeps it.
    return json.loads(
        json.dumps({"version": 1, "question": question.id, "seed": seed, "answers": answers})
    )
