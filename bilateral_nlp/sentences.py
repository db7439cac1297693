"""Sentence splitting for Arabic news copy, clean and dirty, with exact offsets.

A sentence ends at ``. ؟ ? ! …`` or at a line break (annotation guidelines §1). Stops inside numbers,
abbreviations («د.», «أ.د.», «يو.بي.آي»), addresses, and short brackets or quoted titles do not count; closing
quotes and brackets stay with the sentence they close; inline datelines («دبي: «الخليج»») and agency signatures
(«(وكالات)») are sentences of their own. ``؛`` and ``،`` never end one. The text itself is never changed: the spans
partition every non-space character.

    >>> text = "وقع الجانبان الاتفاق.وأكد د. سالم أن التبادل بلغ 3.7 مليار دولار."
    >>> [text[start:end] for start, end in split_sentences(text)]
    ['وقع الجانبان الاتفاق.', 'وأكد د. سالم أن التبادل بلغ 3.7 مليار دولار.']
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from bilateral_nlp.datelines import dateline_end, signature_end

Span = tuple[int, int]

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
#: A run of terminators; a stop set off by one space from another («؟ .», «. .») is part of the run.
_STOP = re.compile(r"[.؟?!…]+(?:\s?[.؟?!…]+)*")
_CLOSERS = "»”’)]}›"
_QUOTES = "\"'″`"
_AFTER_STOP = re.compile(r"[،,؛;]+")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s«»()،؛]+|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/\S*)?"
)
#: «يو.بي.آي», «أ . ف . ب», «ق.ن.ا.»: two or more short parts joined by stops.
_ACRONYM = re.compile(r"(?<!\w)[ء-ي]{1,3}\s?(?:\.\s?[ء-ي]{1,3}(?!\w)){1,5}")
_ACRONYM_PARTS = re.compile(r"[ء-ي]+")
_BRACKETED = re.compile(r"\([^()\n]{1,60}\)|\[[^\[\]\n]{1,60}\]")
_TITLED = re.compile(r"«[^«»\n]{1,80}»|“[^“”\n]{1,80}”|(?<![\w.؟!])\"(?=\w)[^\"\n]{1,80}\"")
#: Titles that abbreviate to a letter or two; a conjunction or preposition may be joined in front.
_TITLE = re.compile(r"(?:^|[^\w.])[وفبلك]?(?:أ\.\s?د|ا\.\s?د|د|م|أ|ا|ق|ش|ص|ج|ع|ت|ح|أ\.\s?م|[A-Z])\s?$")
_YEAR_MARK = re.compile(r"[0-9٠-٩]\s?(?:م|ه|هـ|ق|ت|ج)\s?$")
_NUMBERING = re.compile(r"\s*[\W_]*[0-9٠-٩]{1,3}\s*$")
_DIGIT_OR_LATIN = re.compile(r"[0-9٠-٩A-Za-z]")
_WORD = re.compile(r"\w")


def split_sentences(text: str) -> list[Span]:
    """Code-point spans ``[start, end)`` of the sentences, in order, without surrounding white space.

    Every non-space character of ``text`` lies in exactly one span; an empty or blank text gives ``[]``.
    """
    spans: list[Span] = []
    for line in _LINE.finditer(text):
        first = len(spans)
        for span in _split_line(text, line.start(), line.end()):
            # What holds no letter or digit is no sentence: it stays with its neighbour on the line.
            if len(spans) > first and not _WORD.search(text, *span):
                spans[-1] = (spans[-1][0], span[1])
            else:
                spans.append(span)
    return spans


def _split_line(text: str, start: int, end: int) -> Iterator[Span]:
    marks = _LineMarks(text, start, end)
    position = start
    opening = True
    while position < end:
        position = _skip_space(text, position, end)
        if position == end:
            return
        cut = dateline_end(text, position, end) if opening else signature_end(text, position, end)
        if cut is None:
            cut = _next_stop(text, position, end, marks)
            opening = False
        else:
            opening = not opening
        yield position, _trim(text, position, cut)
        position = cut


def _next_stop(text: str, start: int, end: int, marks: _LineMarks) -> int:
    """Where the sentence that begins at ``start`` ends: behind its stop and what closes with it."""
    for match in _STOP.finditer(text, start, end):
        if (
            match.start() == start
            and _skip_space(text, match.end(), end) < end
            and not _WORD.search(text, start, match.start())
        ):
            continue
        if _is_boundary(text, start, end, match, marks):
            return _absorb_closers(text, match.end(), end, marks)
    return end


def _is_boundary(text: str, start: int, end: int, match: re.Match[str], marks: _LineMarks) -> bool:
    at, after = match.start(), match.end()
    if marks.covers(at, after):
        return False
    if match.group() != ".":
        return True
    before, behind = text[at - 1] if at > start else " ", text[after] if after < end else " "
    if _DIGIT_OR_LATIN.match(before) and _DIGIT_OR_LATIN.match(behind):
        return False
    head = text[max(start, at - 12) : at]
    if _TITLE.search(head) and not _YEAR_MARK.search(head):
        return _skip_space(text, after, end) == end
    return not _NUMBERING.fullmatch(text, start, at)


def _absorb_closers(text: str, position: int, end: int, marks: _LineMarks) -> int:
    """Take closing quotes and brackets, further stops and stray commas into the sentence."""
    while position < end:
        char = text[position]
        closes = marks.is_open(char, position) if char in _QUOTES else char in _CLOSERS
        stray = _AFTER_STOP.match(text, position, end) or _STOP.match(text, position, end)
        if closes:
            position += 1
        elif stray:
            position = stray.end()
        else:
            break
    return position


class _LineMarks:
    """What stands where on a line: straight quotes, and stretches whose stops end nothing (addresses, acronyms, short
    brackets, quoted titles)."""

    def __init__(self, text: str, start: int, end: int) -> None:
        spans: list[Span] = []
        for pattern in (_ADDRESS, _BRACKETED, _ACRONYM):
            spans += (m.span() for m in pattern.finditer(text, start, end) if pattern is not _ACRONYM or _is_acronym(m))
        # A stop right before the closing quote ends the sentence that the quote closes; inner ones do not.
        spans += ((m.start(), _last_stop(text, m.start(), m.end())) for m in _TITLED.finditer(text, start, end))
        merged: list[list[int]] = []
        for a, b in sorted(spans):
            if merged and a <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], b)
            else:
                merged.append([a, b])
        self._starts = [a for a, _ in merged]
        self._ends = [b for _, b in merged]
        self._quotes = {quote: [m.start() for m in re.finditer(quote, text[start:end])] for quote in _QUOTES}
        self._start = start

    def is_open(self, quote: str, position: int) -> bool:
        """Whether an odd number of these quotes stands on the line before ``position``."""
        return bisect_left(self._quotes[quote], position - self._start) % 2 == 1

    def covers(self, start: int, end: int) -> bool:
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and end <= self._ends[index]


def _is_acronym(match: re.Match[str]) -> bool:
    """Two one- to three-letter parts may be the end of one sentence and a short word; three are an acronym."""
    parts = _ACRONYM_PARTS.findall(match.group())
    return len(parts) > 2 or all(len(part) == 1 for part in parts)


def _last_stop(text: str, start: int, end: int) -> int:
    stops = list(_STOP.finditer(text, start, end - 1))
    return stops[-1].start() if stops and stops[-1].end() == end - 1 else end


def _skip_space(text: str, position: int, end: int) -> int:
    while position < end and text[position].isspace():
        position += 1
    return position


def _trim(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end
