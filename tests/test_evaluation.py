"""The evaluation's figures, intervals, error kinds, pages and metric wrappers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from bilateral_nlp import Classifier, corpus
from bilateral_nlp.cli import main
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.evaluation import Judged, Report, compare, evaluate, judge, pages
from bilateral_nlp.evaluation.headline import counts, headline
from bilateral_nlp.evaluation.report import report_on
from bilateral_nlp.evaluation.resampling import intervals
from bilateral_nlp.evaluation.slices import country_names, slices
from bilateral_nlp.evaluation.spans import span_errors


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.from_pretrained()


@pytest.fixture(scope="module")
def judged(classifier: Classifier, articles: list[LabelledArticle]) -> list[Judged]:
    return judge(classifier, sorted((a for a in articles if a.split == "test"), key=lambda a: len(a.text))[:24])


@pytest.fixture(scope="module")
def report(classifier: Classifier, judged: list[Judged]) -> Report:
    return report_on(judged, classifier, seen={"تونس"})


def perfect(item: Judged) -> Judged:
    """The same article read without a fault."""
    sentences = tuple(
        replace(item.predicted.sentences[0], start=s.start, end=s.end, text=item.article.text[s.start : s.end])
        for s in item.article.sentences
    )
    predicted = replace(item.predicted, sentences=sentences)
    return replace(item, predicted=predicted, chosen=item.gold, got=item.want)


def test_headline_figures_are_those_of_the_report(judged: list[Judged], report: Report) -> None:
    figures = headline(counts(judged).sum(0))
    assert figures["sectors_f1"] == pytest.approx(report.sectors.f1)
    assert figures["sectors_macro_f1"] == pytest.approx(report.sectors_macro)
    assert figures["sentences_right"] == pytest.approx(report.sentences_right)
    assert figures["entities_f1"] == pytest.approx(report.entities.f1)
    assert figures["sentences_f1"] == pytest.approx(report.sentences.f1)
    assert figures["no_sector_f1"] == pytest.approx(report.no_sector.f1)
    assert figures["entities_relaxed_f1"] >= figures["entities_f1"]


def test_a_faultless_reading_scores_one_and_has_no_errors(judged: list[Judged]) -> None:
    best = [perfect(item) for item in judged]
    assert all(value == pytest.approx(1.0) for value in headline(counts(best).sum(0)).values())
    assert not [error for item in best for error in span_errors(item)]
    assert all(low == high == pytest.approx(1.0) for low, high in intervals(best).values())


def test_intervals_hold_the_figure_and_shrink_with_more_articles(judged: list[Judged]) -> None:
    figures, few, many = headline(counts(judged).sum(0)), intervals(judged), intervals(judged * 8)
    for name in ("sectors_f1", "entities_f1", "sentences_right"):
        low, high = few[name]
        assert low <= figures[name] <= high
        assert many[name][1] - many[name][0] < high - low
    assert intervals(judged) == few


def test_comparison_sees_a_difference_and_no_difference(judged: list[Judged]) -> None:
    better = compare(judged, [perfect(item) for item in judged])["sectors_f1"]
    assert better.difference > 0 and better.low > 0 and better.p < 0.01
    same = compare(judged, judged)["sectors_f1"]
    assert same.difference == 0 and same.p == pytest.approx(1.0)
    with pytest.raises(ValueError, match="different articles"):
        compare(judged, judged[1:])


def test_every_kind_of_entity_error_is_told_apart(judged: list[Judged]) -> None:
    text = "زار وفد وتونس الخضراء وزارة الصحة في الرياض"
    at = text.index

    def mark(part: str, label: str) -> tuple[int, int, str]:
        return at(part), at(part) + len(part), label

    item = replace(
        judged[0],
        article=LabelledArticle("x", text, (), ()),
        want=frozenset(
            {mark("تونس", "COUNTRY"), mark("وزارة الصحة", "ORG"), mark("الرياض", "LOC"), mark("وفد", "ROLE")}
        ),
        got=frozenset({mark("وتونس", "COUNTRY"), mark("الصحة", "ORG"), mark("الرياض", "COUNTRY"), mark("زار", "PER")}),
    )
    kinds = {error.kind: error for error in span_errors(item)}
    assert set(kinds) == {"clitic", "boundary", "type", "missed", "spurious"}
    assert kinds["clitic"].want == mark("تونس", "COUNTRY")
    assert kinds["type"].got == mark("الرياض", "COUNTRY")


def test_slices_part_the_sentences(judged: list[Judged]) -> None:
    rows = slices(judged, country_names([item.article for item in judged]))
    total = sum(len(item.article.sentences) for item in judged)
    for by in ("genre", "dirt", "words in the sentence", "sectors of the sentence"):
        assert sum(row.sentences for row in rows if row.by == by) == total
    assert {row.part for row in rows if row.by == "countries of the article"} == {"all seen in training"}


def test_curves_agree_with_the_figures(report: Report) -> None:
    by_label = {row.sector: row for row in report.thresholds}
    assert set(by_label) <= set(report.by_sector)
    assert all(row.best_f1 >= row.f1 - 0.02 for row in report.thresholds)
    assert all(bin.low <= bin.predicted <= bin.high for bin in report.reliability)
    recall = [point[0] for point in report.precision_recall]
    assert recall == sorted(recall, reverse=True) and recall[0] == 1.0


def test_the_worst_come_first(report: Report) -> None:
    costs = [row.cost for row in report.worst]
    assert costs == sorted(costs, reverse=True) and len(costs) <= 50
    assert all(set(row.want) != set(row.got) or row.spans for row in report.worst)


class Balanced(HTMLParser):
    """Fails on tags that close what was not open, and collects addresses."""

    VOID = frozenset({"meta", "br", "hr", "img", "link", "input", "path", "use", "circle", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.addresses += [v or "" for k, v in attributes if k in {"src", "href", "xlink:href"}]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.addresses += [v or "" for k, v in attributes if k in {"src", "href", "xlink:href"}]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_pages_are_escaped_balanced_and_need_no_network(report: Report, judged: list[Judged], tmp_path: Path) -> None:
    hostile = '<script>alert("x")</script> | ' + report.worst[0].text
    worst = (replace(report.worst[0], text=hostile), *report.worst[1:])
    comparison = pages.Comparison("other <b>", compare(judged, judged))
    pages.write(replace(report, worst=worst), tmp_path, "model", "data", comparison)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    parser = Balanced()
    parser.feed(html)
    assert not parser.open
    assert all(address.startswith("#") for address in parser.addresses)
    assert "<script" not in html and "<b>" not in html and "url(http" not in html
    assert 'lang="ar"' in html and "direction: rtl" in html
    values = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert values["sectors"]["f1"] == pytest.approx(report.sectors.f1, abs=1e-4)
    assert values["comparison"]["differences"]["sectors_f1"]["difference"] == 0
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    tables = re.findall(r"(?:^\|.*\n)+", markdown, flags=re.M)
    for block in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block[:200]


def test_the_command_writes_a_report_and_compares(
    judged: list[Judged], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "few.jsonl"
    corpus.write_jsonl([item.article for item in judged[:4]], data)
    out = tmp_path / "report"
    assert main(["evaluate", "shipped", str(data), "--out", str(out), "--against", "shipped", "--seen", str(data)]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["report.html", "report.json", "report.md"]
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["articles"] == 4
    missing = main(["evaluate", "shipped", str(tmp_path / "none.jsonl"), "--out", str(out)])
    assert missing == 2 and "none.jsonl" in capsys.readouterr().err


def test_unknown_labels_and_empty_lists_are_refused_by_name(classifier: Classifier, judged: list[Judged]) -> None:
    strange = replace(judged[0].article, sentences=(replace(judged[0].article.sentences[0], sectors=("space",)),))
    with pytest.raises(ValueError, match="'space'"):
        judge(classifier, [strange])
    with pytest.raises(ValueError, match="no labelled articles"):
        evaluate(classifier, [])


def test_metric_wrappers_work_offline_and_agree(judged: list[Judged], monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    from bilateral_nlp.evaluation.hub import EntityF1, SectorF1
    from bilateral_nlp.taxonomy import default_taxonomy

    names = default_taxonomy().sector_ids

    def lists(rows: np.ndarray) -> list[list[str]]:
        return [[names[k] for k in np.flatnonzero(row)] for row in rows]

    gold = [row for item in judged for row in lists(item.gold)]
    chosen = [row for item in judged for row in lists(item.chosen)]
    figures = headline(counts(judged).sum(0))
    sectors = SectorF1().compute(predictions=chosen, references=gold)
    assert sectors["f1"] == pytest.approx(figures["sectors_f1"])
    assert sectors["sentences_right"] == pytest.approx(figures["sentences_right"])

    def spans(marks: frozenset[tuple[int, int, str]]) -> list[dict[str, object]]:
        return [{"start": a, "end": b, "label": label} for a, b, label in sorted(marks)]

    entities = EntityF1().compute(
        predictions=[spans(item.got) for item in judged], references=[spans(item.want) for item in judged]
    )
    assert entities["f1"] == pytest.approx(figures["entities_f1"])
