"""Learning rates over time: a rate is a function of the step, the number of updates made so far.

To anneal by epochs, pass decay_steps = steps per epoch. The sources' forms: step decay (half each 5 epochs,
tenth each 20), exponential a0 e^-kt, inverse a0 / (1 + kt), 0.95^epoch, k / sqrt(epoch); on plateau is a callback.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from pellucid.errors import ArgumentError, describe
from pellucid.spec.base import Help, Spec, Table
from pellucid.spec.legal import Flag, Illegal, Integer, Optional, Rates, Real, Rising, Text, legal

RATE = Real(0.0)


class LearningRateSchedule:
    """A schedule of one's own: write __call__(self, step), which gives the rate of update number `step`.

    A file keeps no code: a model saved with one goes on with the rate of step 0 until it is compiled again.
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate of update number `step`, counted from 0."""
        raise ArgumentError(f"{type(self).__name__}: write __call__(self, step) in your class.")

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The schedule that `get_config` told of."""
        return cls(**config)

    def plain(self) -> float:
        """What a file keeps."""
        return float(self(0))


@dataclass(frozen=True)
class Schedule(Spec, LearningRateSchedule):
    """What all schedules are."""

    kind = "schedule"
    later: ClassVar[tuple[str, ...]] = ("name",)
    _: KW_ONLY
    name: str | None = legal(Optional(Text()), None, by_keyword=True, printed=False)

    def rate(self, step: int) -> float:
        """The learning rate of update number `step`, counted from 0."""
        raise NotImplementedError

    def __call__(self, step: Any) -> float:
        """The same, as Keras writes it."""
        return self.rate(int(step))


Schedule.__doc__ = Help(Schedule.__doc__)  # type: ignore[assignment]
SCHEDULES: Table[Schedule] = Table("schedule")


class Rate:
    """The rule of a `learning_rate`: a number or a schedule."""

    wanted = "a number >= 0 or a schedule"
    bad: tuple[Any, ...] = (-0.1, math.nan, "fast", None)

    def check(self, value: Any) -> float | LearningRateSchedule:
        if isinstance(value, Mapping):
            return SCHEDULES.revive(value)
        if isinstance(value, LearningRateSchedule):
            return value
        if isinstance(value, Spec):
            raise Illegal
        return RATE.check(value)


def rate_at(learning_rate: float | LearningRateSchedule, step: int) -> float:
    """The rate of one update, whichever form was given."""
    if isinstance(learning_rate, Schedule):
        return learning_rate.rate(step)
    if isinstance(learning_rate, LearningRateSchedule):
        return RATE.check(learning_rate(step))
    return learning_rate


def _power(factor: float, times: float) -> float:
    """factor^times, infinite where Python has no float for it: training then ends in the sentence for such a rate."""
    try:
        return math.pow(factor, times)
    except OverflowError:
        return math.inf


@SCHEDULES.register()
@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """a0 * decay_rate^(step / decay_steps); staircase takes whole powers, which is also step decay."""

    initial_learning_rate: float = legal(RATE)
    decay_steps: int = legal(Integer(1))
    decay_rate: float = legal(Real(0.0))
    staircase: bool = legal(Flag(), False)

    def rate(self, step: int) -> float:
        power = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate * _power(self.decay_rate, power)


@SCHEDULES.register()
@dataclass(frozen=True)
class InverseTimeDecay(Schedule):
    """a0 / (1 + decay_rate * step / decay_steps)."""

    initial_learning_rate: float = legal(RATE)
    decay_steps: int = legal(Integer(1))
    decay_rate: float = legal(Real(0.0))
    staircase: bool = legal(Flag(), False)

    def rate(self, step: int) -> float:
        time = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * time)


