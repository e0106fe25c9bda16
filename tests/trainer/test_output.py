"""What the trainer's commands print of what could not be used: reasons by how common they are, each said once."""

from __future__ import annotations

import pytest

from trainer.output import MAX_REASONS_SHOWN, Output
from trainer.records import Unusable


def test_reasons_are_grouped_so_that_a_rare_one_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(is_json=False)
    for i in range(1000):
        output.unusable(Unusable(f"{i}.jpg", "no image"))
    output.unusable(Unusable("Dog 1", "valence is missing"))
    output.unusable_summary()
    assert capsys.readouterr().err.splitlines() == [
        "1001 rows or files could not be used:",
        "  0.jpg, 1.jpg, 2.jpg and 997 more: no image",
        "  Dog 1: valence is missing",
    ]
    output.unusable_summary()
    assert capsys.readouterr().err == ""


def test_many_reasons_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(is_json=False)
    for i in range(MAX_REASONS_SHOWN + 2):
        output.unusable(Unusable(f"{i}", f"reason {i}"))
    output.unusable_summary()
    assert capsys.readouterr().err.splitlines()[-1] == "  and more, for 2 other reasons"
