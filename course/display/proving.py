"""How the answers of `course prove` fared."""

import json
import sys
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from course.display.console import console, say

if TYPE_CHECKING:  # slow to import, and the command line wants to be quick
    from course.proof.proofs import Proof


def proven(proofs: "list[Proof]") -> None:
    """Show how every exercise's answers fared, then what is wrong, a line each."""
    headings = ("right accepted", "wrong rejected", "only hidden tests catch")
    table = Table("lesson", "exercise", *headings)
    for proof in proofs:
        accepted = f"{proof.right_accepted} of {len(proof.right)}"
        rejected = f"{proof.wrong_rejected} of {len(proof.wrong)}"
        hidden = ", ".join(proof.only_hidden)
        table.add_row(*map(escape, (proof.lesson, proof.exercise, accepted, rejected, hidden)))
    console().print(table)
    for proof in proofs:
        for fault in proof.faults:
            say(f"[red]✘[/] {escape(fault)}")
    unproven = sum(bool(proof.faults) for proof in proofs)
    verdict = f"[red]{unproven} not proven[/]" if unproven else "[green]✔[/] all proven"
    say(f"{verdict}: {len(proofs)} exercise(s)")


def proven_as_json(proofs: "list[Proof]") -> None:
    """Print the same for programs; what is wrong goes to stderr."""
    rows = [
        {
            "exercise": proof.exercise,
            "right": len(proof.right),
            "right_accepted": proof.right_accepted,
            "wrong": len(proof.wrong),
            "wrong_rejected": proof.wrong_rejected,
            "only_hidden": proof.only_hidden,
        }
        for proof in proofs
    ]
    print(json.dumps(rows, indent=1))
    for proof in proofs:
        for fault in proof.faults:
            print(fault, file=sys.stderr)
