"""Keras's own test files on Pellucid's public names: which items pass, which stop at what is not there.

Run with   python -m benchmarks.keras_names.own_tests [WORD ...]      the files whose path has one of the words
Without words it writes benchmarks/results/keras-own-tests.json. An item passes, ends in another number (an assertion of
its own fails), or is stopped by a name, an argument or a refusal; items that test Keras's machinery are left out, each
with the reason.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import sys
import unittest
import warnings
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ["KERAS_BACKEND"] = "numpy"

RESULT = Path(__file__).parents[1] / "results" / "keras-own-tests.json"
FOLDERS = ("activations", "callbacks", "constraints", "initializers", "layers", "losses", "metrics", "models",
           "optimizers", "regularizers", "utils")  # fmt: skip
LEFT_OUT = {  # of a file's path or an item's name: why it is not applicable
    r"^bounding_boxes/": "boxes of Keras's inner converters",
    r"quanti|gptq|awq|int8|int4|float8|ternary": "quantisation, refused on purpose",
    r"lora": "LoRA, refused on purpose",
    r"sparse_tensor|ragged|_sparse_\d|sparse_input|sparse_variable|optimizer_sparse":
        "sparse or ragged tensors of TensorFlow",
    r"channels_first": "channels first, refused on purpose",
    r"dtype_polic|mixed_precision|float16|bfloat16|autocast|_dtype|loss_scal|overwrite_with_gradient":
        "Keras's machinery of number types",
    r"tf_data|tensorflow|_tf_|saved_model|tfsm|jax|flax|torch|openvino|onnx|orbax": "another framework",
    r"validate_float|jit|symbolic_call|stateless|distribut|remat|memory|pickle|weak|thread|sharding":
        "Keras's machinery",
    r"legacy|backend_utils|python_utils|jax_layer|module_utils|tracking|traceback|code_stats|rng_utils":
        "Keras's machinery",
    r"naming|auto_track|config_v|io_utils|progbar_|audio_dataset|text_dataset|timeseries|grain": "not of pictures",
}


def source_of(path: Path) -> ast.Module:
    """The file with its imports of Keras turned into look-ups."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    body: list[ast.stmt] = []
    for line in tree.body:
        if isinstance(line, ast.ImportFrom) and (line.module or "").partition(".")[0] == "keras":
            for alias in line.names:
                text = f"{alias.asname or alias.name} = named({line.module!r}, {alias.name!r})"
                body += ast.parse(text).body
        elif isinstance(line, (ast.Import, ast.ImportFrom)) and elsewhere(line):
            for alias in line.names:
                body += ast.parse(f"{alias.asname or alias.name.partition('.')[0]} = elsewhere({alias.name!r})").body
        elif isinstance(line, ast.Import) and any(alias.name.startswith("keras") for alias in line.names):
            body += ast.parse("import pellucid as keras").body
        else:
            body.append(line)
    tree.body = body
    return tree


def elsewhere(line: ast.Import | ast.ImportFrom) -> bool:
    """Whether a line imports another framework, or the set-up of Keras's own suite."""
    names = [line.module or ""] if isinstance(line, ast.ImportFrom) else [alias.name for alias in line.names]
    return any(name.partition(".")[0] in ("tensorflow", "jax", "torch", "grain", "conftest") for name in names)


def items_of(path: Path) -> list[unittest.TestCase]:
    """The items of a test file; none where the file itself asks for what is not there."""
    from benchmarks.keras_names.standing_in import TestCase, elsewhere, named

    scope: dict[str, Any] = {"__name__": f"keras_tests.{path.stem}", "__file__": str(path), "named": named,
                             "elsewhere": elsewhere}
    exec(compile(source_of(path), str(path), "exec"), scope)
    loader = unittest.TestLoader()
    found: list[unittest.TestCase] = []
    for entry in list(scope.values()):
        if isinstance(entry, type) and issubclass(entry, unittest.TestCase) and entry is not TestCase:
            found += list(loader.loadTestsFromTestCase(entry))
    return found


def reason_to_leave(path: Path, item: str) -> str | None:
    """Why an item is not applicable, None where it is."""
    text = f"{path.parent.name}/{path.stem}.{item}".lower()
    return next((why for pattern, why in LEFT_OUT.items() if re.search(pattern, text)), None)


def marked_out(item: unittest.TestCase) -> bool:
    """Whether the item's own marks say that this backend is not meant."""
    method = getattr(item, item._testMethodName)
    marks = [*getattr(method, "pytestmark", ()), *getattr(type(item), "pytestmark", ())]
    return any(mark.name == "skip" or (mark.name == "skipif" and mark.args and bool(mark.args[0])) for mark in marks)


