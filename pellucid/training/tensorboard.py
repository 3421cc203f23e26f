"""TensorBoard: files of events that `tensorboard --logdir logs` draws, with Keras's folders, tags and steps.

Folders   log_dir/train and log_dir/validation
Tags      epoch_loss and the other names of the history, at the epoch; epoch_learning_rate; batch_loss ... at the step;
          evaluation_loss_vs_iterations; LAYER/WEIGHT/histogram and /image; the network under Graphs
Needs     tensorboardX, which writes the format: pip install "pellucid[tensorboard]"
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError, UsageError, describe, shown
from pellucid.storage.writer import make_folder
from pellucid.training.arguments import flag, spoken, whole
from pellucid.training.callback import Callback, Logs
from pellucid.training.checkpoints import path_of


class TensorBoard(Callback):
    """Writes scalars each epoch (update_freq "epoch") or every so many batches ("batch", a number) for TensorBoard.

    histogram_freq=k writes histograms of the weights every k epochs, write_images pictures of them too; write_graph
    draws the network. Profiles and embeddings are refused. Raises UsageError where tensorboardX is not installed.
    """

    @spoken
    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: int = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        where = "TensorBoard"
        self.log_dir = Path(path_of(where, "log_dir", log_dir))
        self.histogram_freq = whole(where, "histogram_freq", histogram_freq or 0, 0)
        self.write_graph, self.write_images = flag(where, "write_graph", write_graph), flag(where, "write_images",
                                                                                           write_images)  # fmt: skip
        self.write_steps_per_second = flag(where, "write_steps_per_second", write_steps_per_second)
        if isinstance(update_freq, str) and update_freq not in ("epoch", "batch"):
            wanted = "'epoch', 'batch' or a number of batches"
            raise ArgumentError(describe(where, "update_freq", wanted, shown(repr(update_freq))))
        every = {"epoch": 0, "batch": 1}.get(update_freq, update_freq) if isinstance(update_freq, str) else update_freq
        self.every = whole(where, "update_freq", every, 0)
        for name, given, remedy in (
            ("profile_batch", profile_batch, "Time a fit with Python's cProfile."),
            ("embeddings_freq", embeddings_freq, "Write features with predict and numpy.save."),
            ("embeddings_metadata", embeddings_metadata, ""),
        ):
            if given:
                raise ArgumentError(describe(where, name, "left out", shown(repr(given)), remedy))
        writer_class()
        self.writers: dict[str, Any] = {}
        self.seen = self.steps = 0
        self.began = 0.0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if self.write_graph and not self.writers:
            draw_network(self._writer("train"), self.model.graph)
        self._writer("train")

    def on_train_end(self, logs: Logs | None = None) -> None:
        for writer in self.writers.values():
            writer.close()
        self.writers = {}

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.began, self.steps = time.perf_counter(), 0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.seen += 1
        self.steps += 1
        if self.every and self.seen % self.every == 0:
            for name, value in (logs or {}).items():
                self._writer("train").add_scalar(f"batch_{name}", value, self.seen)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        told = {"learning_rate": float(self.model.optimizer.learning_rate), **(logs or {})}
        train = self._writer("train")
        for name, value in told.items():
            if not name.startswith("val_"):
                train.add_scalar(f"epoch_{name}", value, epoch)
            else:
                self._writer("validation").add_scalar(f"epoch_{name[4:]}", value, epoch)
        if self.write_steps_per_second and self.steps:
            rate = self.steps / max(time.perf_counter() - self.began, 1e-9)
            train.add_scalar("epoch_steps_per_second", rate, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for key, value in self.model.weights_by_key().items():
                train.add_histogram(f"{key}/histogram", np.asarray(value), epoch)
                if self.write_images and (pictures := as_pictures(np.asarray(value))) is not None:
                    train.add_images(f"{key}/image", pictures, epoch, dataformats="NHWC")
        for writer in self.writers.values():
            writer.flush()

    def on_test_end(self, logs: Logs | None = None) -> None:
        step = int(self.model.optimizer.iterations)
        for name, value in (logs or {}).items():
            self._writer("validation").add_scalar(f"evaluation_{name}_vs_iterations", value, step)
        self._writer("validation").flush()

    def _writer(self, part: str) -> Any:
        """What writes into the folder of a part, made when first asked for."""
        if part not in self.writers:
            make_folder(self.log_dir / part)
            self.writers[part] = writer_class()(str(self.log_dir / part))
        return self.writers[part]


def writer_class() -> Any:
    """tensorboardX's writer; raises UsageError where it is not installed."""
    try:
        from tensorboardX import SummaryWriter
    except ImportError as fault:
        remedy = 'Type: pip install "pellucid[tensorboard]", or use CSVLogger(...).'
        raise UsageError(f"TensorBoard: tensorboardX must be installed, which writes its files. {remedy}") from fault
    return SummaryWriter


def as_pictures(weight: np.ndarray) -> np.ndarray | None:
    """A weight as pictures (N, H, W, 1) in 0..1, as Keras lays them out; None for more than three axes."""
    w = np.squeeze(weight)
    if w.ndim == 2 and w.shape[0] > w.shape[1]:
        w = w.T
    if w.ndim not in (1, 2, 3) or not w.size:
        return None
    w = w.reshape(1, *(w.shape if w.ndim == 2 else (w.shape[0], 1))) if w.ndim < 3 else np.moveaxis(w, -1, 0)
    spread = float(np.ptp(w))
    scaled: np.ndarray = (w - w.min()) / (spread or 1.0)
    return scaled[..., None].astype(np.float32)


def draw_network(writer: Any, graph: Any) -> None:
    """The layers and what each reads, for the tab Graphs."""
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.proto.graph_pb2 import GraphDef
    from tensorboardX.proto.node_def_pb2 import NodeDef
    from tensorboardX.proto.versions_pb2 import VersionDef

    from pellucid.graph.summary import summarize

    nodes = [NodeDef(name=row.name, op=row.kind, input=list(row.inputs)) for row in summarize(graph).rows]
    drawn = GraphDef(node=nodes, versions=VersionDef(producer=22))
    writer._get_file_writer().add_event(Event(graph_def=drawn.SerializeToString()))
