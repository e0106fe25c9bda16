"""What the trainer's commands print: sentences for people, or JSON lines for the app that started them."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from engine.progress import Progress
from trainer.records import Unusable

MAX_REASONS_SHOWN: Final = 8
MAX_ITEMS_SHOWN: Final = 3


class Output:
    """What a command prints: JSON lines on stdout with --json, else sentences; progress goes to stderr."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json
        self._last = ""
        self._unusable: list[Unusable] = []
        self.is_silent = False  # the others of several processes

    def line(self, kind: str, figures: Mapping[str, Any], *, sentence: str) -> None:
        """Print one result."""
        if self.is_silent:
            return
        print(json.dumps({"kind": kind, **figures}) if self._is_json else sentence, flush=True)

    def report(self, progress: Progress) -> None:
        """Show progress, a line whenever the whole percent changes."""
        percent = int(100 * progress.done / progress.total) if progress.total else 0
        text = f"{progress.stage} {percent} %"
        if text == self._last or self.is_silent:
            return
        self._last = text
        if self._is_json:
            print(json.dumps({"kind": "progress", **dataclasses.asdict(progress)}), flush=True)
        elif sys.stderr.isatty():
            print(f"\r{text}  ", end="", file=sys.stderr, flush=True)

    def unusable(self, unusable: Unusable) -> None:
        """Note one row or file that could not be used."""
        self._unusable.append(unusable)
        if self._is_json:
            self.line("unusable", dataclasses.asdict(unusable), sentence="")

    def unusable_summary(self) -> None:
        """Say how many rows and files noted so far could not be used: the commonest reasons, each with its first items.

        What is said once is not said again.
        """
        items: dict[str, list[str]] = {}
        for unusable in self._unusable:
            items.setdefault(unusable.reason, []).append(unusable.item)
        self._unusable.clear()
        if not items or self._is_json or self.is_silent:
            return
        print(f"{sum(map(len, items.values()))} rows or files could not be used:", file=sys.stderr)
        by_count = sorted(items.items(), key=lambda pair: -len(pair[1]))
        for reason, of_reason in by_count[:MAX_REASONS_SHOWN]:
            n_more = len(of_reason) - MAX_ITEMS_SHOWN
            names = ", ".join(of_reason[:MAX_ITEMS_SHOWN]) + (f" and {n_more} more" if n_more > 0 else "")
            print(f"  {names}: {reason}", file=sys.stderr)
        if len(by_count) > MAX_REASONS_SHOWN:
            print(f"  and more, for {len(by_count) - MAX_REASONS_SHOWN} other reasons", file=sys.stderr)
