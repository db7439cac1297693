"""Entity errors by kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bilateral_nlp.evaluation.judging import Judged, Mark

Kind = Literal["boundary", "clitic", "type", "missed", "spurious"]
KINDS: tuple[Kind, ...] = ("boundary", "clitic", "type", "missed", "spurious")
_PROCLITICS = frozenset("وفبلك")


@dataclass(frozen=True)
class SpanError:
    """``clitic``: right but for letters joined in front; ``boundary``: the right label on an overlapping span; ``type``:
    another label on an overlapping span; ``missed`` and ``spurious``: nothing there in the other reading."""

    kind: Kind
    want: Mark | None
    got: Mark | None


def span_errors(judged: Judged) -> Iterator[SpanError]:
    """Every labelled entity that was not found exactly, and every predicted one that nothing stands for, in text order."""
    text = judged.article.text
    open_want, open_got = sorted(judged.want - judged.got), sorted(judged.got - judged.want)
    used: set[Mark] = set()
    errors = []
    for want in open_want:
        near = [g for g in open_got if g not in used and g[0] < want[1] and want[0] < g[1]]
        if not near:
            errors.append(SpanError("missed", want, None))
            continue
        got = max(near, key=lambda g: (g[2] == want[2], min(g[1], want[1]) - max(g[0], want[0])))
        used.add(got)
        errors.append(SpanError(_kind(text, want, got), want, got))
    errors += [SpanError("spurious", None, got) for got in open_got if got not in used]
    yield from sorted(errors, key=lambda e: e.want or e.got or (0, 0, ""))


def count_kinds(judged: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """Errors per kind and label: of the labelled entity, or of the spurious one."""
    table: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    for item in judged:
        for error in span_errors(item):
            mark = error.want or error.got
            assert mark is not None
            table[error.kind][mark[2]] = table[error.kind].get(mark[2], 0) + 1
    return table


def _kind(text: str, want: Mark, got: Mark) -> Kind:
    if want[2] != got[2]:
        return "type"
    between = text[min(want[0], got[0]) : max(want[0], got[0])]
    return "clitic" if want[1] == got[1] and len(between) <= 2 and set(between) <= _PROCLITICS else "boundary"
