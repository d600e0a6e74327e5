"""What was loaded before the project said which identifiers it has."""

from dmp_assets.sources.searched import searched_otherwise
from tests.unit.shop import Shop


def told(shop: Shop, source: str | None = None) -> list[str]:
    with shop.warehouse.read() as connection:
        return searched_otherwise(connection, shop.settings, source)


def say(shop: Shop, tmp_path, text: str) -> None:
    """Give the shop a project that says this of identifiers."""
    project = tmp_path / "project"
    project.mkdir(exist_ok=True)
    (project / "dbt_project.yml").write_text(f"vars:\n  {text}\n")
    shop.settings = shop.settings.model_copy(update={"dbt_project_dir": project})


def test_a_file_at_its_place_is_loaded_again_and_one_that_is_gone_is_told(shop, tmp_path):
    shop.write("1.csv", "customer,amount,Spieler\nu1,1,Mia Muster\n")
    gone = shop.write("2.csv", "customer,amount,Spieler\nu2,2,Otto Muster\n")
    shop.land()
    assert told(shop) == []
    say(shop, tmp_path, "identifier_words: {name: [Spieler]}")
    gone.unlink()
    assert shop.land(shop.table(identifiers={"Spieler": "name"})).files == 1
    rows = dict(shop.rows('select customer, "Spieler" from raw.shop__orders'))
    assert (len(rows["u1"]), rows["u2"]) == (32, "Otto Muster")
    (sentence,) = told(shop)
    assert sentence.startswith("shop: 1 loads until 2026-01-02 were searched for identifiers before identifier_words")
    assert told(shop, "other") == []


def test_countries_of_another_source_change_nothing(shop, tmp_path):
    shop.write("1.csv", "customer,amount\nu1,1\n")
    shop.land()
    say(shop, tmp_path, "phone_countries: {other: [DE]}")
    assert shop.land().files == 0
    assert told(shop) == []
    say(shop, tmp_path, "phone_countries: {shop: [DE]}")
    assert len(told(shop)) == 1
    assert shop.land().files == 1
    assert told(shop) == []
    assert shop.rows("select count(*) from raw.shop__orders") == [(1,)]
