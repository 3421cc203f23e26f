"""From the settings of a run to its data, as they lie: where they are, how pictures are read, what is left out."""

from __future__ import annotations

from pellucid.data.dataset import Dataset
from pellucid.data.opening import open_dataset
from pellucid.data.options import Options, parse_percent, parse_size
from pellucid.errors import ArgumentError, UsageError
from pellucid.runs.config import RunConfig
from pellucid.runs.deciding import wanted_annotations


def read_data(config: RunConfig) -> Dataset:
    """The data set with the parts it comes with."""
    return open_dataset(config.data, data_dir=config.data_dir, **vars(reading_of(config)))


def reading_of(config: RunConfig) -> Options:
    """How the data are read; raises UsageError for words that mean nothing."""
    try:
        return Options(
            resize=None if config.resize is None else parse_size(config.resize), channels=config.channels,
            limit=config.limit, group=config.group, label=config.label, fit=config.fit, alpha=config.alpha,
            skip_broken=parse_percent(config.skip_broken or "0"), max_pixels=config.max_pixels,
            group_pattern=config.group_pattern, annotations=wanted_annotations(config), wells=config.wells,
            require_all_channels=config.require_all_channels, allow_leak=config.allow_leak,
            where=config.where, crop=config.crop, box_noise=config.box_noise,
        )
    except ArgumentError as fault:
        raise UsageError(str(fault)) from fault
