"""The notebook that is graded is the master's; a submission gives its answers and extra cells."""

import copy
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from course.errors import CourseError
from course.grading.intake.assignment import read_master
from course.grading.intake.rebuild import rebuild
from course.grading.intake.submitted_cells import MAX_CELLS, MAX_CHARACTERS
from course.grading.model.cells import MasterNotebook, Role
from course.grading.model.rebuilt import Rebuilt
from course.layout import notebook
from course.notebooks import read
from course.sample.students import like_colab
from tests.this_course import COURSE, answers, submission
from tests.toy import (
    DOUBLE,
    TEST_DOUBLE,
    THINK,
    TRY,
    answer_cell,
    check_cell,
    grading_metadata,
    toy_notebook,
    write_notebook,
)

LESSONS = COURSE.lessons
STUB = '''def double(number):
    """Return twice the number."""
    pass  # write your answer here'''
RIGHT = "def double(number):\n    return 2 * number"
HALVE = "def halve(number):\n    ### BEGIN SOLUTION\n    return number / 2\n    ### END SOLUTION"
HALVE_STUB = "def halve(number):\n    pass  # write your answer here"
SEEN_TEST = 'assert double(2) == 4, "double(2) should be 4"'
WRITTEN_STUB = "*Write your answer here.*"
IMPORTS = "import math\n\nfrom collections import Counter, deque\n\nprint('ready to start')"
WRITTEN = {"grade": True, "solution": True, "points": 1}


def cells(double: str, halve: str, test: str, think: str) -> list[Any]:
    metadata = grading_metadata("think_even", **WRITTEN)
    again = grading_metadata("think_odd", **WRITTEN)
    return [
        new_markdown_cell("# Toy", id="title"),
        new_code_cell(IMPORTS, id="imports"),
        answer_cell("double", double),
        new_code_cell(TRY, id="try-double", metadata={"tags": ["skip-when-grading"]}),
        check_cell("double", test),
        new_markdown_cell("## Half of it", id="half"),
        answer_cell("halve", halve),
        check_cell("halve", "assert halve(2) == 1, 'halve(2) should be 1'"),
        new_markdown_cell("Is it always even?", id="question"),
        new_markdown_cell(think, id="think-even", metadata=metadata),
        new_markdown_cell("Is it ever odd?", id="question-odd"),
        new_markdown_cell(think, id="think-odd", metadata=again),
    ]


def released() -> Any:
    return toy_notebook(cells(STUB, HALVE_STUB, SEEN_TEST, WRITTEN_STUB))


def answered() -> Any:
    nb = released()
    nb.cells[2].source = RIGHT
    nb.cells[9].source = "Yes, as twice anything is."
    return nb


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> MasterNotebook:
    folder = tmp_path_factory.mktemp("toy")
    master = toy_notebook(cells(DOUBLE, HALVE, TEST_DOUBLE, THINK))
    student_version = write_notebook(released(), folder / "released.ipynb")
    return read_master(write_notebook(master, folder / "toy.ipynb"), student_version)


@cache
def lesson_assignment(lesson: str) -> MasterNotebook:
    return read_master(notebook(COURSE.masters, lesson), notebook(COURSE.release, lesson))


