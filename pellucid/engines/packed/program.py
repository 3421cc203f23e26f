"""What of a graph runs on bits: which signs are kept as words, which products read them, what is folded behind those.

Product   QuantDense, or QuantConv2D without groups, of 8 channels or more, whose kernel is of bits
Words     a sign is kept as words when all that read it are products (Flatten between them allowed); else it stays float
Folded    product, a max pooling without a border, then batch norm and activations, each read by nobody else, up to a
          sign that is kept as words: whole numbers become bits without a float between them
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pellucid.engines.packed.products import enough
from pellucid.graph.bits import is_of_bits, is_sign
from pellucid.graph.plan import Plan, Step
from pellucid.spec.activations import ELU, ReLU, Sigmoid, Tanh
from pellucid.spec.normalization import BatchNormalization, Dropout
from pellucid.spec.operations import Unary
from pellucid.spec.pooling import MaxPooling2D
from pellucid.spec.quantized import QuantConv2D, QuantDense
from pellucid.spec.reshaping import Flatten, Rescaling

EACH_CHANNEL = (BatchNormalization, Dropout, ReLU, ELU, Sigmoid, Tanh, Unary, Rescaling)


@dataclass(frozen=True)
class Fold:
    """What lies between a product and a sign: `pool` may be None; `steps` are those of each channel alone."""

    product: Step
    pool: Step | None
    steps: tuple[Step, ...]
    flat: Step | None
    sign: Step

    @property
    def before(self) -> tuple[Step, ...]:
        """All steps that are done when the sign is."""
        return tuple(step for step in (self.product, self.pool, *self.steps, self.flat) if step is not None)


@dataclass(frozen=True)
class Program:
    """Numbers of steps: signs kept as words, products on them, and what is folded, by the number of its sign."""

    words: frozenset[int]
    products: frozenset[int]
    flats: frozenset[int]
    folds: dict[int, Fold]


def program_of(todo: Plan) -> Program:
    """What runs on bits."""
    readers: dict[int, list[Step]] = {}
    for step in todo.steps:
        for value in step.inputs:
            readers.setdefault(value, []).append(step)
    maker = {step.output: step for step in todo.steps}
    lasting = set(todo.outputs.values())
    signs = {step.number: step for step in todo.steps if is_sign(step.spec)}
    words = {number for number, step in signs.items()
             if step.output not in lasting and all_products(step, todo, readers, lasting)}  # fmt: skip
    flats, products = set(), set()
    for number in words:
        for step in readers[signs[number].output]:
            if isinstance(step.spec, Flatten):
                flats.add(step.number)
                products |= {each.number for each in readers[step.output]}
            else:
                products.add(step.number)
    counts = Counter(value for step in todo.steps for value in step.inputs)
    folds = {}
    for number in words:
        fold = behind(signs[number], maker, products, counts, lasting, todo)
        if fold is not None:
            folds[number] = fold
    return Program(frozenset(words), frozenset(products), frozenset(flats), folds)


def all_products(step: Step, todo: Plan, readers: dict[int, list[Step]], lasting: set[int]) -> bool:
    """Whether only products of bits read what a step makes; through Flatten where the channels fill their words."""
    found = readers.get(step.output, [])
    full = (todo.shapes[step.output][-1] or 0) % 64 == 0
    return bool(found) and all(
        is_product(each, todo) or (isinstance(each.spec, Flatten) and full and each.output not in lasting
                                   and all(is_product(one, todo) for one in readers.get(each.output, [])))
        for each in found
    )  # fmt: skip


def is_product(step: Step, todo: Plan) -> bool:
    """Whether a step may multiply words."""
    spec, shape = step.spec, todo.shapes[step.inputs[0]] if step.inputs else ()
    if not isinstance(spec, (QuantDense, QuantConv2D)) or spec.quantizer is None or not enough(shape[-1] or 0):
        return False
    return len(shape) == 1 if isinstance(spec, QuantDense) else spec.groups == 1


def kept_as_floats(todo: Plan, program: Program) -> dict[str, str]:
    """Why each layer with a kernel of bits that is no product of words is none."""
    signs = {step.output for step in todo.steps if is_sign(step.spec)}
    return {step.layer: why(step, todo, signs) for step in todo.steps
            if is_of_bits(step.spec) and step.number not in program.products}  # fmt: skip


def why(step: Step, todo: Plan, signs: set[int]) -> str:
    """What keeps a layer from multiplying words."""
    if not isinstance(step.spec, (QuantDense, QuantConv2D)):
        return "depthwise"
    if step.spec.groups > 1 if isinstance(step.spec, QuantConv2D) else len(todo.shapes[step.inputs[0]]) != 1:
        return "groups" if isinstance(step.spec, QuantConv2D) else "more axes than one"
    if not enough(todo.shapes[step.inputs[0]][-1] or 0):
        return "fewer than 8 channels"
    if step.inputs[0] in signs:
        return "others read its signs too"
    return "what comes in are no words of signs"


def behind(
    sign: Step, maker: dict[int, Step], products: set[int], counts: Counter[int], lasting: set[int], todo: Plan
) -> Fold | None:
    """What can be folded into a sign; None where no product comes before it, or something else reads on the way."""
    steps: list[Step] = []
    pool = flat = None
    step = maker.get(sign.inputs[0])
    while step is not None and step.number not in products:
        if counts[step.output] != 1 or step.output in lasting:
            return None
        full = (todo.shapes[step.inputs[0]][-1] or 0) % 64 == 0 if step.inputs else False
        if isinstance(step.spec, Flatten) and full and not steps and flat is None:
            flat = step
        elif isinstance(step.spec, MaxPooling2D) and step.spec.padding == "valid" and pool is None:
            pool = step
        elif isinstance(step.spec, EACH_CHANNEL) and pool is None:
            steps.insert(0, step)
        else:
            return None
        step = maker.get(step.inputs[0]) if step.inputs else None
    if step is None or counts[step.output] != 1 or step.output in lasting:
        return None
    return Fold(step, pool, tuple(steps), flat, sign)
