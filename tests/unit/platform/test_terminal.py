import json
from datetime import date
from pathlib import Path

from dmp_assets.platform.terminal import print_json


def test_json_is_readable_and_holds_dates_and_paths_as_text(capsys):
    print_json({"on": date(2017, 1, 2), "file": Path("a/b"), "name": "Café", "none": None})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"on": "2017-01-02", "file": "a/b", "name": "Café", "none": None}
    assert "Café" in printed