def anonymous(nb: Any) -> Any:
    """Return a copy of `nb` without ids and metadata."""
    bare = [{"cell_type": cell.cell_type, "source": cell.source} for cell in nb.cells]
    return {"cells": bare, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def as_in_colab(nb: Any) -> Any:
    """Return `nb` as Colab would save it."""
    like_colab(nb)
    return nb


def sources(rebuilt: Rebuilt, *roles: Role) -> list[str]:
    return [cell.source for cell in rebuilt.cells if cell.role in roles]


def by_name(rebuilt: Rebuilt) -> dict[str, str]:
    return {cell.name: cell.source for cell in rebuilt.cells}


def fixed(assignment: MasterNotebook) -> list[tuple[str, str]]:
    """Return the names and sources that no submission may change."""
    kept = (Role.GIVEN, Role.TEST)
    return [(cell.name, cell.source) for cell in assignment.cells if cell.role in kept]


def fixed_in(rebuilt: Rebuilt) -> list[tuple[str, str]]:
    kept = (Role.GIVEN, Role.TEST)
    return [(cell.name, cell.source) for cell in rebuilt.cells if cell.role in kept]


# --- the assignment ---


def test_each_cell_has_its_role(toy: MasterNotebook) -> None:
    text, given_, written = Role.TEXT, Role.GIVEN, Role.WRITTEN
    first = [text, given_, Role.ANSWER, given_, Role.TEST, text, Role.ANSWER, Role.TEST]
    assert [cell.role for cell in toy.cells] == [*first, text, written, text, written]


def test_stubs_are_what_students_got(toy: MasterNotebook) -> None:
    thoughts = {"think_even": WRITTEN_STUB, "think_odd": WRITTEN_STUB}
    assert toy.stubs == {"double": STUB, "halve": HALVE_STUB} | thoughts


def test_points_and_tags_are_read(toy: MasterNotebook) -> None:
    assert toy.cells[4].points == 2
    assert [cell.name for cell in toy.cells if cell.skipped] == ["try-double"]


def test_a_task_is_written_and_has_no_stub(tmp_path: Path) -> None:
    metadata = grading_metadata("essay", task=True, locked=True, points=3)
    nb = toy_notebook([new_markdown_cell("Write an essay.", metadata=metadata)])
    path = write_notebook(nb, tmp_path / "a.ipynb")
    assignment = read_master(path, path)
    assert assignment.cells[0].role is Role.WRITTEN
    assert rebuild(assignment, nb) == Rebuilt(assignment.cells, (), ())


def test_without_a_released_notebook_nothing_hidden_is_taken_for_changed(tmp_path: Path) -> None:
    nb = toy_notebook(cells(DOUBLE, HALVE, TEST_DOUBLE, THINK))
    assignment = read_master(write_notebook(nb, tmp_path / "toy.ipynb"), None)
    assert assignment.stubs == {}
    assert rebuild(assignment, released()).repairs == ()


def test_an_answer_that_was_never_released_has_no_stub(tmp_path: Path) -> None:
    """Its solution must never stand in for a missing answer."""
    nb = released()
    del nb.cells[6:8]
    old = write_notebook(nb, tmp_path / "old.ipynb")
    master = toy_notebook(cells(DOUBLE, HALVE, TEST_DOUBLE, THINK))
    assignment = read_master(write_notebook(master, tmp_path / "toy.ipynb"), old)
    assert "halve" not in assignment.stubs
    assert by_name(rebuild(assignment, nb))["halve"] == ""


def test_cells_without_ids_are_read_by_their_place(tmp_path: Path) -> None:
    master, nb = toy_notebook(cells(DOUBLE, HALVE, TEST_DOUBLE, THINK)), released()
    master.cells[1].source += "  # {{ placeholder }}"
    for each in (master, nb):
        each.nbformat_minor = 4
        for cell in each.cells:
            del cell["id"]
    student_version = write_notebook(nb, tmp_path / "released.ipynb")
    assignment = read_master(write_notebook(master, tmp_path / "toy.ipynb"), student_version)
    assert assignment.cells[1].name == ""
    assert assignment.released[1] == IMPORTS
    assert rebuild(assignment, nb).repairs == ()


def test_two_cells_of_one_name_are_refused(tmp_path: Path) -> None:
    twin = new_code_cell(STUB, id="twin", metadata=grading_metadata("double", solution=True))
    nb = toy_notebook([answer_cell("double", STUB), twin])
    with pytest.raises(CourseError, match="share a name"):
        read_master(write_notebook(nb, tmp_path / "a.ipynb"), None)


# --- submissions as they should be ---


def test_untouched(toy: MasterNotebook) -> None:
    rebuilt = rebuild(toy, released())
    assert fixed_in(rebuilt) == fixed(toy)
    assert rebuilt.repairs == ()
    assert rebuilt.unanswered == ("double", "halve", "think_even", "think_odd")


def test_answers_are_the_students(toy: MasterNotebook) -> None:
    rebuilt = rebuild(toy, answered())
    assert sources(rebuilt, Role.ANSWER) == [RIGHT, HALVE_STUB]
    assert sources(rebuilt, Role.WRITTEN) == ["Yes, as twice anything is.", WRITTEN_STUB]
    assert rebuilt.unanswered == ("halve", "think_odd")
    assert rebuilt.repairs == ()


def test_white_space_and_nothing_are_no_answers(toy: MasterNotebook) -> None:
    nb = released()
    nb.cells[2].source = STUB.replace("\n", "  \n") + "\n\n"
    nb.cells[6].source = " \n"
    assert rebuild(toy, nb).unanswered[:2] == ("double", "halve")


def test_text_is_left_out(toy: MasterNotebook) -> None:
    assert not sources(rebuild(toy, released()), Role.TEXT)


def test_extra_cells_follow_their_neighbours(toy: MasterNotebook) -> None:
    nb = answered()
    for place, source in (
        (12, "last = 1"),
        (6, "after_text = 2"),
        (3, "b = 3"),
        (3, "a = 4"),
        (0, "c"),
    ):
        nb.cells.insert(place, new_code_cell(source))
    rebuilt = rebuild(toy, nb)
    everything = [cell.source for cell in rebuilt.cells if cell.kind == "code"]
    seen = [TEST_DOUBLE, "after_text = 2", HALVE_STUB]
    halved = toy.cells[7].source
    start = ["c", IMPORTS, RIGHT, "a = 4", "b = 3", TRY, *seen, halved]
    assert everything == [*start, "last = 1"]
    assert rebuilt.repairs == ()


def test_blank_cells_of_the_student_are_left_out(toy: MasterNotebook) -> None:
    nb = answered()
    nb.cells += [new_markdown_cell(" "), new_code_cell("  \n"), new_raw_cell("raw")]
    assert rebuild(toy, nb).cells == rebuild(toy, answered()).cells


def test_notes_of_the_student_are_kept_for_who_marks_tasks(toy: MasterNotebook) -> None:
    nb = answered()
    nb.cells.append(new_markdown_cell("My notes"))
    [extra] = [cell for cell in rebuild(toy, nb).cells if cell.role is Role.EXTRA]
    assert (extra.kind, extra.source) == ("markdown", "My notes")


def test_metadata_of_extra_cells_is_dropped(toy: MasterNotebook) -> None:
    nb = answered()
    metadata = {"tags": ["skip-execution"]} | grading_metadata("test_other", grade=True, points=99)
    nb.cells.append(new_code_cell("x = 1", id="evil", metadata=metadata))
    [extra] = [cell for cell in rebuild(toy, nb).cells if cell.role is Role.EXTRA]
    assert (extra.name, extra.id, extra.points, extra.skipped) == ("", "", 0, False)


def test_flags_points_and_tags_are_the_masters(toy: MasterNotebook) -> None:
    nb = answered()
    for cell in nb.cells:
        cell.metadata["tags"] = ["skip-when-grading", "skip-execution"]
        cell.metadata.get("nbgrader", {}).update(points=100, grade=False, locked=False)
    assert rebuild(toy, nb) == rebuild(toy, answered())


# --- submissions as they come ---


def test_colab_changes_nothing(toy: MasterNotebook) -> None:
    nb = answered()
    like_colab(nb)
    assert rebuild(toy, nb) == rebuild(toy, answered())


def test_lost_metadata_changes_no_cell(toy: MasterNotebook) -> None:
    assert rebuild(toy, anonymous(answered())).cells == rebuild(toy, answered()).cells


def test_an_answer_is_known_by_its_name(toy: MasterNotebook) -> None:
    message = "the answer cell double had lost its metadata; it was recognised by the name"
    assert message in rebuild(toy, anonymous(answered())).repairs[0]


@pytest.mark.parametrize("where", ["cell", "colab"])
def test_an_answer_is_known_by_its_id(toy: MasterNotebook, where: str) -> None:
    nb = anonymous(answered())
    nb["cells"][6] |= {"id": "halve"} if where == "cell" else {"metadata": {"id": "halve"}}
    nb["cells"][6]["source"] = "this is no Python"
    rebuilt = rebuild(toy, nb)
    assert by_name(rebuilt)["halve"] == "this is no Python"
    assert any(
        "halve had lost its metadata; it was recognised by its id" in r for r in rebuilt.repairs
    )


def test_an_answer_is_known_by_its_place_and_a_likeness(toy: MasterNotebook) -> None:
    nb = anonymous(answered())
    broken = 'def double(number:\n    """Return twice the number."""\n    return number + '
    nb["cells"][2]["source"] = broken
    rebuilt = rebuild(toy, nb)
    assert by_name(rebuilt)["double"] == broken
    assert "recognised by its place" in rebuilt.repairs[0]


def test_what_is_unlike_an_answer_is_not_taken_for_it(toy: MasterNotebook) -> None:
    nb = anonymous(answered())
    nb["cells"][2]["source"] = "print('I gave up') or it"
    rebuilt = rebuild(toy, nb)
    assert sources(rebuilt, Role.EXTRA) == ["print('I gave up') or it"]
    assert "the answer to double is missing" in rebuilt.repairs


def test_a_written_answer_is_known_by_its_place(toy: MasterNotebook) -> None:
    nb = anonymous(answered())
    nb["cells"][11]["source"] = "Niemals, denn zwei teilt es."
    assert by_name(rebuild(toy, nb))["think_odd"] == "Niemals, denn zwei teilt es."


def test_a_missing_answer_is_its_stub(toy: MasterNotebook) -> None:
    nb = answered()
    del nb.cells[2]
    rebuilt = rebuild(toy, nb)
    assert by_name(rebuilt)["double"] == STUB
    assert rebuilt.repairs == ("the answer to double is missing",)
    assert "double" in rebuilt.unanswered


def test_a_missing_test_is_put_back(toy: MasterNotebook) -> None:
    nb = answered()
    del nb.cells[4]
    rebuilt = rebuild(toy, nb)
    assert rebuilt.repairs == ("the test cell test_double was missing; it was put back",)
    assert rebuilt.cells == rebuild(toy, answered()).cells


def test_a_test_is_the_masters_whatever_became_of_it(toy: MasterNotebook) -> None:
    nb = answered()
    nb.cells[4].source = "pass"
    rebuilt = rebuild(toy, nb)
    assert by_name(rebuilt)["test_double"] == TEST_DOUBLE
    assert rebuilt.repairs == ("the test cell test_double had been changed; the original was run",)


def test_a_given_cell_is_the_masters(toy: MasterNotebook) -> None:
    nb = answered()
    nb.cells[1].source += "\nimport os"
    rebuilt = rebuild(toy, nb)
    assert by_name(rebuilt)["imports"] == IMPORTS
    assert rebuilt.repairs == ("the given cell imports had been changed; the original was run",)


def test_a_given_cell_is_known_without_metadata_by_its_likeness(toy: MasterNotebook) -> None:
    nb = anonymous(answered())
    nb["cells"][1]["source"] = IMPORTS.replace("ready", "READY")
    rebuilt = rebuild(toy, nb)
    assert not sources(rebuilt, Role.EXTRA)
    assert "the given cell imports had been changed; the original was run" in rebuilt.repairs


@pytest.mark.parametrize("place", [1, 3, 4])
def test_a_copy_of_a_cell_that_is_not_the_students_is_dropped(
    toy: MasterNotebook, place: int
) -> None:
    nb = answered()
    nb.cells.append(new_code_cell(nb.cells[place].source))
    assert rebuild(toy, nb) == rebuild(toy, answered())


def test_a_changed_copy_is_reported(toy: MasterNotebook) -> None:
    nb = answered()
    nb.cells.append(new_code_cell(IMPORTS.replace("ready", "READY")))
    rebuilt = rebuild(toy, nb)
    assert rebuilt.repairs == ("the given cell imports had a changed copy; the original was run",)
    assert not sources(rebuilt, Role.EXTRA)


@pytest.mark.parametrize("order", [(STUB, RIGHT), (RIGHT, STUB), (RIGHT, RIGHT)])
def test_of_copies_the_answered_one_is_taken(toy: MasterNotebook, order: tuple[str, str]) -> None:
    nb = answered()
    nb.cells.insert(3, copy.deepcopy(nb.cells[2]))
    nb.cells[2].source, nb.cells[3].source = order
    rebuilt = rebuild(toy, nb)
    assert by_name(rebuilt)["double"] == RIGHT
    assert not sources(rebuilt, Role.EXTRA)
    message = "the cell double was there twice; the last one that differs from the stub was taken"
    assert rebuilt.repairs == (message,)


def test_of_two_answers_the_last_is_taken_and_the_first_still_runs(toy: MasterNotebook) -> None:
    nb = answered()
    nb.cells.insert(2, copy.deepcopy(nb.cells[2]))
    nb.cells[2].source = "def helper(): ...\ndef double(number): ..."
    rebuilt = rebuild(toy, nb)
    assert by_name(rebuilt)["double"] == RIGHT
    assert sources(rebuilt, Role.EXTRA, Role.ANSWER)[:2] == [nb.cells[2].source, RIGHT]


def test_copies_without_metadata_are_told_apart_likewise(toy: MasterNotebook) -> None:
    nb = anonymous(answered())
    nb["cells"].insert(2, {"cell_type": "code", "source": STUB})
    rebuilt = rebuild(toy, nb)
    assert rebuilt.cells == rebuild(toy, answered()).cells
    assert any("the cell double was there twice" in repair for repair in rebuilt.repairs)


def test_the_marked_cell_wins_over_others_that_define_the_name(toy: MasterNotebook) -> None:
    nb = answered()
    other = "def double(number):\n    return number << 1"
    nb.cells.insert(3, new_code_cell(other))
    rebuilt = rebuild(toy, nb)
    assert [cell.source for cell in rebuilt.cells][1:3] == [RIGHT, other]
    assert rebuilt.repairs == ()


def test_an_answer_in_another_cell_is_taken_when_its_own_was_deleted(toy: MasterNotebook) -> None:
    nb = answered()
    nb.cells[2] = new_code_cell(RIGHT)
    rebuilt = rebuild(toy, nb)
    assert rebuilt.cells == rebuild(toy, answered()).cells
    assert len(rebuilt.repairs) == 1


def test_an_answer_turned_into_text_is_code_again(toy: MasterNotebook) -> None:
    nb = answered()
    nb.cells[2].cell_type = "markdown"
    rebuilt = rebuild(toy, nb)
    assert rebuilt.cells == rebuild(toy, answered()).cells
    assert len(rebuilt.repairs) == 1


def test_another_order_is_put_right_and_reported(toy: MasterNotebook) -> None:
    nb = answered()
    nb.cells.reverse()
    rebuilt = rebuild(toy, nb)
    assert rebuilt.cells == rebuild(toy, answered()).cells
    message = "the cells were in another order; the original order was taken"
    assert rebuilt.repairs == (message,)


def test_a_cell_that_the_master_no_longer_has_is_extra(toy: MasterNotebook) -> None:
    nb = answered()
    nb.cells.append(check_cell("old_one", "assert old_one() is None"))
    assert sources(rebuild(toy, nb), Role.EXTRA) == ["assert old_one() is None"]


def test_names_in_other_alphabets(tmp_path: Path) -> None:
    source = "def 二倍(数):\n    ### BEGIN SOLUTION\n    return 2 * 数\n    ### END SOLUTION"
    master = toy_notebook([answer_cell("task-1", source)])
    assignment = read_master(write_notebook(master, tmp_path / "a.ipynb"), None)
    nb = {"cells": [{"cell_type": "code", "source": ["def 二倍(x):\n", "    return x + x"]}]}
    assert by_name(rebuild(assignment, nb))["task-1"] == "def 二倍(x):\n    return x + x"


# --- hostile submissions ---


@pytest.mark.parametrize("nb", [None, [], "cells", {}, {"cells": None}, {"cells": {"a": 1}}])
def test_what_is_no_notebook_is_refused(toy: MasterNotebook, nb: Any) -> None:
    with pytest.raises(CourseError, match="save it again"):
        rebuild(toy, nb)


def test_too_many_cells_are_refused(toy: MasterNotebook) -> None:
    with pytest.raises(CourseError, match="delete those"):
        rebuild(toy, {"cells": [{}] * (MAX_CELLS + 1)})


def test_a_huge_cell_is_refused(toy: MasterNotebook) -> None:
    with pytest.raises(CourseError, match="shorten it"):
        rebuild(toy, {"cells": [{"source": ["x"] * (MAX_CHARACTERS + 1)}]})


def test_half_a_surrogate_pair_can_be_written(toy: MasterNotebook) -> None:
    nb = answered()
    nb.cells[2].source = "x = '\ud800'"
    assert by_name(rebuild(toy, nb))["double"].encode()


def test_reports_repeat_nothing_that_a_student_wrote(toy: MasterNotebook) -> None:
    nb = {"cells": [{"cell_type": "<b>", "id": "<b>", "source": "<b>", "metadata": {"id": "<b>"}}]}
    assert "<b>" not in "".join(rebuild(toy, nb).repairs)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
NAME = st.sampled_from(["double", "halve", "test_double", "imports", "think_even"]) | JSON
SOURCE = st.sampled_from([STUB, RIGHT, HALVE, IMPORTS, TRY, WRITTEN_STUB, ["a\n", 1], ""]) | JSON
HOSTILE_CELL = JSON | st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown"]) | JSON,
        "id": NAME,
        "source": SOURCE,
        "metadata": JSON
        | st.fixed_dictionaries(
            {}, optional={"id": NAME, "nbgrader": JSON | st.fixed_dictionaries({"grade_id": NAME})}
        ),
    },
)


