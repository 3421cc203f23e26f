"""A picture of several files is shown by the name of any of them, as it is asked about by it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.finding import find_pictures
from pellucid.data.options import Options
from pellucid.errors import UsageError


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Two wells of two channels, a file each."""
    for name in ("ctl/B03_w1", "ctl/B03_w2", "drug/B03_w1", "drug/B03_w2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 4), 9, np.uint8)).save(tmp_path / f"{name}.png")
    return tmp_path


def test_the_file_of_a_channel_names_its_picture(plate: Path) -> None:
    options = Options(channels="w1=DNA,w2=actin")
    for name in ("ctl/B03_w1.png", "ctl/B03_w2.png", "ctl/B03.png", "ctl/B03"):
        (found,), left = find_pictures(str(plate), name, options)
        assert found.name == "ctl/B03.png"
        assert found.read(left)[1] == ("DNA", "actin")


@pytest.mark.parametrize(("name", "said"), [("B03_w1.png", "2 pictures"), ("ctl/B03_w3.png", "no picture")])
def test_a_file_that_names_no_picture_or_two_is_refused(plate: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_pictures(str(plate), name, Options(channels="w1=DNA,w2=actin"))
