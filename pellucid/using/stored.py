"""A run that has ended, opened again: its data divided as then, its network's answers, models without a fold.

Nothing is read of the data, and no engine made, before somebody asks for it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.data.apportion import stratified_sample
from pellucid.data.dataset import Dataset, Part
from pellucid.data.preprocessing import assumed_pipeline
from pellucid.data.splits import leaking_groups
from pellucid.engines.protocol import Engine
from pellucid.engines.threads import limited_threads, threads_for, threads_now
from pellucid.errors import ArgumentError, DataError, UsageError
from pellucid.graph.summary import summarize
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.runs.begun import settings_of
from pellucid.runs.commands import command_of
from pellucid.runs.config import RunConfig, read_record
from pellucid.runs.deciding import problem_of
from pellucid.runs.index import object_in
from pellucid.runs.networks import in_words
from pellucid.runs.preparation import divide
from pellucid.runs.reading import read_data
from pellucid.runs.scoring import BATCH_SIZE, score
from pellucid.runs.weights import native_weights
from pellucid.settings import flag_of
from pellucid.storage.run_folder import RunFolder
from pellucid.tasks.evaluation import Evaluation
from pellucid.training.program import State
from pellucid.using.cross_validation import CrossValidated, cross_validate
from pellucid.using.held import Holder
from pellucid.using.opening import all_or_one, classifier_of, engine_of
from pellucid.using.reopening import Reopening
from pellucid.using.shortest import to_type, with_flags
from pellucid.using.unchecked import UNCHECKED


@dataclass(frozen=True, eq=False)
class Stored:
    """A run folder as `tasks.provided.StoredRun` describes it; `before_training` is called before models are trained.

    Its attributes raise UsageError when the data are not here, DataError when they changed.
    """

    run: str
    folder: RunFolder
    record: Mapping[str, Any]
    config: RunConfig
    model: Model
    reopening: Reopening
    before_training: Callable[[], object]

    @classmethod
    def open(
        cls, run: str, reopening: Reopening = Reopening(),  # noqa: B008  (frozen)
        before_training: Callable[[], object] = lambda: None,
    ) -> Stored:
        """Raises FileError when `run` is no run folder, UsageError when it has no model yet."""
        folder = RunFolder.open(run)
        model, record = classifier_of(run)[0], read_record(folder)
        return cls(run, folder, record, settings_of(record, str(folder.config)), model, reopening, before_training)

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.config.to_json()

    @property
    def notation(self) -> str | None:
        network = str(self.record.get("model") or self.config.model or "")
        return network if network and in_words(network) else None

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """What metrics.json holds; nothing where there is none."""
        return object_in(self.folder.metrics)[0] or {}

    @property
    def kept_epoch(self) -> int | None:
        told = self.metrics.get("best_epoch")
        return told if isinstance(told, int) and told > 0 else None

    @cached_property
    def here(self) -> RunConfig:
        """The settings, with the data where they lie now."""
        now, then = self.reopening, self.config
        return replace(then, data=now.data or then.data, data_dir=now.data_dir or then.data_dir)

    @cached_property
    def read(self) -> Dataset:
        """The data with the parts they come with; where they are not found, the message says what to type."""
        try:
            return read_data(self.here)
        except ArgumentError as fault:  # of a setting, and those are not typed here
            raise UsageError(f"{self.folder.config}: {fault}") from fault
        except UsageError as fault:
            if self.reopening.data is not None:
                raise
            raise UsageError(f"{fault} If the run's data lie elsewhere now, say where with --data.") from fault

    @cached_property
    def divided(self) -> Dataset:
        """The data divided as then, as they were read."""
        dataset = divide(self.read, self.config)
        if dataset.fingerprint != self.record.get("fingerprint"):
            raise DataError(
                f"diagnose: {self.read.name} is not what {self.run} was trained on (its fingerprint differs). "
                f"Give the run's own data with --data, or score it on these with: pellucid evaluate {self.run} DATA"
            )
        return dataset

    @cached_property
    def dataset(self) -> Dataset:
        """The data held against the model's record."""
        return Holder.of(self.model, f"the model of {self.run}").hold(self.divided, own=True)

    @cached_property
    def parts(self) -> Mapping[str, Part]:
        parts = dict(self.dataset.parts)
        if self.sampled:
            strata, most = parts["train"].annotations.strata, self.reopening.train_sample
            parts["train"] = parts["train"].subset(stratified_sample(strata, most, key=Key.of(0).fold("diagnosis")))
        return parts

    @property
    def sampled(self) -> bool:
        """Whether only some of the training images are looked at."""
        return 0 < self.reopening.train_sample < len(self.dataset.part("train"))

    @property
    def dev_drawn(self) -> bool:
        return "validation" not in self.read.parts and self.read.part("train").groups is None

    @property
    def notes(self) -> Sequence[str]:
        return tuple(self.remarks())

    def remarks(self) -> Iterator[str]:
        """Which epoch is looked at, that training was stopped, groups in two parts, training images not looked at."""
        done, state = self.metrics.get("epochs"), str(self.metrics.get("state"))
        if self.kept_epoch is not None:
            yield f"the model is that of epoch {self.kept_epoch}" + (f" of {done}" if isinstance(done, int) else "")
        if state.startswith("stopped") and not state.startswith("stopped early"):
            path = shlex.quote(self.folder.path.as_posix())
            yield f"training was {state}; go on with: pellucid train --resume {path}"
        leaking = leaking_groups(self.dataset)
        if leaking:
            yield (f"{len(leaking):,} groups are in several parts, e.g. '{next(iter(leaking))}': the gaps look smaller "
                   "than they are")  # fmt: skip
        if self.sampled:
            of = len(self.dataset.part("train"))
            yield f"the training error is that of {self.reopening.train_sample:,} of {of:,} training images"

    @cached_property
    def engine(self) -> Engine:
        return engine_of(self.folder, self.reopening.engine)

    @cached_property
    def state(self) -> State:
        """The model's weights on the engine."""
        params, state = native_weights(self.model, self.engine)
        return {"params": params, "state": state}

    def preprocessing(self) -> Any:
        """What is done to pictures; a model that was put in the place of the run's own may say nothing of it."""
        if self.model.preprocessing is None:
            self.model.preprocessing = assumed_pipeline(self.dataset.dtype)
        return self.model.preprocessing

    def answers(self, part: str) -> Evaluation:
        threads = self.config.threads or all_or_one(self.model, self.engine, BATCH_SIZE)
        with limited_threads(threads), np.errstate(all="ignore"):  # numbers that are not finite are spoken of later
            return score(self.model.graph, self.engine, self.state, problem_of(self.model, self.run), self.parts[part],
                         preprocessing=self.preprocessing(), split=part)

    def inputs(self, part: str) -> Iterator[np.ndarray]:
        images, preprocessing = self.parts[part].images, self.preprocessing()
        for start in range(0, len(images), BATCH_SIZE):
            yield preprocessing.apply(images.take(np.arange(start, min(start + BATCH_SIZE, len(images)))))

    def limited(self, engine: str) -> AbstractContextManager[None]:
        flops = summarize(self.model.graph).flops
        return limited_threads(threads_for(flops, BATCH_SIZE, threads_now(engine), engine))

    def folds(self, count: int) -> CrossValidated:
        dataset = self.divided
        self.before_training()
        return cross_validate(replace(self.here, allow_leak=True), folds=count, dataset=dataset)

    def command_with(self, flags: Sequence[str], without: Sequence[str] = ()) -> str:
        gone = {"--engine", *without, *flags[::2]}  # the engine is chosen anew
        changed = self.config if without else with_flags(self.config, flags)  # with other weights all is chosen anew
        return command_of(to_type(changed, self.dataset), without=gone, also=flags)

    def command_to_check(self) -> str:
        gone = {"--engine", *map(flag_of, UNCHECKED)}
        return command_of(to_type(self.config, self.dataset), without=gone, to="check")