@given(hostile=st.lists(HOSTILE_CELL, max_size=12))
def test_no_cells_break_it_or_the_tests(toy: MasterNotebook, hostile: list[Any]) -> None:
    rebuilt = rebuild(toy, {"cells": hostile})
    assert fixed_in(rebuilt) == fixed(toy)
    assert rebuilt == rebuild(toy, {"cells": hostile})


@given(places=st.lists(st.integers(0, 11), max_size=20), keep=st.booleans())
def test_cells_copied_moved_and_deleted(toy: MasterNotebook, places: list[int], keep: bool) -> None:
    nb = answered()
    nb.cells = [copy.deepcopy(nb.cells[place]) for place in places]
    rebuilt = rebuild(toy, nb if keep else anonymous(nb))
    assert fixed_in(rebuilt) == fixed(toy)
    assert ("double" not in rebuilt.unanswered) == (2 in places)


@given(places=st.sets(st.integers(0, 11)))
def test_metadata_are_not_needed(toy: MasterNotebook, places: set[int]) -> None:
    """As long as the cells that a written answer stands between are there."""
    nb = answered()
    nb.cells = [cell for place, cell in enumerate(nb.cells) if place not in places - {8, 9, 10, 11}]
    assert rebuild(toy, anonymous(nb)).cells == rebuild(toy, nb).cells


