"""Fine-tuning from any encoder or from a saved `BilateralModel`, with Hugging Face Trainer.

from bilateral_nlp.training import Recipe, train
train(Recipe.from_toml("training/recipes/embedded.toml"))
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
import transformers
from tokenizers import Tokenizer
from torch import Tensor
from transformers import AutoConfig, AutoTokenizer, Trainer, TrainerCallback, TrainingArguments, set_seed

from bilateral_nlp import corpus, decoding, metrics
from bilateral_nlp.backends.torch import TorchBackend
from bilateral_nlp.calibration import fit_platt, fit_thresholds
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.encoding import IGNORED, ArticleEncoder, encode_labels
from bilateral_nlp.modeling import BilateralConfig, BilateralModel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

log = logging.getLogger(__name__)

#: Beside the weights: what the run was made of.
RUN_FILE = "run.json"


@dataclass(frozen=True)
class Recipe:
    """What to train, on what, and how. Paths are relative to the working directory.

    ``start``: an encoder or a saved `BilateralModel`, a folder or a Hub id. ``data``: labelled files or folders; articles
    fall into their splits by id. ``optional_data``: used where it exists, passed over with a log line where it does not.
    """

    start: str
    data: tuple[str, ...]
    out: str
    optional_data: tuple[str, ...] = ()
    window: int = 256
    epochs: float = 8
    batch_size: int = 8
    encoder_lr: float = 2e-4
    head_lr: float = 2e-3
    weight_decay: float = 0.01
    warmup: float = 0.06
    freeze_word_embeddings: bool = True
    bf16: bool = False
    seed: int = 13
    checkpoints: bool = True
    trainer: dict[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def from_toml(cls, path: str | Path, **overrides: Any) -> Recipe:
        """Read a recipe; ValueError names unknown keys and the known ones."""
        values = {**tomllib.loads(Path(path).read_text(encoding="utf-8")), **overrides}
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"{path}: unknown keys {unknown}; a recipe has {sorted(known)}")
        for name in ("data", "optional_data"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)


@dataclass(frozen=True)
class Data:
    """The labelled articles of a recipe, by where they come from."""

    own: tuple[LabelledArticle, ...]
    optional: tuple[LabelledArticle, ...]

    def split(self, name: str) -> list[LabelledArticle]:
        """All articles of ``train``, ``validation`` or ``test``."""
        return [a for a in (*self.own, *self.optional) if a.split == name]


def load_data(recipe: Recipe) -> Data:
    """Read what a recipe names; optional files that are not here are passed over with a log line."""
    optional: list[LabelledArticle] = []
    for path in recipe.optional_data:
        if Path(path).exists():
            optional += corpus.read(path)
        else:
            log.warning("optional data %s is not here; training without it", path)
    return Data(tuple(article for path in recipe.data for article in corpus.read(path)), tuple(optional))


def load_model(recipe: Recipe) -> BilateralModel:
    """The saved `BilateralModel` to go on from, or fresh heads over an encoder."""
    config = AutoConfig.from_pretrained(recipe.start)
    if isinstance(config, BilateralConfig):
        return BilateralModel.from_pretrained(recipe.start, dtype=torch.float32)
    return BilateralModel.from_encoder(recipe.start, window=recipe.window)


def load_tokenizer(start: str) -> Tokenizer:
    """The fast tokenizer that belongs to an encoder or model, with the checkpoint's own normalisation."""
    saved = Path(start) / "tokenizer.json"
    return (
        Tokenizer.from_file(str(saved)) if saved.is_file() else AutoTokenizer.from_pretrained(start).backend_tokenizer
    )


def make_dataset(articles: Sequence[LabelledArticle], encoder: ArticleEncoder) -> datasets.Dataset:
    """One row per window: ``input_ids``, ``length``, ``token_sentence`` and the targets, as lists."""
    rows = []
    lost = 0
    for article in articles:
        encoded = encoder.encode(article.text, [(s.start, s.end) for s in article.sentences])
        targets, missed = encode_labels(article, encoded, encoder.settings)
        lost += missed
        for window, target in zip(encoded.windows, targets, strict=True):
            rows.append(
                {
                    "input_ids": window.ids.tolist(),
                    "length": len(window.ids),
                    "token_sentence": window.token_sentence.tolist(),
                    "sectors": target.sectors.tolist(),
                    "tags": target.tags.tolist(),
                    "proclitics": target.proclitics.tolist(),
                }
            )
    if lost:
        log.info("%d entities start or end inside a word and cannot be learned", lost)
    return datasets.Dataset.from_list(rows)


