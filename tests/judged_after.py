"""Judge a record as if those of earlier questions had been judged before it."""

from helpers.marking.judging import Judge
from helpers.marking.questions import question_by_id


def judged_after(question, record, seed, earlier=None):
    """The verdicts on `record`, for a Question.

    earlier: records by question id, in their order.
    """
    judge = Judge(seed)
    for name, before in (earlier or {}).items():
        if name != question.id:
            judge.judge(question_by_id(name, question.student), before)
    return judge.judge(question, record)
