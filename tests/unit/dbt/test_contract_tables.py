import pytest
import yaml
from pydantic import ValidationError

from dmp_assets.dbt import currencies
from dmp_assets.dbt.contract_tables import AMOUNT, DOCS_FILE, MACRO_FILE, Contract, contract, docs_text, macro_text
from dmp_assets.platform.project import PACKAGE_DIR


def test_the_generated_files_are_current():
    assert MACRO_FILE.read_text(encoding="utf-8") == macro_text(), "run `make graph`"
    assert DOCS_FILE.read_text(encoding="utf-8") == docs_text(), "run `make graph`"
    assert currencies.MACRO_FILE.read_text(encoding="utf-8") == currencies.macro_text(), "run `make graph`"


def test_the_macro_holds_every_table_with_its_columns_in_their_order():
    start = macro_text().index("{%- set tables = ") + len("{%- set tables = ")
    text = macro_text()[start : macro_text().index("-%}", start)]
    tables = yaml.safe_load(text.replace("var('amount_type')", f"'{AMOUNT}'"))
    assert {name: list(types.items()) for name, types in tables.items()} == {
        name: list(table.types.items()) for name, table in contract().tables.items()
    }


def test_every_column_that_is_scaffolded_has_its_text_and_every_key_is_a_column():
    docs = "".join(file.read_text(encoding="utf-8") for file in (PACKAGE_DIR / "docs").glob("*.md"))
    for name, table in contract().tables.items():
        assert set(table.key) <= set(table.columns), name
        for column in table.columns if table.fields else ():
            assert f"docs {column} %" in docs, f"{name}.{column}"


def test_what_is_personal_is_marked_in_every_table_alike():
    marks = {
        (column, table.columns[column].personal) for table in contract().tables.values() for column in table.columns
    }
    assert len({column for column, _ in marks}) == len(marks)
    assert ("customer_id", True) in marks


def test_an_entry_that_is_not_known_is_refused():
    with pytest.raises(ValidationError, match="sinonyms"):
        Contract.model_validate(
            {
                "tables": {"x": {"rows": "One row.", "key": [], "columns": {"a": {"sinonyms": ["b"]}}}},
            }
        )