@SCHEDULES.register()
@dataclass(frozen=True)
class InverseSquareRootDecay(Schedule):
    """a0 / sqrt(1 + step // decay_steps): k / sqrt(epoch), epochs counted from 1."""

    initial_learning_rate: float = legal(RATE)
    decay_steps: int = legal(Integer(1))

    def rate(self, step: int) -> float:
        return self.initial_learning_rate / math.sqrt(1 + step // self.decay_steps)


@SCHEDULES.register()
@dataclass(frozen=True)
class PolynomialDecay(Schedule):
    """From a0 to end_learning_rate along (1 - step / decay_steps)^power; power 1 is a straight line.

    With `cycle` decay_steps grows by itself once more whenever it is passed.
    """

    later = ("cycle", *Schedule.later)
    initial_learning_rate: float = legal(RATE)
    decay_steps: int = legal(Integer(1))
    end_learning_rate: float = legal(RATE, 1e-4)
    power: float = legal(Real(0.0), 1.0)
    cycle: bool = legal(Flag(), False)

    def rate(self, step: int) -> float:
        steps = self.decay_steps * (max(1, -(-step // self.decay_steps)) if self.cycle else 1)
        left = 1 - min(step, steps) / steps
        share = math.pow(left, self.power)
        return (self.initial_learning_rate - self.end_learning_rate) * share + self.end_learning_rate


@SCHEDULES.register()
@dataclass(frozen=True)
class CosineDecay(Schedule):
    """Half a cosine from a0 to alpha * a0.

    With a `warmup_target` a first rises to it from a0 along a straight line over `warmup_steps`, and the cosine begins
    there. Source: Loshchilov & Hutter 2017, eq. 5.
    """

    initial_learning_rate: float = legal(RATE)
    decay_steps: int = legal(Integer(1))
    alpha: float = legal(Real(0.0, 1.0), 0.0)
    warmup_target: float | None = legal(Optional(RATE), None)
    warmup_steps: int = legal(Integer(0), 0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.warmup_steps and self.warmup_target is None:
            remedy = "Pass CosineDecay(0.0, ..., warmup_target=RATE) for a rise from 0 to RATE."
            raise ArgumentError(describe("CosineDecay", "warmup_target", "given with warmup_steps", "None", remedy))

    def rate(self, step: int) -> float:
        start, top = self.initial_learning_rate, self.warmup_target
        if top is not None and step < self.warmup_steps:
            return (top - start) * (step / self.warmup_steps) + start
        done = min(step - self.warmup_steps, self.decay_steps) / self.decay_steps
        share = (1 - self.alpha) * 0.5 * (1 + math.cos(math.pi * done)) + self.alpha
        return (start if top is None else top) * share

    @classmethod
    def revived(cls, fields: dict[str, Any]) -> Any:
        """A file from before there was a target means the older rise by `warmup_steps`."""
        older = fields.get("warmup_steps") and "warmup_target" not in fields
        return RisingCosineDecay(**fields) if older else cls(**fields)


@SCHEDULES.register()
@dataclass(frozen=True)
class RisingCosineDecay(Schedule):
    """Half a cosine from a0 to alpha * a0 after a rise a0 (step + 1) / warmup_steps, for files that hold one."""

    initial_learning_rate: float = legal(RATE)
    decay_steps: int = legal(Integer(1))
    alpha: float = legal(Real(0.0, 1.0), 0.0)
    warmup_steps: int = legal(Integer(1), 1)

    def rate(self, step: int) -> float:
        if step < self.warmup_steps:
            return self.initial_learning_rate * (step + 1) / self.warmup_steps
        return CosineDecay(self.initial_learning_rate, self.decay_steps, self.alpha).rate(step - self.warmup_steps)


@SCHEDULES.register()
@dataclass(frozen=True)
class CosineDecayRestarts(Schedule):
    """Half a cosine from a0 to alpha * a0 over first_decay_steps, then again and again.

    Each takes t_mul times the steps of the one before, from m_mul times its rate. Source: Loshchilov & Hutter 2017.
    """

    initial_learning_rate: float = legal(RATE)
    first_decay_steps: int = legal(Integer(1))
    t_mul: float = legal(Real(1.0), 2.0)
    m_mul: float = legal(Real(0.0), 1.0)
    alpha: float = legal(Real(0.0, 1.0), 0.0)

    def rate(self, step: int) -> float:
        done, length, restarts = float(step), float(self.first_decay_steps), 0
        if self.t_mul == 1:
            restarts, done = int(done // length), done % length
        while done >= length:
            done, length, restarts = done - length, length * self.t_mul, restarts + 1
        share = 0.5 * _power(self.m_mul, restarts) * (1 + math.cos(math.pi * done / length))
        return self.initial_learning_rate * ((1 - self.alpha) * share + self.alpha)


@SCHEDULES.register()
@dataclass(frozen=True)
class PiecewiseConstantDecay(Schedule):
    """values[k] up to and with step boundaries[k], the last value after the last boundary."""

    boundaries: tuple[int, ...] = legal(Rising())
    values: tuple[float, ...] = legal(Rates())

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.values) != len(self.boundaries) + 1:
            wanted = f"{len(self.boundaries) + 1} numbers, one more than boundaries"
            raise ArgumentError(describe("PiecewiseConstantDecay", "values", wanted, f"{len(self.values)}"))

    def rate(self, step: int) -> float:
        return self.values[sum(step > boundary for boundary in self.boundaries)]


@SCHEDULES.register()
@dataclass(frozen=True)
class OneCycle(Schedule):
    """Half a cosine up from a / div_factor to a over pct_start of the steps, and one down to a / div / final_div.

    torch's OneCycleLR. Source: Smith & Topin 2018, "Super-convergence".
    """

    max_learning_rate: float = legal(RATE)
    total_steps: int = legal(Integer(2))
    pct_start: float = legal(Real(0.0, 1.0, open_low=True, open_high=True), 0.3)
    div_factor: float = legal(Real(1.0), 25.0)
    final_div_factor: float = legal(Real(1.0), 1e4)

    def rate(self, step: int) -> float:
        first = self.max_learning_rate / self.div_factor
        top = self.pct_start * self.total_steps - 1
        if step < top:
            return _between(first, self.max_learning_rate, step / top)
        done = min((step - top) / (self.total_steps - 1 - top), 1.0)
        return _between(self.max_learning_rate, first / self.final_div_factor, done)


def _between(start: float, end: float, done: float) -> float:
    """Along half a cosine."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * done))


@SCHEDULES.register()
@dataclass(frozen=True)
class WarmUp(Schedule):
    """Another schedule, or a number, times (step + 1) / warmup_steps while that is below 1.

    Source: Goyal et al. 2017, section 2.2.
    """

    learning_rate: float | Schedule = legal(Rate())
    warmup_steps: int = legal(Integer(1))

    def rate(self, step: int) -> float:
        return rate_at(self.learning_rate, step) * min(1.0, (step + 1) / self.warmup_steps)
