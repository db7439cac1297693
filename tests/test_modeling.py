"""One model code for any encoder: trains, saves, loads and serves."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import build_encoder
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoTokenizer, TrainerCallback

from bilateral_nlp import Classifier, corpus
from bilateral_nlp.backends.onnx import OnnxBackend
from bilateral_nlp.backends.torch import TorchBackend
from bilateral_nlp.classifier import ONNX_FILE, embedded_folder
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.encoding import IGNORED, ArticleEncoder, pad_windows
from bilateral_nlp.export import compare, export, export_float
from bilateral_nlp.modeling import BilateralConfig, BilateralModel
from bilateral_nlp.training import Collator, Recipe, make_dataset, predict_held_out, train


def _tensors(encoder: ArticleEncoder, article: LabelledArticle) -> dict[str, torch.Tensor]:
    windows = encoder.encode(article.text).windows
    return {k: torch.from_numpy(v) for k, v in pad_windows(windows, encoder.settings.pad_id).items()}


@pytest.fixture(scope="module")
def tiny(tiny_encoder: Path) -> BilateralModel:
    return BilateralModel.from_encoder(tiny_encoder, window=64).eval()


@pytest.fixture(scope="module")
def encoder(tiny: BilateralModel, tiny_encoder: Path) -> ArticleEncoder:
    return ArticleEncoder(Tokenizer.from_file(str(tiny_encoder / "tokenizer.json")), tiny.config.settings())


def test_save_and_load_give_the_same_answers(
    tiny: BilateralModel, encoder: ArticleEncoder, few: list[LabelledArticle], tmp_path: Path
) -> None:
    tiny.config.thresholds = [0.3] * len(tiny.config.sectors)
    for parameter in tiny.parameters():
        # Away from any initial value, so that a parameter set anew on loading shows.
        parameter.data.add_(0.01)
    tiny.save_pretrained(tmp_path)
    inputs = _tensors(encoder, few[0])
    with torch.no_grad():
        expected = tiny(**inputs)
        for loaded in (BilateralModel.from_pretrained(tmp_path), AutoModel.from_pretrained(tmp_path)):
            answer = loaded.eval()(**inputs)
            for name in ("sector_logits", "tag_logits", "proclitic_logits", "sector_attention"):
                torch.testing.assert_close(answer[name], expected[name])
    config = AutoConfig.from_pretrained(tmp_path)
    assert isinstance(config, BilateralConfig)
    assert config.thresholds == [0.3] * 25
    assert config.encoder.hidden_size == 64
    assert not list(tmp_path.glob("*.bin"))


def test_padding_and_batch_mates_change_nothing(
    tiny: BilateralModel, encoder: ArticleEncoder, few: list[LabelledArticle]
) -> None:
    windows = [w for a in few for w in encoder.encode(a.text).windows]
    together = TorchBackend(tiny).run(windows)
    for window, output in zip(windows, together, strict=True):
        (alone,) = TorchBackend(tiny).run([window])
        np.testing.assert_allclose(output.sector_logits, alone.sector_logits, atol=1e-4)
        np.testing.assert_allclose(output.tag_logits, alone.tag_logits, atol=1e-4)
    small = TorchBackend(tiny, token_budget=1).run(windows)
    np.testing.assert_allclose(
        np.concatenate([o.tag_logits for o in small]), np.concatenate([o.tag_logits for o in together]), atol=1e-4
    )


def test_ignored_labels_ask_nothing(tiny: BilateralModel, encoder: ArticleEncoder, few: list[LabelledArticle]) -> None:
    batch = Collator(encoder.settings.pad_id)(list(make_dataset(few[:3], encoder)))
    loss = tiny(**batch).loss
    dirty = {k: v.clone() for k, v in batch.items()}
    logits = tiny(**batch).sector_logits
    batch["sector_labels"] = torch.full_like(batch["sector_labels"], IGNORED)
    batch["proclitic_labels"] = torch.full_like(batch["proclitic_labels"], IGNORED)
    assert tiny(**batch).loss < loss
    assert logits.shape == dirty["sector_labels"].shape
    assert torch.isfinite(tiny(**batch).loss)


def test_exports_answer_as_the_weights_do(
    tiny: BilateralModel, encoder: ArticleEncoder, few: list[LabelledArticle], tmp_path: Path
) -> None:
    export_float(tiny, tmp_path / "plain.onnx")
    parity = compare(TorchBackend(tiny), OnnxBackend(tmp_path / "plain.onnx", encoder.settings.pad_id), encoder, few)
    assert parity.sector_logit_max < 1e-4
    assert parity.sector_decisions == 1.0
    assert parity.entities == 1.0
    tiny.save_pretrained(tmp_path)
    int8 = export(tmp_path, encoder, few, tmp_path / ONNX_FILE)["int8"]
    assert int8.sector_logit_mean < 0.1
    assert b'File "' not in (tmp_path / ONNX_FILE).read_bytes(), "a path of this machine was published"


def test_a_tiny_model_overfits(tiny_encoder: Path, few: list[LabelledArticle], tmp_path: Path) -> None:
    from bilateral_nlp import corpus

    data = tmp_path / "few.jsonl"
    corpus.write_jsonl(few, data)
    out = train(
        Recipe(
            start=str(tiny_encoder),
            data=(str(data),),
            out=str(tmp_path / "model"),
            window=128,
            epochs=60,
            batch_size=4,
            encoder_lr=2e-3,
            head_lr=5e-3,
            freeze_word_embeddings=False,
            checkpoints=False,
        )
    )
    model = BilateralModel.from_pretrained(out).eval()
    encoder = ArticleEncoder(Tokenizer.from_file(str(out / "tokenizer.json")), model.config.settings())
    result = predict_held_out(TorchBackend(model).run, encoder, few)
    assert result.entities.f1 > 0.95
    assert ((result.logits > 0) == result.gold).all(-1).mean() > 0.95


def test_killed_and_resumed_equals_uninterrupted(
    tiny_encoder: Path, few: list[LabelledArticle], tmp_path: Path
) -> None:
    class Killed(Exception):
        pass

    class Kill(TrainerCallback):
        def on_epoch_begin(self, args: object, state: object, control: object, **_: object) -> None:
            if state.epoch and state.epoch >= 1:  # type: ignore[attr-defined]
                raise Killed

    data = tmp_path / "few.jsonl"
    corpus.write_jsonl(few, data)
    recipe = Recipe(
        start=str(tiny_encoder), data=(str(data),), out=str(tmp_path / "whole"), window=64, epochs=2, batch_size=2
    )
    train(recipe)
    cut = Recipe(**{**recipe.__dict__, "out": str(tmp_path / "cut")})
    with pytest.raises(Killed):
        train(cut, callbacks=[Kill()])
    train(cut, resume=True)
    tensors = []
    for name in ("whole", "cut"):
        with safe_open(tmp_path / name / "model.safetensors", "pt") as file:
            tensors.append({key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118
    assert tensors[0].keys() == tensors[1].keys()
    for key, tensor in tensors[0].items():
        torch.testing.assert_close(tensor, tensors[1][key], rtol=0, atol=0)


def test_training_goes_on_from_the_shipped_model(few: list[LabelledArticle], tmp_path: Path) -> None:
    data = tmp_path / "two.jsonl"
    corpus.write_jsonl(few[:2], data)
    start = embedded_folder()
    out = train(
        Recipe(
            start=str(start),
            data=(str(data),),
            out=str(tmp_path / "m"),
            epochs=1,
            encoder_lr=0.0,
            head_lr=0.0,
            checkpoints=False,
        )
    )
    before, after = (
        BilateralModel.from_pretrained(folder, dtype=torch.float32).state_dict() for folder in (start, out)
    )
    for key, tensor in before.items():
        torch.testing.assert_close(after[key], tensor)


def test_a_camelbert_shaped_checkpoint_trains_saves_loads_and_serves(
    few: list[LabelledArticle], tmp_path: Path
) -> None:
    """12 layers of 768, WordPiece, 30,000 rows: the shape of CAMeL-Lab/bert-base-arabic-camelbert-mix, random weights."""
    base = build_encoder(tmp_path / "camel", [a.text for a in few], 12, 768, 12, 2000, pad_to=30_000)
    data = tmp_path / "two.jsonl"
    corpus.write_jsonl(few[:2], data)
    torch.set_num_threads(2)
    out = train(
        Recipe(start=str(base), data=(str(data),), out=str(tmp_path / "model"), window=64, epochs=1, checkpoints=False)
    )
    model = BilateralModel.from_pretrained(out).eval()
    assert model.encoder.config.num_hidden_layers == 12
    assert model.encoder.get_input_embeddings().weight.shape == (30_000, 768)
    assert (
        AutoTokenizer.from_pretrained(base).backend_tokenizer.to_str()
        == Tokenizer.from_file(str(out / "tokenizer.json")).to_str()
    )
    classifier = Classifier.from_pretrained(out, backend="torch")
    article = classifier.classify(few[0].text)
    assert article.coverage == 1.0
    assert all(article.text[e.start : e.end] == e.text for e in article.entities)
    shutil.rmtree(tmp_path / "camel")


def test_a_million_characters_are_read_whole(tiny: BilateralModel, encoder: ArticleEncoder) -> None:
    unit = "بحث وزير الطاقة التونسي سالم العياري مع نظيره الإيطالي الربط الكهربائي. "
    text = unit * (500_000 // len(unit)) + "نص" * 250_000
    article = Classifier(encoder, TorchBackend(tiny)).classify(text)
    assert len(text) > 990_000
    assert article.coverage == 1.0
    assert len(article.sentences) == 500_000 // len(unit) + 1


def test_a_window_wider_than_the_encoder_is_refused(tiny_encoder: Path) -> None:
    with pytest.raises(ValueError, match="window got 1024, but the encoder has 512 positions; give window=512"):
        BilateralModel.from_encoder(tiny_encoder, window=1024)
