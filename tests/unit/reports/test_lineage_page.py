import json
import re

from dmp_assets.platform.lineage import RecordedColumn
from dmp_assets.reports.lineage_page import lineage_page

COLUMNS = [
    RecordedColumn("marts.features", "sales", "double", "The sales.", ("raw.lines.sales_value",)),
    RecordedColumn(
        "profiles.scores", "score", "int64", "From 1 to 5.", ("marts.features.sales",), is_traced_as_a_whole=True
    ),
]


def test_a_column_is_shown_with_what_it_is_and_what_it_comes_from():
    (found,) = re.findall(r"const columns = (\{.*\});", lineage_page(COLUMNS))
    columns = json.loads(found)
    assert columns["marts.features.sales"]["from"] == ["raw.lines.sales_value"]
    assert columns["profiles.scores.score"] == {
        "type": "int64",
        "description": "From 1 to 5.",
        "from": ["marts.features.sales"],
        "as_a_whole": True,
    }
    assert not columns["marts.features.sales"]["as_a_whole"]


def test_the_page_has_words_for_a_column_that_is_only_traced_with_its_table():
    assert "Known for the whole table only" in lineage_page(COLUMNS)
