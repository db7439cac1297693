"""What `classify` answers with: frozen articles, sentences, sectors and entities.

All offsets are code points of the untouched text: ``article.text[e.start:e.end] == e.text`` always.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import pandas


class Span(NamedTuple):
    """Code points ``[start, end)`` of the article's text."""

    start: int
    end: int


@dataclass(frozen=True)
class Sector:
    """A sector that a sentence speaks of: calibrated probability, and the words that carry its weight."""

    label: str
    score: float
    evidence: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Sentence:
    """A sentence and its sectors, the most probable first. ``scores`` holds every sector's probability if asked for."""

    start: int
    end: int
    text: str
    sectors: tuple[Sector, ...]
    scores: Mapping[str, float] | None = field(default=None, hash=False)


@dataclass(frozen=True)
class Entity:
    """An entity span; ``score`` is the mean probability of its words' tags."""

    start: int
    end: int
    text: str
    label: str
    score: float


@dataclass(frozen=True)
class Article:
    """A text as it was given, its sentences and entities in text order."""

    text: str
    sentences: tuple[Sentence, ...]
    entities: tuple[Entity, ...]

    @property
    def coverage(self) -> float:
        """Share of the non-space characters that lie in a sentence that was read; 1.0 for an empty text."""
        visible = sum(not c.isspace() for c in self.text)
        read = sum(not c.isspace() for s in self.sentences for c in s.text)
        return read / visible if visible else 1.0

    def to_dict(self, text: bool = True) -> dict[str, Any]:
        """Plain data for JSON; without ``text`` only offsets, labels and scores."""
        sentences: list[dict[str, Any]] = []
        for s in self.sentences:
            row: dict[str, Any] = {"start": s.start, "end": s.end}
            if text:
                row["text"] = s.text
            row["sectors"] = [
                {"label": x.label, "score": round(x.score, 4), "evidence": [list(span) for span in x.evidence]}
                for x in s.sectors
            ]
            if s.scores is not None:
                row["scores"] = {label: round(score, 4) for label, score in s.scores.items()}
            sentences.append(row)
        entities = [
            {
                "start": e.start,
                "end": e.end,
                **({"text": e.text} if text else {}),
                "label": e.label,
                "score": round(e.score, 4),
            }
            for e in self.entities
        ]
        return {**({"text": self.text} if text else {}), "sentences": sentences, "entities": entities}

    def to_labelled(self, id: str) -> dict[str, Any]:
        """The prediction in the labelled-data format: ids of sectors instead of scores, ready to be corrected or scored."""
        return {
            "id": id,
            "text": self.text,
            "sentences": [
                {"start": s.start, "end": s.end, "sectors": [x.label for x in s.sectors]} for s in self.sentences
            ],
            "entities": [{"start": e.start, "end": e.end, "label": e.label} for e in self.entities],
        }

    def to_frame(self, kind: Literal["sentences", "entities"] = "sentences") -> pandas.DataFrame:
        """One row per sentence (a column per sector where all scores were asked for) or per entity, with pandas."""
        try:
            import pandas
        except ImportError:
            raise ImportError("to_frame() needs pandas: pip install pandas") from None
        if kind == "entities":
            return pandas.DataFrame(
                [(e.start, e.end, e.text, e.label, e.score) for e in self.entities],
                columns=["start", "end", "text", "label", "score"],
            )
        if kind != "sentences":
            raise ValueError(f"to_frame() got {kind!r}; expected to_frame('sentences') or to_frame('entities')")
        rows = [
            {
                "sentence": i,
                "start": s.start,
                "end": s.end,
                "text": s.text,
                "sectors": [x.label for x in s.sectors],
                **(s.scores or {}),
            }
            for i, s in enumerate(self.sentences)
        ]
        return pandas.DataFrame(rows, columns=None if rows else ["sentence", "start", "end", "text", "sectors"])
