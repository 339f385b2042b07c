"""What the referee found becomes what the records say of it."""

import pytest

from course.grading.model.cells import Cell, MasterNotebook, Role
from course.grading.model.findings import Findings, GradedNotebook
from course.grading.model.judgement import Failure, Judgement
from course.grading.model.rebuilt import Rebuilt
from course.grading.model.results import Verdict
from course.grading.records.notebook_result import notebook_result


@pytest.mark.parametrize(
    ("unanswered", "extra", "verdict"),
    [
        ((), False, Verdict.BY_HAND),
        (("f", "g"), False, Verdict.NOT_ANSWERED),
        (("g",), False, Verdict.BY_HAND),  # one of the two is answered
        (("f", "g"), True, Verdict.BY_HAND),  # they may be in a cell of the student's own
    ],
)
def test_only_what_is_blank_for_certain_is_no_answer(
    unanswered: tuple[str, ...], extra: bool, verdict: Verdict
) -> None:
    cells = (
        *(Cell(Role.ANSWER, name, "code", "", (name,)) for name in ("f", "g")),
        Cell(Role.TEST, "test_g", "code", "assert g", points=2.0),
    )
    own = (Cell(Role.EXTRA, "", "code", "g = 1"),) if extra else ()
    rebuilt = Rebuilt((*cells, *own), (), unanswered)
    judgement = Judgement("test_g", 2.0, (Failure(0, Verdict.BY_HAND, "later"),))
    master = MasterNotebook("toy", cells, {}, ())
    result = notebook_result(GradedNotebook(master, rebuilt, Findings((judgement,), {})))
    assert [question.verdict for question in result.questions] == [verdict]
