"""The settings a run was begun with, as they were in force: config.json read so that an old run stays what it was.

Where a setting is null, Pellucid chose. What it chose is read from the record beside the settings; where that does
not tell, it is what was chosen when the record was written. A later default never enters.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pellucid.errors import FileError
from pellucid.model import load_model
from pellucid.runs.config import ANEW, RunConfig, blamed
from pellucid.runs.networks import LINEAR, names_words
from pellucid.runs.old_settings import MEANINGS
from pellucid.runs.preparation import understand_words
from pellucid.runs.prepared import Prepared
from pellucid.settings import listed, of_kind
from pellucid.storage.run_folder import RunFolder

LIMIT = "max_pixels"  # its null stays one: a limit of the day decides no result
DROPOUT_BY_SIZE = 0.3  # what null meant in 0.1.0 in the network that image size chose; a later record says its rate


def settings_of(record: Mapping[str, Any], where: str) -> RunConfig:
    """The settings of a run in force, from what its config.json holds. Raises FileError as `from_json` does."""
    settings = record["settings"]
    config = RunConfig.from_json(settings, where)
    kinds = {known.name: known.kind for known in listed(RunConfig)}
    chosen = {name: beside for name in MEANINGS if settings.get(name) is None and name != "threads"
              for beside in [said(record, name)] if beside is not None and of_kind(beside, kinds[name])}  # fmt: skip
    absent = {name: meaning.absent for name, meaning in MEANINGS.items() if meaning.absent is not None}
    chosen |= {name: value for name, value in absent.items()
               if settings.get(name) is None and name not in {*chosen, "dropout"}
               and not (name == LIMIT and name in settings)}  # fmt: skip
    if chosen.get("model") == LINEAR:
        chosen["model"] = ""
    if chosen.get("dropout", config.dropout) is None or "dropout" not in settings:
        chosen.setdefault("dropout", dropout_of(settings, chosen.get("model", settings.get("model"))))
    config = RunConfig.from_json({**config.to_json(), **chosen}, where)
    with blamed(Path(where)):
        understand_words(config)
    return config


def said(record: Mapping[str, Any], name: str) -> Any:
    """What the record says was in force; the threads are told by the environment."""
    if name != "lr":
        return record.get(name)
    rate = record.get("learning_rate")
    return rate.get("initial_learning_rate") if isinstance(rate, Mapping) else rate


def dropout_of(settings: Mapping[str, Any], network: str | None) -> float | None:
    """The dropout of a record that does not tell it; None for a network in force that has a rate of its own."""
    if network is not None and not names_words(network):
        return None
    return DROPOUT_BY_SIZE if settings.get("model") is None and "dropout" in settings else 0.0


def refuse_another_network(prepared: Prepared, folder: RunFolder) -> None:
    """Raise FileError when the network made from the settings is not the one that the run's model file holds."""
    if not folder.model.exists():
        return
    was, now = (model.graph.to_json() for model in (load_model(folder.model), prepared.model))
    for graph in (was, now):
        for layer in graph["layers"]:
            layer.pop("trainable")  # a later stage of a run may train more
    if was != now:
        layer = next((str(entry["name"]) for entry, other in zip(now["layers"], was["layers"], strict=False)
                      if entry != other), "its layers")  # fmt: skip
        raise FileError(f"{folder.model} holds another network than {folder.config} describes ({layer} differs). "
                        f"{ANEW}, or with the Pellucid that began it.")  # fmt: skip
