"""The data that a model is used on: those of its run divided as then, or others read as its file says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from pellucid.data.dataset import Dataset
from pellucid.data.opening import open_dataset
from pellucid.data.options import Options, options_of_record, parse_percent
from pellucid.errors import ArgumentError, DataError, FileError, UsageError
from pellucid.model import Model
from pellucid.runs.begun import settings_of
from pellucid.runs.config import RunConfig, named, read_record
from pellucid.runs.deciding import task_of_model
from pellucid.runs.preparation import load_data
from pellucid.storage.run_folder import RunFolder
from pellucid.using.held import Holder


@dataclass(frozen=True)
class Found:
    """Data to use a model on: held against its record, with what was noticed; `own`: those it was trained on."""

    dataset: Dataset
    holder: Holder
    own: bool

    def named(self, split: str) -> str:
        """The part in words: train, validation, test; of data without parts all of it."""
        return f"all images of {self.dataset.name}" if self.dataset.undivided else split


def data_of(
    folder: RunFolder | None, model: Model, data: str | None, data_dir: str | None, limit: int | None,
    *, skip_broken: str | None = None, max_pixels: int | None = None,
    box_noise: float = 0.0,
) -> Found:
    """The data named, read as the model wants its images; or what the run was trained on, split as then.

    Raises DataError when the images are not those the model takes and cannot be brought to them.
    """
    with named("--skip-broken"):
        percent = parse_percent(skip_broken or "0")
    allowed = Options(skip_broken=percent, max_pixels=max_pixels, box_noise=box_noise)
    dataset, own = opened(folder, model, data, data_dir, limit, allowed)
    holder = Holder.of(model, "the model" if folder is None else f"the model of {folder.path}")
    return Found(holder.hold(dataset, own=own), holder, own)


def opened(
    folder: RunFolder | None, model: Model, data: str | None, data_dir: str | None, limit: int | None, allowed: Options
) -> tuple[Dataset, bool]:
    """The data set, and whether it is what the model was trained on."""
    fingerprint = (model.training_record or {}).get("fingerprint")
    config = None if folder is None else settings_of(read_record(folder), str(folder.config))
    if config is not None:
        own = replace(
            config, data_dir=data_dir or config.data_dir, limit=limit or config.limit,
            skip_broken=f"{allowed.skip_broken:g}%" if allowed.skip_broken else config.skip_broken,
            max_pixels=allowed.max_pixels or config.max_pixels, box_noise=allowed.box_noise or config.box_noise,
        )  # fmt: skip
        if data is None or data == config.data:
            dataset = load_data(own) if data is not None or folder is None else load_named_by(folder, own)
            return dataset, dataset.fingerprint == fingerprint
    if data is None:
        raise UsageError("evaluate: a model file does not say what it is scored on; name the data, e.g. digits.")
    read = partial(open_dataset, data, data_dir=data_dir, limit=limit, learning=False, skip_broken=allowed.skip_broken,
                   max_pixels=allowed.max_pixels, box_noise=allowed.box_noise,
                   annotations=task_of_model(model).annotations)  # fmt: skip
    words = options_of_record(model.input_record or {})
    try:
        dataset = read(**words)
    except ArgumentError:
        dataset = read(**words | {"channels": None})  # the holder tells which channels there are, and which it takes
    if config is not None and fingerprint is not None and dataset.fingerprint == fingerprint:
        return load_data(replace(own, data=data)), True  # the run's own data by another path: divided as then
    return dataset, dataset.fingerprint == fingerprint


def load_named_by(folder: RunFolder, config: RunConfig) -> Dataset:
    """The data that a run's own record names, which a fault of them says."""
    try:
        return load_data(config)
    except (ArgumentError, UsageError) as fault:
        raise UsageError(f"{fault} {folder.config} names it; if the data lie elsewhere now, name them after the run."
                         ) from fault  # fmt: skip
    except (DataError, FileError) as fault:
        raise FileError(f"{folder.config}: {fault}") from fault
