"""What a trial of one notebook finds: judgements, and how long each stage of it took."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from course.grading.model.cell_output import CellOutput
from course.grading.model.cells import Cell, MasterNotebook
from course.grading.model.judgement import Judgement
from course.grading.model.rebuilt import Rebuilt


class Stage(StrEnum):
    """Name what takes time: to rebuild the notebook, to start processes, to run cells and tests."""

    REBUILD = "rebuild"
    FORK = "fork"
    RUN = "run"
    JUDGE = "judge"


@dataclass(frozen=True)
class Findings:
    """Hold the judgements on all questions and the seconds of each stage.

    `faults` says of given cells how they fail, and `outputs` in order what stands below cells that
    a person marks.
    """

    judgements: tuple[Judgement, ...]
    seconds: Mapping[Stage, float]
    faults: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[tuple[Cell, CellOutput], ...] = ()


@dataclass(frozen=True)
class GradedNotebook:
    """Hold what was run of one notebook of a submission, and what was found in it."""

    master: MasterNotebook
    rebuilt: Rebuilt
    findings: Findings