class Collator:
    """Pads rows of `make_dataset` to one batch of tensors; lengths are multiples of 64, so that few shapes occur."""

    def __init__(self, pad_id: int) -> None:
        self._pad_id = pad_id

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        length = -(-max(len(r["input_ids"]) for r in rows) // 64) * 64
        sentences = max(len(r["sectors"]) for r in rows)
        labels = len(rows[0]["sectors"][0])
        ids = np.full((len(rows), length), self._pad_id)
        owner = np.full((len(rows), length), -1)
        tags = np.full((len(rows), length), IGNORED)
        proclitics = np.full((len(rows), length), IGNORED)
        sectors = np.full((len(rows), sentences, labels), IGNORED, dtype=np.float32)
        for i, row in enumerate(rows):
            n = len(row["input_ids"])
            ids[i, :n], owner[i, :n], tags[i, :n], proclitics[i, :n] = (
                row["input_ids"],
                row["token_sentence"],
                row["tags"],
                row["proclitics"],
            )
            sectors[i, : len(row["sectors"])] = row["sectors"]
        lengths = np.array([[len(r["input_ids"])] for r in rows])
        mask = (owner[:, None, :] == np.arange(sentences)[None, :, None]).astype(np.float32)
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy((np.arange(length) < lengths).astype(np.int64)),
            "sentence_mask": torch.from_numpy(mask),
            "sector_labels": torch.from_numpy(sectors),
            "tag_labels": torch.from_numpy(tags),
            "proclitic_labels": torch.from_numpy(proclitics),
        }


@dataclass(frozen=True)
class HeldOut:
    """Predictions on held-out articles: ``logits`` (N, L), ``gold`` (N, L), and the score of the entities."""

    logits: decoding.Floats
    gold: np.ndarray[Any, np.dtype[np.bool_]]
    entities: metrics.Score


def predict_held_out(run: Any, encoder: ArticleEncoder, articles: Sequence[LabelledArticle]) -> HeldOut:
    """Run articles with their own sentence bounds through a backend's ``run``."""
    logits, gold, want, got = [], [], [], []
    sectors = encoder.settings.sectors
    for article in articles:
        encoded = encoder.encode(article.text, [(s.start, s.end) for s in article.sentences])
        outputs = run(encoded.windows)
        logits.append(decoding.sector_logits(encoded, outputs, len(sectors)))
        gold.append([[name in s.sectors for name in sectors] for s in article.sentences])
        want.append({(e.start, e.end, e.label) for e in article.entities})
        got.append({(e.start, e.end, e.label) for e in decoding.entities(encoded, outputs, encoder.settings)})
    return HeldOut(
        np.concatenate(logits), np.concatenate([np.array(g, dtype=bool) for g in gold]), metrics.set_score(want, got)
    )


