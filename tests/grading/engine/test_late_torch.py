"""A notebook without a word of torch does without it, and an answer that imports it still counts.

No cell here says the word: the servers would import torch for it.
"""

from collections.abc import Iterator

import pytest

from course.grading.engine.grader import Grader
from course.grading.engine.options import GradingOptions
from course.grading.model.cells import MasterNotebook
from course.grading.model.judgement import Judgement
from course.grading.model.results import Verdict
from tests.grading.cells import answer, given, question

pytestmark = pytest.mark.slow

FIRST = given("import importlib, sys\nimport numpy as np\nname = 'tor' + 'ch'")
IMPORT = "late = importlib.import_module(name)\n"
# With less memory than the addresses that torch takes.
OPTIONS = GradingOptions(memory_limit=2 * 2**30)


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """Provide a grader of a notebook that does not use torch."""
    with Grader(MasterNotebook("toy", (FIRST,), {}, ()), OPTIONS) as started:
        yield started


def judge(grader: Grader, source: str, tests: str) -> Judgement:
    [judgement] = grader.grade([FIRST, answer(source), question(tests)]).judgements
    return judgement


def assert_right(grader: Grader, source: str, tests: str) -> None:
    assert judge(grader, source, tests).failures == ()


def test_neither_process_has_torch(grader: Grader) -> None:
    source = "def f(x):\n    return name in sys.modules, x + np.random.rand()"
    tests = "here, _ = f(np.ones(2))\nassert not here\nassert name not in sys.modules"
    assert_right(grader, source, tests)


def test_a_tensor_arrives(grader: Grader) -> None:
    source = f"{IMPORT}def f(x):\n    return 2 * late.tensor(x)"
    tests = "assert f([1, 2]).tolist() == [2, 4]\nassert name in sys.modules"
    assert_right(grader, source, tests)


def test_a_wrong_tensor_is_wrong(grader: Grader) -> None:
    judgement = judge(grader, f"{IMPORT}f = late.ones(2)", "assert f.tolist() == [1, 2]")
    assert judgement.verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("value", "test"),
    [
        ("late.float16", "str(f).endswith('float16')"),
        ("late.Size([2, 3])", "f == (2, 3)"),
        ("late.nn.Linear(1, 1, bias=False)", "len(list(f.parameters())) == 1"),
        ("late.nn.Identity", "f()([3]) == [3]"),
    ],
)
def test_what_else_there_is_of_torch_arrives(grader: Grader, value: str, test: str) -> None:
    assert_right(grader, f"{IMPORT}f = {value}", f"assert {test}")


def test_a_gradient_comes_back(grader: Grader) -> None:
    source = "def f(x):\n    return x ** 2"
    tests = f"{IMPORT}x = late.tensor(3.0, requires_grad=True)\nf(x).backward()\nassert x.grad == 6"
    assert_right(grader, source, tests)


def test_an_answer_draws_what_the_test_has_seeded(grader: Grader) -> None:
    source = f"def f():\n    {IMPORT}    return late.rand(2).tolist()"
    tests = f"{IMPORT}late.manual_seed(3)\nexpected = late.rand(2).tolist()\nlate.manual_seed(3)\n"
    assert_right(grader, source, f"{tests}assert f() == expected")


def test_an_answer_that_nobody_has_seeded_draws_the_same_in_every_grading(grader: Grader) -> None:
    source = f"def f():\n    {IMPORT}    return late.rand(1).item()"
    drawn = [judge(grader, source, "assert False, f()").failures[0].message for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_torch_has_one_thread_there_and_here(grader: Grader) -> None:
    source = f"{IMPORT}def f():\n    return late.get_num_threads()"
    assert_right(grader, source, f"{IMPORT}assert f() == late.get_num_threads() == 1")


def test_nothing_in_the_working_folder_stands_in_for_torch(grader: Grader) -> None:
    source = "open(name + '.py', 'w').write('rand = None')\n"
    source += f"{IMPORT}f = late.ones(2)"
    tests = "open(name + '.py', 'w').write('rand = None')\n"
    assert_right(grader, source, f"{tests}{IMPORT}assert f.tolist() == late.ones(2).tolist()")
