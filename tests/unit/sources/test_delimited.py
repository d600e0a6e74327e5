import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.sources.delimited import DamagedFileError, Unread, is_totals_row, records, rows_of_cells


def read(text: str, delimiter: str = ",") -> tuple[list[tuple[int, list[str]]], list[Unread]]:
    """Return the rows below the header, and what is none."""
    unread: list[Unread] = []
    found = records(io.StringIO(text), delimiter=delimiter, quote='"', unread=unread)
    (_, header) = next(found)
    return list(rows_of_cells(found, header, delimiter=delimiter, unread=unread)), unread


@pytest.mark.parametrize(
    "broken",
    ['2,"b', '2,"b\n3,"c"', '2,"b"x', '2,b\n3,"'],
)
def test_a_quote_that_is_broken_costs_its_line_and_no_other(broken):
    text = f'a,b\n1,"x\ny"\n{broken}\n8,"h, i"\n9,j\n'
    found, unread = read(text)
    assert found[0] == (2, ["1", "x\ny"]), "a line end in quotes is one of the value"
    assert [cells for _, cells in found[-2:]] == [["8", "h, i"], ["9", "j"]]
    last = text.count("\n")
    assert [number for number, _ in found[-2:]] == [last - 1, last]
    assert [each.reason for each in unread] == ["unclosed_quote"]
    assert '"' in unread[0].line


lines = st.lists(st.sampled_from(["1,2", '3,"4"', '5,"6', '"7,8"', '9",1', '"a"b,c', ",", ""]), max_size=20)


@given(lines)
def test_every_line_with_a_value_is_read_or_told(rows):
    text = "a,b\n" + "".join(f"{row}\n" for row in rows)
    found, unread = read(text)
    places = {number for number, _ in found} | {each.row for each in unread}
    plain = {number for number, row in enumerate(rows, start=2) if row in ("1,2", '3,"4"')}
    inside = {number + extra for number, cells in found for extra in range(1, "".join(cells).count("\n") + 1)}
    assert plain <= places | inside


def test_headers_that_come_again_and_totals_are_kept_aside():
    found, unread = read(
        "Kunde;Datum;Menge;Betrag\n1;03.04.2025;2;1.234,50\n;;;\n\ufeffKunde;Datum;Menge;Betrag\n2;04.04.2025;1;5,00\n"
        ";;Summe;1.239,50\nGesamt: 2 Belege;;;1.239,50 EUR\n*** Ende ***\n",
        ";",
    )
    assert found == [(2, ["1", "03.04.2025", "2", "1.234,50"]), (5, ["2", "04.04.2025", "1", "5,00"])]
    assert [(each.row, each.reason) for each in sorted(unread)] == [
        (4, "repeated_header"),
        (6, "totals_row"),
        (7, "totals_row"),
        (8, "missing_columns"),
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Subtotal", "", "", "", "34.97", ""], True),
        (["", "", "合计", "12"], True),
        (["Grand Total:", "", "", "EUR 5.00"], True),
        (["итого", "", "5,00"], True),
        (["Total", "2025-01-01", "Total Gym", "5.00"], False),
        (["#1001", "", "", "Total Gym", "", "5.00"], False),
        (["Totalisator", "", "", "5.00"], False),
        (["Total", "", "", ""], False),
        (["Total", "5.00"], False),
    ],
)
def test_a_row_of_totals_begins_with_the_word_and_has_nothing_else_but_numbers(cells, expected):
    assert is_totals_row(cells) is expected


def test_empty_cells_behind_the_last_column_are_nothing():
    assert read("a,b\n1,2,,\n1,2,,3\n") == ([(2, ["1", "2"])], [Unread(3, "too_many_columns", "1,2,,3")])


def test_spaces_around_quotes_are_nothing_and_those_within_stay():
    text = 'a, "b"\n"1" , "x, y"\n 2, z\n"3","say ""hi"" , ""ho"" "\n'
    assert read(text) == ([(2, ["1", "x, y"]), (3, [" 2", " z"]), (4, ["3", 'say "hi" , "ho" '])], [])


def test_a_header_with_line_ends_has_its_rows_at_their_lines():
    assert read('"Order\nID","Amount\n(EUR)"\n1,2\n')[0] == [(4, ["1", "2"])]


def test_letters_with_nul_between_them_are_refused():
    with pytest.raises(DamagedFileError, match="utf-16-le"):
        read("a,b\n".encode("utf-16-le").decode("latin-1"))
    assert read("a,b\n1\0,2\n") == ([(2, ["1", "2"])], [])