class BilateralTrainer(Trainer):
    """Trainer with two learning rates and an evaluation that decodes as serving does."""

    optimizer: torch.optim.Optimizer | None
    control: Any

    def __init__(
        self, *args: Any, recipe: Recipe, encoder: ArticleEncoder, held_out: Sequence[LabelledArticle], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._recipe, self._encoder, self._held_out = recipe, encoder, held_out

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW; the heads learn faster than the encoder, vectors are not decayed."""
        if self.optimizer is None:
            groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
            for name, parameter in (model or self.model).named_parameters():
                if parameter.requires_grad:
                    rate = self._recipe.encoder_lr if name.startswith("encoder.") else self._recipe.head_lr
                    decay = self._recipe.weight_decay if parameter.ndim > 1 else 0.0
                    groups.setdefault((rate, decay), []).append(parameter)
            self.optimizer = torch.optim.AdamW(
                [{"params": p, "lr": r, "weight_decay": d} for (r, d), p in groups.items()]
            )
        return self.optimizer

    def evaluate(self, *_: Any, metric_key_prefix: str = "eval", **__: Any) -> dict[str, float]:
        """Sector and entity scores on the held-out articles, at threshold 0.5."""
        result = predict_held_out(TorchBackend(self.model).run, self._encoder, self._held_out)
        chosen = result.logits > 0
        scores = {
            "sectors_f1": metrics.multilabel_score(result.gold, chosen).f1,
            "sectors_macro_f1": metrics.macro_f1(result.gold, chosen),
            "sentences_right": metrics.rows_right(result.gold, chosen),
            "entities_f1": result.entities.f1,
        }
        named = {f"{metric_key_prefix}_{name}": round(value, 4) for name, value in scores.items()}
        self.log(named)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, named)
        return named


def train(
    recipe: Recipe,
    resume: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
    data: Data | None = None,
    model: BilateralModel | None = None,
) -> Path:
    """Train, calibrate and save to ``recipe.out``: weights, ``config.json`` with thresholds, tokenizer.

    ``resume`` goes on from the last checkpoint in ``recipe.out + '-checkpoints'`` and ends as an uninterrupted run
    would have; ``callbacks`` are handed to the Trainer. ``data`` and ``model`` stand in for what the recipe names.
    """
    set_seed(recipe.seed)
    out = Path(recipe.out)
    data = data or load_data(recipe)
    splits = {name: data.split(name) for name in corpus.SPLITS}
    log.info("articles: %s", {name: len(part) for name, part in splits.items()})
    model, tokenizer = model or load_model(recipe), load_tokenizer(recipe.start)
    encoder = ArticleEncoder(tokenizer, model.config.settings())
    if recipe.freeze_word_embeddings:
        model.encoder.get_input_embeddings().requires_grad_(False)
    settings = {
        "report_to": [],
        "disable_tqdm": None,
        "logging_steps": 20,
        "save_total_limit": 1,
        "train_sampling_strategy": "group_by_length",
        "eval_strategy": "epoch" if splits["validation"] else "no",
        **recipe.trainer,
    }
    arguments = TrainingArguments(
        output_dir=f"{out}-checkpoints",
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        warmup_steps=recipe.warmup,
        lr_scheduler_type="cosine",
        bf16=recipe.bf16,
        use_cpu=not torch.cuda.is_available(),
        seed=recipe.seed,
        max_grad_norm=1.0,
        save_strategy="epoch" if recipe.checkpoints else "no",
        remove_unused_columns=False,
        label_names=[],
        **settings,
    )
    trainer = BilateralTrainer(
        model,
        arguments,
        data_collator=Collator(int(model.config.pad_token_id)),
        recipe=recipe,
        encoder=encoder,
        train_dataset=make_dataset(splits["train"], encoder),
        eval_dataset=splits["validation"],
        held_out=splits["validation"],
        callbacks=list(callbacks),
    )
    trainer.train(resume_from_checkpoint=resume or None)
    calibrate(model, encoder, splits["validation"])
    model.save_pretrained(out)
    tokenizer.save(str(out / "tokenizer.json"))
    facts = run_facts(recipe, data)
    (out / RUN_FILE).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return out


def run_facts(recipe: Recipe, data: Data) -> dict[str, Any]:
    """What a run was made of, for the model card: counts, the recipe without its paths, library versions."""
    trained = data.split("train")
    settings = {k: v for k, v in asdict(recipe).items() if k not in {"data", "optional_data", "out", "trainer"}}
    return {
        "train_articles": len(trained),
        "train_sentences": sum(len(a.sentences) for a in trained),
        "train_articles_own": sum(a.split == "train" for a in data.own),
        "train_articles_optional": sum(a.split == "train" for a in data.optional),
        "recipe": {**settings, **recipe.trainer},
        "libraries": {"torch": torch.__version__, "transformers": transformers.__version__},
    }


def calibrate(model: BilateralModel, encoder: ArticleEncoder, articles: Sequence[LabelledArticle]) -> None:
    """Fit Platt scaling and thresholds on held-out articles into the model's configuration."""
    if not articles:
        log.warning("no validation articles: probabilities stay uncalibrated and thresholds at 0.5")
        return
    result = predict_held_out(TorchBackend(model).run, encoder, articles)
    platt = fit_platt(result.logits, result.gold)
    model.config.platt = [list(pair) for pair in platt]
    model.config.thresholds = fit_thresholds(result.logits, result.gold, platt)
