r"""Labelled articles: the schema, its checks, and the two forms they are written in.

JSON Lines is the exchange form: one article a line, offsets in code points of ``text``. The inline form
is what people write, edit and diff::

    # id: az-014
    # genre: brief
    ¶ energy,transport	وبحث [وزير الطاقة](ROLE) [التونسي](NAT) مع نظيره الربط الكهربائي والنقل البحري.
    politics	وأكد الجانبان متانة العلاقات.

One sentence a line: its sectors (``-`` for none), a tab, the text with its spans marked. ``¶`` in front
starts a new line in the article, ``+`` glues the sentence to the one before it without a space, nothing
means one space. A literal square bracket is written ``\[`` or ``\]``, a backslash ``\\``. A blank line ends the article;
``# key: value`` lines before its first sentence are its metadata, of which ``id`` is required.

This module does not judge whether labels are right; `bilateral_nlp.consistency` looks for doubtful ones.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bilateral_nlp.taxonomy import Taxonomy, default_taxonomy

SPLITS = ("train", "validation", "test")
_JOINTS = {"¶": "\n", "+": "", "": " "}
_LINE = re.compile(r"(?P<joint>[¶+]?) ?(?P<sectors>-|[^\s,]+(?:,[^\s,]+)*)\t(?P<marked>.*)")
_META = re.compile(r"#\s*(?P<key>\w+):\s*(?P<value>.*)")
_MARK = re.compile(r"\\(?P<literal>[\[\]\\])|\[(?P<inner>(?:\\.|[^\[\]\\])*)\]\((?P<label>\w+)\)|(?P<stray>[\[\]])")


class CorpusError(ValueError):
    """One or more faults in a labelled file; each line of the message names file, line and fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class LabelledSpan:
    """An entity: code points ``[start, end)`` of the article's text."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class LabelledSentence:
    """A sentence: code points ``[start, end)`` of the article's text, and the sectors it speaks of."""

    start: int
    end: int
    sectors: tuple[str, ...]


@dataclass(frozen=True)
class LabelledArticle:
    """An article with its labels. ``meta`` holds what the file says of it (genre, style, dirt …)."""

    id: str
    text: str
    sentences: tuple[LabelledSentence, ...]
    entities: tuple[LabelledSpan, ...]
    meta: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def split(self) -> str:
        """``train``, ``validation`` or ``test``: what ``meta["split"]`` says, else 80 : 10 : 10 by the id, so that adding
        articles moves none."""
        if self.meta.get("split") in SPLITS:
            return self.meta["split"]
        return {0: "test", 1: "validation"}.get(self.bucket, "train")

    @property
    def bucket(self) -> int:
        """A number from 0 to 9, fixed by the id."""
        return int(hashlib.sha256(self.id.encode()).hexdigest()[:8], 16) % 10

    def to_dict(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "id": self.id,
            "text": self.text,
            "sentences": [{"start": s.start, "end": s.end, "sectors": list(s.sectors)} for s in self.sentences],
            "entities": [{"start": e.start, "end": e.end, "label": e.label} for e in self.entities],
        }
        if self.meta:
            row["meta"] = dict(self.meta)
        return row


def read(path: str | Path, taxonomy: Taxonomy | None = None) -> list[LabelledArticle]:
    """Read a ``.jsonl`` or inline (``.txt``) file, or every such file below a folder, in name order.

    Raises CorpusError with every fault found, each naming file and line; nothing faulty is skipped.
    """
    path = Path(path)
    taxonomy = taxonomy or default_taxonomy()
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.suffix in {".txt", ".jsonl"})
    elif path.exists():
        files = [path]
    else:
        raise FileNotFoundError(f"{path}: no such file or folder of labelled articles")
    articles: list[LabelledArticle] = []
    faults: list[str] = []
    seen: dict[str, str] = {}
    for file in files:
        try:
            parse = _parse_jsonl if file.suffix == ".jsonl" else _parse_inline
            for line, article in parse(file.read_text(encoding="utf-8"), str(file), taxonomy, faults):
                place = f"{file}:{line}"
                if article.id in seen:
                    faults.append(f"{place}: id {article.id!r} was already used at {seen[article.id]}")
                seen[article.id] = place
                articles.append(article)
        except UnicodeDecodeError as error:
            faults.append(f"{file}: not UTF-8: {error}")
    if faults:
        raise CorpusError(faults)
    return articles


