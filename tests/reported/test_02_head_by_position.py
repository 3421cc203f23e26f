"""Going on from a model on data whose classes stand in another order, or are others: by name, never by place."""

from __future__ import annotations

import re
from collections.abc import Callable


def test_02(case: Callable[[str], str]) -> None:
    said = case("02-head-by-position")
    right = re.findall(r"FILE on (base|permuted).*?\n(?:.*\n)*?epoch 1/1 .*?val_accuracy ([\d.]+)", said)
    assert right == [("base", "1.0000")] * 2 + [("permuted", "1.0000")] * 2, said
    assert len(re.findall(r"^head .* put in the order of the data's classes$", said, re.M)) == 2, said
    assert re.search(r"pellucid: --model r/model.safetensors is for other classes .*'dog'.*--new-head", said), said
    assert re.search(r"^head   made anew: the file is for other classes", said, re.M), said
