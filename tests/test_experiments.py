"""Changed copies keep their labels; the experiment runner trains, measures and leaves test articles unseen."""

from __future__ import annotations

import itertools
import math
import random
from pathlib import Path

import anercorp
import augmentation
import experiments
import numpy as np
import pytest
import torch
import variants
from crf import TagCRF

from bilateral_nlp import corpus
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.modeling import BilateralModel
from bilateral_nlp.training import Data, Recipe

AUGMENTATIONS = (
    augmentation.swap_countries,
    augmentation.swap_people(["سالم الحارثي", "نور", "ليلى بنت خالد العامري"]),
    augmentation.change_proclitics,
    augmentation.add_dirt,
    augmentation.shuffle_sentences,
)


@pytest.mark.parametrize("augment", AUGMENTATIONS)
def test_copies_keep_every_label_in_its_place(
    augment: augmentation.Augmentation, articles: list[LabelledArticle], tmp_path: Path
) -> None:
    copies = [augment(a, random.Random(a.id)) for a in articles[::7]]
    corpus.write_jsonl(copies, tmp_path / "copies.jsonl")
    assert corpus.read(tmp_path / "copies.jsonl") == copies
    assert all(copy.split == "train" for copy in copies)
    assert sum(copy.text != a.text for copy, a in zip(copies, articles[::7], strict=True)) > len(copies) / 2
    for copy, article in zip(copies, articles[::7], strict=True):
        assert sorted(e.label for e in copy.entities) == sorted(e.label for e in article.entities)
        assert sorted(s.sectors for s in copy.sentences) == sorted(s.sectors for s in article.sentences)
    again = [augment(a, random.Random(a.id)) for a in articles[::7]]
    assert again == copies


def test_edits_move_labels_with_their_text() -> None:
    article = corpus.parse_inline("# id: a\npolitics\tزار [وزير](ROLE) [تونس](COUNTRY) في [عمان](LOC)\n")[0]
    tunis = article.entities[1]
    changed = augmentation.edited(article, [(tunis.start, tunis.end, "جنوب أفريقيا"), (0, 3, "ووصل")], "x")
    texts = [changed.text[e.start : e.end] for e in changed.entities]
    assert texts == ["وزير", "جنوب أفريقيا", "عمان"]
    assert changed.text[changed.sentences[0].start : changed.sentences[0].end] == changed.text


def test_experiments_never_see_test_articles(articles: list[LabelledArticle]) -> None:
    data = Data(tuple(articles[:600]), tuple(articles[600:]))
    chosen, real = experiments.select(data, 0.5)
    trained = {a.id for a in chosen.split("train")}
    assert trained and not trained & {a.id for a in articles if a.split == "test"}
    assert not trained & {a.id for a in real}
    assert 0.35 < sum(a.id in trained for a in data.own) / sum(a.split == "train" for a in data.own) < 0.65


@pytest.mark.parametrize(
    "name", ["shipped", "wide", "mean_pooling", "sectors_only", "focal_loss", "lone_sentence", "dirt", "crf"]
)
def test_a_variant_trains_and_is_measured(
    name: str, tiny_encoder: Path, few: list[LabelledArticle], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.write_jsonl(few, tmp_path / "few.jsonl")
    monkeypatch.chdir(tmp_path)
    recipe = Recipe(start=str(tiny_encoder), data=("few.jsonl",), out="out", epochs=2, window=64)
    kept = list(corpus.read("few.jsonl"))
    monkeypatch.setattr(experiments, "select", lambda data, share: (Data(tuple(kept), ()), kept))
    monkeypatch.setattr(LabelledArticle, "split", property(lambda a: "validation" if a.id == kept[0].id else "train"))
    row = experiments.run(name, recipe, 1.0)
    assert set(row["real"]) == {"sectors_ap", "sectors_f1", "sectors_macro_f1", "sentences_right", "entities_f1"}
    assert experiments.table([row]).count("\n") == 2


def test_the_crf_scores_what_it_decodes() -> None:
    torch.manual_seed(1)
    crf = TagCRF(5)
    torch.nn.init.normal_(crf.transitions)
    logits = torch.randn(1, 4, 5)
    groups = np.zeros(4, dtype=np.int64)
    best = crf.viterbi(logits[0].numpy(), groups)
    losses = {}
    for path in itertools.product(range(5), repeat=4):
        losses[path] = crf.loss(logits, torch.tensor([path])).item()
    assert min(losses, key=lambda path: losses[path]) == tuple(best.tolist())
    # The probabilities of all paths that BIO allows sum to one.
    assert sum(math.exp(-4 * loss) for loss in losses.values()) == pytest.approx(1.0, abs=1e-4)
    padded = torch.cat([logits, torch.randn(1, 3, 5)], 1)
    labels = torch.tensor([[*best.tolist(), -100, -100, -100]])
    assert crf.loss(padded, labels).item() == pytest.approx(losses[tuple(best.tolist())], rel=1e-5)


def test_shallow_variants_keep_a_working_model(tiny_encoder: Path) -> None:
    model = BilateralModel.from_encoder(tiny_encoder, window=64)

    class half(variants.Shallow):
        keep = (1,)

    shallow = half().model(model)
    assert len(shallow.encoder.encoder.layer) == shallow.encoder.config.num_hidden_layers == 1
    ids = torch.ones(1, 5, dtype=torch.long)
    assert shallow(ids, ids, torch.ones(1, 1, 5)).sector_logits.shape[:2] == (1, 1)


def test_a_taught_model_is_pulled_to_its_teacher(tiny_encoder: Path, tmp_path: Path) -> None:
    BilateralModel.from_encoder(tiny_encoder, window=64).save_pretrained(tmp_path)

    class taught(variants.Distilled):
        keep = (1,)
        teacher = str(tmp_path)

    student = taught().model(BilateralModel.from_encoder(tiny_encoder, window=64)).train()
    ids = torch.ones(1, 5, dtype=torch.long)
    batch = {"input_ids": ids, "attention_mask": ids, "sentence_mask": torch.ones(1, 1, 5)}
    labels = {"sector_labels": torch.zeros(1, 1, 25), "tag_labels": torch.zeros(1, 5, dtype=torch.long)}
    losses = []
    optimizer = torch.optim.Adam(student.parameters(), 1e-3)
    for _ in range(20):
        output = student(**batch, **labels)
        losses.append(output.loss.item())
        optimizer.zero_grad()
        output.loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0]
    torch.manual_seed(0)
    taught_loss = student(**batch, **labels).loss
    torch.manual_seed(0)
    student._forward_hooks.clear()
    assert taught_loss > student(**batch, **labels).loss


def test_benchmark_files_become_articles_with_whole_tokens(tmp_path: Path) -> None:
    path = tmp_path / "bio.txt"
    path.write_text("زار O\nمحمد B-PER\nسالم I-PER\nباريس B-LOC\n. O\n\nوعاد O\n. O\n", encoding="utf-8")
    article = anercorp.articles(path, "test")[0]
    assert [(article.text[e.start : e.end], e.label) for e in article.entities] == [
        ("محمد سالم", "PERS"),
        ("باريس", "LOC"),
    ]
    assert len(article.sentences) == 2 and article.split == "test"
