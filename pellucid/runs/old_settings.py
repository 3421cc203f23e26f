"""What a setting means that a config.json does not have: what runs did before the setting existed (none, 0, off).

Today's defaults are no answer, for they change and an old run must not. Every setting of RunConfig has its line here;
a new one comes with a line that says what runs did before it. What a null chose is told by `begun`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pellucid.settings import Meaning
from pellucid.tasks.registry import FIRST

FIRST_VERSION = "0.1.0"
PLACELESS = frozenset({"data", "data_dir", "threads", "device", "allow_leak", "checkpoint_every", "no_checks"})
MEANINGS: dict[str, Meaning] = {
    "data": Meaning("0.1.0", "digits"),
    "task": Meaning("0.2.0", FIRST),
    "model": Meaning("0.1.0", None),
    "activation": Meaning("0.1.0", "relu"),
    "engine": Meaning("0.1.0", "auto"),
    "epochs": Meaning("0.1.0", None),
    "batch_size": Meaning("0.1.0", 32),
    "optimizer": Meaning("0.1.0", "adam"),
    "lr": Meaning("0.1.0", None),
    "schedule": Meaning("0.1.0", "cosine"),  # no run was ever written without it
    "momentum": Meaning("0.2.0", None),
    "nesterov": Meaning("0.2.0", False),
    "amsgrad": Meaning("0.2.0", False),
    "weight_decay": Meaning("0.2.0", None),
    "clipnorm": Meaning("0.2.0", None),
    "clipvalue": Meaning("0.2.0", None),
    "global_clipnorm": Meaning("0.2.0", None),
    "gradient_accumulation_steps": Meaning("0.2.0", 1),
    "use_ema": Meaning("0.2.0", False),
    "ema_momentum": Meaning("0.2.0", 0.99),  # of no effect while use_ema is off
    "warmup": Meaning("0.2.0", 0.0),
    "l1": Meaning("0.2.0", 0.0),
    "l2": Meaning("0.1.0", 0.0),
    "dropout": Meaning("0.1.0", 0.0),
    "batch_norm_momentum": Meaning("0.1.0", None),
    "pretrained": Meaning("0.2.0", None),
    "weights": Meaning("0.1.0", None),
    "new_head": Meaning("0.1.0", False),
    "head_by_name": Meaning("0.2.0", False),  # row k of a head was taken for class k
    "freeze": Meaning("0.1.0", ""),
    "unfreeze_after": Meaning("0.1.0", 0),
    "unfreeze_rate": Meaning("0.1.0", 0.1),  # of no effect while unfreeze_after is 0
    "trunk_rate": Meaning("0.1.0", 1.0),
    "augment": Meaning("0.1.0", ""),
    "preprocess": Meaning("0.1.0", ""),
    "patience": Meaning("0.1.0", 0),
    "keep_epoch": Meaning("0.2.0", "best"),
    "precision": Meaning("0.1.0", "float32"),
    "device": Meaning("0.1.0", "auto"),
    "compile": Meaning("0.1.0", False),
    "sync_batch_norm": Meaning("0.1.0", False),
    "seed": Meaning("0.1.0", 0),
    "split_seed": Meaning("0.1.0", 0),
    "val_fraction": Meaning("0.1.0", 0.1),  # no run was ever written without it
    "join_validation": Meaning("0.2.0", False),
    "train_dev_fraction": Meaning("0.1.0", 0.0),
    "group": Meaning("0.1.0", None),
    "label": Meaning("0.1.0", None),
    "where": Meaning("0.2.0", None),
    "group_pattern": Meaning("0.2.0", None),
    "copies": Meaning("0.2.0", "apart"),
    "parts": Meaning("0.2.0", "data"),
    "also_split": Meaning("0.2.0", None),
    "wells": Meaning("0.2.0", "apart"),
    "resize": Meaning("0.1.0", None),
    "fit": Meaning("0.2.0", "stretch"),
    "crop": Meaning("0.2.0", "none"),
    "box_noise": Meaning("0.2.0", 0.0),
    "channels": Meaning("0.1.0", None),
    "require_all_channels": Meaning("0.2.0", False),
    "alpha": Meaning("0.2.0", "drop"),  # it had to be asked for, with --channels
    "skip_broken": Meaning("0.2.0", None),
    "max_pixels": Meaning("0.2.0", 178_956_970),  # Pillow's own
    "data_dir": Meaning("0.1.0", None),
    "limit": Meaning("0.1.0", None),
    "threads": Meaning("0.1.0", None),
    "allow_leak": Meaning("0.1.0", False),
    "checkpoint_every": Meaning("0.1.0", 0),
    "no_checks": Meaning("0.1.0", False),
}


def deciding(settings: Mapping[str, Any], besides: Collection[str]) -> dict[str, Any]:
    """The settings by which one work is told from another: none of a place, none of `besides`, none left unsaid."""
    return {name: value for name, value in settings.items()
            if name not in PLACELESS and name not in besides and not unsaid(name, value)}  # fmt: skip


def unsaid(name: str, value: Any) -> bool:
    """Whether a setting that the first version did not have is as it was then: it makes no other work of an old one."""
    meaning = MEANINGS.get(name)
    return meaning is not None and meaning.since != FIRST_VERSION and value == meaning.absent
