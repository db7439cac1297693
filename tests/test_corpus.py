from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilateral_nlp import consistency, corpus
from bilateral_nlp.corpus import CorpusError, LabelledArticle, LabelledSentence, LabelledSpan
from bilateral_nlp.taxonomy import default_taxonomy

_TAXONOMY = default_taxonomy()
_WORD = st.text(alphabet="ابتوزير[]\\()#،.-¶+A1", min_size=1, max_size=6)


@st.composite
def _articles(draw: st.DrawFn) -> LabelledArticle:
    text, sentences, spans = "", [], []
    for number in range(draw(st.integers(1, 4))):
        if number:
            text += draw(st.sampled_from(["\n", " ", ""]))
        start = len(text)
        for index, word in enumerate(draw(st.lists(_WORD, min_size=1, max_size=5))):
            if index:
                text += " "
            if draw(st.booleans()):
                spans.append(
                    LabelledSpan(len(text), len(text) + len(word), draw(st.sampled_from(_TAXONOMY.entity_ids)))
                )
            text += word
        sectors = draw(st.lists(st.sampled_from(_TAXONOMY.sector_ids), unique=True, max_size=3))
        sentences.append(LabelledSentence(start, len(text), tuple(sectors)))
    return LabelledArticle("x-1", text, tuple(sentences), tuple(spans), {"genre": "brief"})


@given(_articles())
def test_inline_form_gives_the_article_back(article: LabelledArticle) -> None:
    assert corpus.parse_inline(corpus.to_inline(article)) == [article]


def test_jsonl_gives_the_articles_back(articles: list[LabelledArticle], tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    corpus.write_jsonl(articles, path)
    assert corpus.read(path) == articles


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("# id: a\nenergy بلا جدولة", r"f\.txt:2: expected 'sectors<TAB>text'"),
        ("# id: a\nfishing\tنص.", r"f\.txt:2: unknown sector 'fishing'"),
        ("# id: a\n-\t[نص](SHIP).", r"f\.txt:2: unknown entity label 'SHIP'"),
        ("# id: a\n-\tنص [مفتوح.", r"f\.txt:2: a lone '\['"),
        ("# id: a\n-\t[ نص](PER).", "begins or ends with a space"),
        ("# id: a\n-\tنص ", "begins or ends with a space"),
        ("# id: a\nenergy,energy\tنص.", "named twice"),
        ("# id: a\n# split: dev\n-\tنص.", r"f\.txt:1: unknown split 'dev'"),
        ("-\tنص.", "has no id"),
        ("# id: a\n", "has no sentence"),
        ("# id: a\n-\tنص.\n\n# id: a\n-\tنص.", r"f\.txt:4: id 'a' was already used at .*f\.txt:1"),
        ("# id: a\n-\tنص.\n# genre: brief", "before the article's first sentence"),
    ],
)
def test_every_fault_names_file_line_and_fault(tmp_path: Path, lines: str, fault: str) -> None:
    path = tmp_path / "f.txt"
    path.write_text(lines, encoding="utf-8")
    with pytest.raises(CorpusError, match=fault):
        corpus.read(path)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("{", "not JSON"),
        ('{"id": "a"}', "expected id, text, sentences"),
        (
            '{"id": "a", "text": "نص نص", "sentences": [{"start": 0, "end": 2, "sectors": []}], "entities": []}',
            "in no sentence",
        ),
        (
            '{"id": "a", "text": "نص", "sentences": [{"start": 0, "end": 9, "sectors": []}], "entities": []}',
            "leaves the text",
        ),
        (
            '{"id": "a", "text": "نص", "sentences": [{"start": 0, "end": 2, "sectors": []}], "entities": '
            '[{"start": 0, "end": 2, "label": "PER"}, {"start": 1, "end": 2, "label": "PER"}]}',
            "overlaps",
        ),
        (
            '{"id": "a", "text": "ن ص", "sentences": [{"start": 0, "end": 1, "sectors": []}, {"start": 2, "end": 3, "sectors": []}], '
            '"entities": [{"start": 0, "end": 3, "label": "PER"}]}',
            "crosses",
        ),
    ],
)
def test_faults_of_jsonl(tmp_path: Path, row: str, fault: str) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text('{"id": "ok", "text": "", "sentences": [], "entities": []}\n' + row, encoding="utf-8")
    with pytest.raises(CorpusError, match=fault) as error:
        corpus.read(path)
    assert all(f"{path}:2" in line for line in error.value.faults)


def test_a_split_that_an_article_names_wins_over_its_id() -> None:
    parts = {name: corpus.parse_inline(f"# id: a\n# split: {name}\n-\tنص.\n")[0].split for name in corpus.SPLITS}
    assert all(name == part for name, part in parts.items())


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    path.write_text("# id: a\nfishing\t[نص](SHIP).\n-\tنص[.\n", encoding="utf-8")
    with pytest.raises(CorpusError) as error:
        corpus.read(path)
    assert len(error.value.faults) == 3


def test_the_authored_corpus_is_broad(articles: list[LabelledArticle]) -> None:
    sentences = [s for a in articles for s in a.sentences]
    sectors = Counter(x for s in sentences for x in s.sectors)
    labels = Counter(e.label for a in articles for e in a.entities)
    countries = {a.text[e.start : e.end] for a in articles for e in a.entities if e.label == "COUNTRY"}
    assert len(articles) >= 250
    assert len(sentences) >= 2500
    assert len(countries) >= 60
    assert set(sectors) == set(_TAXONOMY.sector_ids)
    assert min(sectors.values()) >= 50
    assert set(labels) == set(_TAXONOMY.entity_ids)
    assert {a.split for a in articles} == set(corpus.SPLITS)


def test_doubts_are_found() -> None:
    text = "# id: a\n-\tوصل [الوزير](ROLE) إلى [تونس](COUNTRY) ثم عاد وتونس تنتظر [وتونس](LOC) و[«روما»](LOC) يوم [في 3 مارس](DATE).\n"
    (article,) = corpus.parse_inline(text)
    found = " ".join(message for _, message in consistency.doubts(article, {"تونس": "COUNTRY"}))
    for expected in ("has no label here", "does the proclitic", "quotes or brackets inside", "stay outside a date"):
        assert expected in found


def test_check_counts_and_names_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("# id: a\nenergy\tزار [تونس](COUNTRY).\n", encoding="utf-8")
    bad.write_text("# id: b\nfishing\tنص.\n", encoding="utf-8")
    assert consistency.main([str(good)]) == 0
    assert "1 articles, 1 sentences, 0 with no sector, 1 entities" in capsys.readouterr().out
    assert consistency.main([str(bad)]) == 1
    assert "bad.txt:2" in capsys.readouterr().out
