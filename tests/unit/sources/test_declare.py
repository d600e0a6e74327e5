from dmp_assets.platform.settings import Settings
from dmp_assets.sources.declare import listed_sources


def test_the_demo_is_listed_with_its_contract_tables():
    assert "order_lines" in listed_sources(Settings())["complete_journey"]
