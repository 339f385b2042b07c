"""The digest of a real claim changes with what its evidence rests on in the lesson."""

import copy

import pytest

from claims.claim import Claim, Lesson, read_lesson


def l1_gain(lesson: Lesson) -> Claim:
    [claim] = [each for each in lesson.claims if each.statement.startswith("L1 gains")]
    return claim


def digest_after(cell_id: str, old: str, new: str) -> tuple[str, str]:
    """Return the digest of a claim before and after a change of a cell of its lesson."""
    before, after = read_lesson("norm_penalties"), read_lesson("norm_penalties")
    cells = copy.deepcopy(before.method.cells)
    [cell] = [cell for cell in cells if cell.id == cell_id]
    assert old in cell.source
    cell.source = cell.source.replace(old, new)
    vars(after.method)["cells"] = cells
    return before.digest(l1_gain(before)), after.digest(l1_gain(after))


@pytest.mark.parametrize(
    ("cell_id", "old", "new"),
    [
        ("l1-reg", "weights.abs()", "2 * weights.abs()"),
        ("best-lambda", "3e-3", "4e-3"),
        ("baseline", "momentum=0.99", "momentum=0.9"),
        ("parameters", "epochs = 150", "epochs = 151"),
    ],
)
def test_change_of_method_or_parameters_changes_the_digest(
    cell_id: str, old: str, new: str
) -> None:
    before, after = digest_after(cell_id, old, new)
    assert before != after


@pytest.mark.parametrize(
    ("cell_id", "old", "new"),
    [
        ("l1-reg", "Return the L1 penalty", "Compute the L1 penalty"),
        ("parameters", "# how many times each", "# how often each"),
        ("l1-update", "lam * torch.sign(w)", "lam * w.sign()"),
        ("digits-reading", "Here no strength", "No strength"),
        ("comparison", "figsize=(13, 4.5)", "figsize=(12, 4)"),
    ],
)
def test_change_of_words_figures_or_other_answers_does_not(
    cell_id: str, old: str, new: str
) -> None:
    before, after = digest_after(cell_id, old, new)
    assert before == after