def outcome_of(item: unittest.TestCase) -> tuple[str, str]:
    """(passed, other number, stopped or skipped, by what)."""
    result = unittest.TestResult()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        item.run(result)
    if result.skipped:
        return "skipped", result.skipped[0][1]
    if result.errors:
        told = result.errors[0][1]
        if "Channels come last" in told or "Pellucid keeps channels last" in told:
            return "left out", "channels first, refused on purpose"
        if asks_inner(last_line(told)):
            return "left out", "asks an inner module of Keras"
        if "rows are always whole" in told or "Sparse is unsupported" in told:
            return "left out", "sparse or ragged tensors of TensorFlow"
        if "Skipped: " in told:
            return "skipped", ""
        return "stopped", last_line(told)
    if result.failures:
        told = result.failures[0][1]
        numbers = "Not equal to tolerance" in told or "Arrays are not" in told
        return ("other number" if numbers else "stopped"), last_line(told)
    return "passed", ""


def asks_inner(told: str) -> bool:
    """Whether an item stopped at a name that is not on Keras's public pages, or at one that begins with _."""
    if re.search(r"AttributeError: .* has no attribute '_[a-z]", told) or "NotHereError: backend." in told:
        return True
    found = re.search(r"NotHereError: ([\w.]+)$", told)
    return bool(found) and "." in found[1] and found[1].rpartition(".")[2] not in public_names()


@cache
def public_names() -> frozenset[str]:
    """All names of Keras's public pages."""
    import keras

    pages = [keras, *(getattr(keras, name) for name in dir(keras) if isinstance(getattr(keras, name), ModuleType))]
    inner = [getattr(page, name) for page in pages[1:] for name in dir(page)]
    pages += [page for page in inner if isinstance(page, ModuleType) and page.__name__.startswith("keras")]
    return frozenset(name for page in pages if ".src" not in page.__name__ for name in dir(page))


def last_line(text: str) -> str:
    """What an error says, short."""
    lines = [line for line in text.strip().splitlines() if line and not line.startswith(" ")]
    return next((line for line in reversed(lines) if "Error" in line), lines[-1])[:160]


def measured(words: list[str]) -> dict[str, Any]:
    """The outcome of every item, by folder, and what stopped most."""
    import keras

    root = Path(keras.__file__).parent / "src"
    outcomes: dict[str, Counter[str]] = {}
    stops: Counter[str] = Counter()
    left: Counter[str] = Counter()
    others: list[str] = []
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*_test.py")):
        if words and not any(word in str(path) for word in words):
            continue
        folder = path.relative_to(root).parts[0]
        counts = outcomes.setdefault(folder, Counter())
        try:
            items = items_of(path)
        except Exception as fault:
            why = reason_to_leave(path, "")
            names = re.findall(r"^    def test_", path.read_text(encoding="utf-8"), re.MULTILINE)
            if why:
                left[why] += len(names)
            else:
                counts["stopped"] += len(names)
                stops[f"{type(fault).__name__}: {fault}"[:160]] += len(names)
            continue
        for item in items:
            why = reason_to_leave(path, item._testMethodName) or ("its own marks" if marked_out(item) else None)
            kind, text = ("left out", why) if why else outcome_of(item)
            if kind == "skipped":
                kind, why = "left out", "skips itself"
            elif kind == "left out" and not why:
                why = text
            if kind == "left out":
                left[str(why)] += 1
                continue
            counts[kind] += 1
            if kind == "stopped":
                stops[text] += 1
            if kind == "other number":
                others.append(f"{path.stem}.{item._testMethodName}: {text}")
            if words and kind != "passed":
                print(kind, f"{path.stem}.{item._testMethodName}", text)
    total = sum(outcomes.values(), Counter())
    applicable = sum(total.values())
    return {
        "keras": keras.__version__, "applicable": applicable, **total, "share": round(total["passed"] / applicable, 4),
        "by folder": {name: dict(counts) for name, counts in outcomes.items()}, "left out": dict(left.most_common()),
        "other numbers": others, "stopped by": dict(stops.most_common(60)),
    }  # fmt: skip


def main() -> None:
    """Measure, print and write."""
    words = sys.argv[1:]
    found = measured(words)
    if not words:
        RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print({key: value for key, value in found.items() if key not in ("stopped by", "other numbers")})
    for text, count in list(found["stopped by"].items())[:40]:
        print(f"{count:5} {text}")
    print(*found["other numbers"], sep="\n")


if __name__ == "__main__":
    main()