# --- the course's own lessons ---


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_student_version_needs_no_repair(lesson: str) -> None:
    assignment = lesson_assignment(lesson)
    rebuilt = rebuild(assignment, read(notebook(COURSE.release, lesson)))
    assert fixed_in(rebuilt) == fixed(assignment)
    assert not sources(rebuilt, Role.EXTRA)
    assert rebuilt.repairs == ()
    named = {cell.name: cell.source for cell in rebuilt.cells if cell.name in assignment.stubs}
    assert named == assignment.stubs
    assert list(rebuilt.unanswered) == list(assignment.stubs)


@pytest.mark.parametrize("strip", [as_in_colab, anonymous])
@pytest.mark.parametrize("kind", ["right", "wrong"])
@pytest.mark.parametrize("lesson", LESSONS)
def test_lessons_survive_the_loss_of_metadata(
    lesson: str, kind: Any, strip: Callable[[Any], Any]
) -> None:
    assignment, nb = lesson_assignment(lesson), submission(lesson, answers(lesson, kind))
    nb.cells.insert(7, new_code_cell("my_note = 'to be tried again'"))
    expected = rebuild(assignment, nb)
    assert expected.repairs == ()
    assert rebuild(assignment, strip(copy.deepcopy(nb))).cells == expected.cells


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize("seed", range(3))
def test_lessons_in_any_order(lesson: str, seed: int) -> None:
    nb = submission(lesson, answers(lesson, "right"))
    chance = random.Random(seed)
    nb.cells = chance.choices(nb.cells, k=len(nb.cells))
    assignment = lesson_assignment(lesson)
    whole, bare = rebuild(assignment, nb), rebuild(assignment, anonymous(nb))
    assert fixed_in(whole) == fixed_in(bare) == fixed(assignment)
    assert sources(whole, Role.ANSWER) == sources(bare, Role.ANSWER)


def test_every_answer_of_the_course_defines_its_name() -> None:
    for lesson in LESSONS:
        for cell in lesson_assignment(lesson).cells:
            assert cell.role is not Role.ANSWER or cell.name in cell.defines


def test_sample_has_written_and_coded_answers() -> None:
    """Guard the tests above against a course in which they would test nothing."""
    roles = {cell.role for lesson in LESSONS for cell in lesson_assignment(lesson).cells}
    assert roles == set(Role) - {Role.EXTRA}