def write_jsonl(articles: Iterable[LabelledArticle], path: str | Path) -> None:
    """Write the exchange form, one article a line."""
    with Path(path).open("w", encoding="utf-8") as out:
        for article in articles:
            out.write(json.dumps(article.to_dict(), ensure_ascii=False) + "\n")


def to_inline(article: LabelledArticle) -> str:
    """The article in the inline form, ending in a newline. `read` gives the same article back if its
    sentences are parted by one space, one line break or nothing; other gaps become the nearest of these."""
    lines = [f"# id: {article.id}", *(f"# {key}: {value}" for key, value in article.meta.items())]
    previous = 0
    for number, sentence in enumerate(article.sentences):
        gap = article.text[previous : sentence.start]
        joint = "¶ " if number == 0 or "\n" in gap else "" if gap else "+ "
        inside = [e for e in article.entities if sentence.start <= e.start < sentence.end]
        marked, position = "", sentence.start
        for entity in sorted(inside, key=lambda e: e.start):
            marked += _escape(article.text[position : entity.start])
            marked += f"[{_escape(article.text[entity.start : entity.end])}]({entity.label})"
            position = entity.end
        marked += _escape(article.text[position : sentence.end])
        lines.append(f"{joint}{','.join(sentence.sectors) or '-'}\t{marked}")
        previous = sentence.end
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("[", r"\[").replace("]", r"\]").replace("\n", " ")


def parse_inline(text: str, name: str = "<text>", taxonomy: Taxonomy | None = None) -> list[LabelledArticle]:
    """Parse the inline form from a string; CorpusError as for `read`."""
    faults: list[str] = []
    articles = [a for _, a in _parse_inline(text, name, taxonomy or default_taxonomy(), faults)]
    if faults:
        raise CorpusError(faults)
    return articles


def _parse_inline(
    content: str, name: str, taxonomy: Taxonomy, faults: list[str]
) -> Iterator[tuple[int, LabelledArticle]]:
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*content.splitlines(), ""], 1):
        if line.strip():
            block.append((number, line))
        elif block:
            article = _parse_block(block, name, taxonomy, faults)
            if article is not None:
                yield block[0][0], article
            block = []


def _parse_block(
    block: list[tuple[int, str]], name: str, taxonomy: Taxonomy, faults: list[str]
) -> LabelledArticle | None:
    meta: dict[str, str] = {}
    text = ""
    sentences: list[LabelledSentence] = []
    spans: list[LabelledSpan] = []
    for number, line in block:
        place = f"{name}:{number}"
        if line.startswith("#"):
            match = _META.fullmatch(line.strip())
            if match is None or sentences:
                faults.append(
                    f"{place}: expected '# key: value' before the article's first sentence, got {line[:60]!r}"
                )
            else:
                meta[match["key"]] = match["value"].strip()
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            faults.append(f"{place}: expected 'sectors<TAB>text', got {line[:60]!r}")
            continue
        sectors = () if match["sectors"] == "-" else tuple(match["sectors"].split(","))
        start = len(text) + (len(_JOINTS[match["joint"]]) if sentences else 0)
        plain, marked = _parse_marks(match["marked"], place, faults)
        text += (_JOINTS[match["joint"]] if sentences else "") + plain
        sentences.append(LabelledSentence(start, start + len(plain), sectors))
        spans += [LabelledSpan(start + s.start, start + s.end, s.label) for s in marked]
        faults += [f"{place}: {fault}" for fault in _sentence_faults(plain, sectors, marked, taxonomy)]
    id = meta.pop("id", "")
    if not id:
        faults.append(f"{name}:{block[0][0]}: the article has no id; write '# id: name' above its first sentence")
    if not sentences:
        faults.append(f"{name}:{block[0][0]}: the article {id!r} has no sentence")
    faults += [f"{name}:{block[0][0]}: {fault}" for fault in _split_faults(meta)]
    if not id or not sentences:
        return None
    return LabelledArticle(id, text, tuple(sentences), tuple(spans), meta)


