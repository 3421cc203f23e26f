"""Where the engine computes and in which numbers: the words of --device and --precision, and what a GPU keeps to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache

import torch

from pellucid.errors import ArgumentError, TrainingError, describe, shown

LOG = logging.getLogger("pellucid")

# storage of weights and slots, and what layers compute in; losses and batch statistics are float32 at least
PRECISIONS = {
    "float32": (torch.float32, torch.float32),
    "float64": (torch.float64, torch.float64),
    "bfloat16": (torch.float32, torch.bfloat16),
}


def precision_named(word: str) -> tuple[torch.dtype, torch.dtype]:
    """(storage, compute); raises ArgumentError for an unknown word."""
    if word not in PRECISIONS:
        wanted = "'float32', 'float64' or 'bfloat16'"
        raise ArgumentError(describe("PyTorchEngine", "precision", wanted, shown(repr(word))))
    return PRECISIONS[word]


def device_named(word: str) -> torch.device:
    """The device of a word; raises ArgumentError when it is unknown or not there."""
    if word not in ("auto", "cpu", "cuda"):
        raise ArgumentError(describe("PyTorchEngine", "device", "'auto', 'cpu' or 'cuda'", shown(repr(word))))
    there = torch.cuda.is_available()
    if word == "cuda" and not there:
        remedy = "Pass device='cpu', or install a PyTorch built for CUDA on a machine with an NVIDIA GPU."
        raise ArgumentError(describe("PyTorchEngine", "device", "a GPU that PyTorch can use", "none", remedy))
    return torch.device("cuda" if word == "cuda" or (word == "auto" and there) else "cpu")


@cache
def say_that_bfloat16_is_slow() -> None:
    """Say once where a processor has no instructions for it: a training step then takes 2 to 4 times as long."""
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        LOG.warning("This processor has no instructions for bfloat16: float32 is faster here.")


def exact(device: torch.device) -> AbstractContextManager[None]:
    """On a GPU: convolutions in full float32, and the same bits in every run."""
    if device.type != "cuda":
        return nullcontext()
    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)


@contextmanager
def memory_for(samples: int) -> Iterator[None]:
    """Turn a device's lack of memory into a TrainingError that says the batch size and a smaller one."""
    try:
        yield
    except torch.OutOfMemoryError:
        remedy = f"Try a batch size of {max(1, samples // 2)}."
        raise TrainingError(f"the device has not enough memory for a batch of {samples}. {remedy}") from None
