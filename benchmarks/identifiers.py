"""The search for direct identifiers: what the longest allowed event costs, whatever it holds, and a million texts of a table.

    .venv/bin/python -m benchmarks.identifiers

Processor time, the least of five rounds. An event has 32 KB.
"""

import random
import time
from collections.abc import Callable

import duckdb
import orjson

from dmp_assets.privacy.identifiers import clean
from dmp_assets.privacy.suspects import suspects
from dmp_assets.privacy.texts import Search

LENGTH = 32_000
SEARCH = Search(countries=("DE",))
_RANDOM = random.Random(1)  # noqa: S311 - the same texts each time

REPEATED = {
    "e-mail addresses": "a@b.cc ",
    "signs of one": "@",
    "signs and letters": "x@",
    "Chinese prose": "这是一个很长的句子，没有任何个人信息。",
    "Chinese prose with signs": "这是一个很长的句子@",
    "digits": "1",
    "digits and gaps": "1 ",
    "telephone numbers": "0170 1234567 ",
    "international ones": "+491701234567 ",
    "cards": "4111 1111 1111 1111 ",
    "accounts with a wrong checksum": "DE89 3704 0044 0532 0130 01 ",
    "dates": "2024-01-02 ",
    "ids": "ab12345678 ",
    "percent-encoded signs": "%40",
    "percent-encoded letters": "%41",
    "encoded twice": "%25",
    "parameters": "&aa=b",
    "colons": "1::1 ",
    "full-width letters": "＠ａ．ｃｏｍ",
}


def _random(letters: str) -> dict:
    return {"text": "".join(_RANDOM.choice(letters) for _ in range(LENGTH - 2_000))}


EVENTS: dict[str, dict] = {
    "x with a sign": {"text": "x" * (LENGTH - 1_000) + "@"},
    **{
        name: {"text": (part * (LENGTH // len(part.encode()) + 1)).encode()[:LENGTH].decode(errors="ignore")}
        for name, part in REPEATED.items()
    },
    "JSON in a text": {"text": orjson.dumps({f"k{number}": "v" for number in range(1_900)}).decode()},
    "many keys": {f"{number:x}": 1 for number in range(3_900)},
    "many keys of phones": {f"{number:x}phone": 1 for number in range(2_400)},
    "many keys with addresses": {f"{number:x}a@b.cc": 1 for number in range(2_200)},
    "many texts": {"list": ["a1b2"] * 4_400},
    "many lists": {"list": [[[["x"]]]] * 2_800},
    "anything": _random('@.+-()1234567890 %=&?ab{}[]":,/'),
    "anything encoded": _random("@.%4025"),
    "anything with digits": _random("0123456789 -.()+"),
}

VALUES = {
    "product names": "'Milk 2 % ' || i",
    "times": "cast(timestamp '2024-01-01' + to_seconds(i) as varchar)",
    "hashes": "md5(i::varchar)",
    "bare ids": "(31198570044 + i)::varchar",
    "URLs": "'https://shop.test/p/' || i || '?utm_source=x&color=red'",
    "prose": "'Schnelle Lieferung, gerne wieder, Stück Nummer ' || i || ' von 20'",
}


def _least(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(5):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def main() -> None:
    """Print the milliseconds of each event, and the nanoseconds of a text in a table."""
    for name, properties in EVENTS.items():
        event = {"type": "track", "event": "x", "anonymousId": "a", "properties": properties}
        milliseconds = 1_000 * _least(lambda event=event: clean(event, lambda kind, _: kind, SEARCH))
        print(f"{milliseconds:8.2f} ms  {name} ({len(orjson.dumps(event)):,} bytes)")
    with duckdb.connect() as connection:
        for name, value in VALUES.items():
            rows = connection.execute(f"select {value} as text from range(1000000) t(i)").to_arrow_reader(122_880)
            columns = [batch.column(0) for batch in rows]
            for is_technical in (False, True):

                def look(columns: list = columns, is_technical: bool = is_technical) -> int:
                    return sum(len(suspects(column, SEARCH, is_technical=is_technical)) for column in columns)

                column = "an id's, time's or amount's column" if is_technical else "any column"
                print(f"{1_000 * _least(look):8.1f} ns  {name} in {column}, {look()} to look at")


if __name__ == "__main__":
    main()