def _parse_marks(marked: str, place: str, faults: list[str]) -> tuple[str, list[LabelledSpan]]:
    plain, position, spans = "", 0, []
    for match in _MARK.finditer(marked):
        plain += marked[position : match.start()]
        position = match.end()
        if match["literal"]:
            plain += match["literal"]
        elif match["stray"]:
            faults.append(
                f"{place}: a lone {match['stray']!r} near {marked[max(0, match.start() - 20) : position + 20]!r}; "
                r"mark spans as [text](LABEL), write literal brackets as \[ and \]"
            )
        else:
            inner = re.sub(r"\\([\[\]\\])", r"\1", match["inner"])
            spans.append(LabelledSpan(len(plain), len(plain) + len(inner), match["label"]))
            plain += inner
    return plain + marked[position:], spans


def _split_faults(meta: Mapping[str, str]) -> Iterator[str]:
    if "split" in meta and meta["split"] not in SPLITS:
        yield f"unknown split {meta['split']!r}; write one of {', '.join(SPLITS)}, or leave it out to go by the id"


def _sentence_faults(
    plain: str, sectors: tuple[str, ...], spans: list[LabelledSpan], taxonomy: Taxonomy
) -> Iterator[str]:
    if plain != plain.strip() or not plain:
        yield f"the sentence is empty or begins or ends with a space: {plain[:30]!r} … {plain[-15:]!r}"
    for sector in sectors:
        if sector not in taxonomy.sector_ids:
            yield f"unknown sector {sector!r}; known: {', '.join(taxonomy.sector_ids)}"
    if len(set(sectors)) != len(sectors):
        yield f"a sector is named twice: {','.join(sectors)}"
    for span in spans:
        if span.label not in taxonomy.entity_ids:
            yield f"unknown entity label {span.label!r}; known: {', '.join(taxonomy.entity_ids)}"
        surface = plain[span.start : span.end]
        if surface != surface.strip() or not surface:
            yield f"the span {surface!r} is empty or begins or ends with a space"


def _parse_jsonl(
    content: str, name: str, taxonomy: Taxonomy, faults: list[str]
) -> Iterator[tuple[int, LabelledArticle]]:
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        try:
            row = json.loads(line)
            article = LabelledArticle(
                str(row["id"]),
                row["text"],
                tuple(LabelledSentence(s["start"], s["end"], tuple(s["sectors"])) for s in row["sentences"]),
                tuple(
                    sorted(
                        (LabelledSpan(e["start"], e["end"], e["label"]) for e in row["entities"]), key=lambda e: e.start
                    )
                ),
                row.get("meta", {}),
            )
            found = list(_article_faults(article, taxonomy))
        except json.JSONDecodeError as error:
            faults.append(f"{place}: not JSON: {error}")
        except (KeyError, TypeError, AttributeError) as error:
            faults.append(
                f"{place}: expected id, text, sentences [{{start, end, sectors}}], "
                f"entities [{{start, end, label}}]; fault at {error}"
            )
        else:
            faults += [f"{place}: {fault}" for fault in found]
            yield number, article


def _article_faults(article: LabelledArticle, taxonomy: Taxonomy) -> Iterator[str]:
    yield from _split_faults(article.meta)
    end = 0
    for sentence in article.sentences:
        if not end <= sentence.start < sentence.end <= len(article.text):
            yield f"the sentence [{sentence.start}, {sentence.end}) overlaps the one before it or leaves the text"
            return
        if article.text[end : sentence.start].strip():
            yield f"the text [{end}, {sentence.start}) is in no sentence: {article.text[end : sentence.start].strip()[:40]!r}"
        inside = [
            LabelledSpan(e.start - sentence.start, e.end - sentence.start, e.label)
            for e in article.entities
            if sentence.start <= e.start < sentence.end
        ]
        yield from _sentence_faults(article.text[sentence.start : sentence.end], sentence.sectors, inside, taxonomy)
        end = sentence.end
    if article.text[end:].strip():
        yield f"the text from {end} is in no sentence: {article.text[end:].strip()[:40]!r}"
    end = 0
    for span in article.entities:
        if not end <= span.start < span.end <= len(article.text):
            yield f"the span [{span.start}, {span.end}) overlaps the one before it or leaves the text"
        end = span.end
        if not any(s.start <= span.start and span.end <= s.end for s in article.sentences):
            yield f"the span {article.text[span.start : span.end]!r} at {span.start} crosses a sentence's end"
