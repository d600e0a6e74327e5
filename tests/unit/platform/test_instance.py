import pytest
import yaml

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.instance import DEFAULTS, merged_text, write_instance

OLD = "retention:\n  days: 30\nlimit: 1\ngone: true\n"
NEW = "retention:\n  days: 60\nlimit: 2\nlauncher:\n  class: Own\n"


def merged(site, tmp_path, last=OLD):
    return merged_text(site, NEW, last, tmp_path / "dagster.yaml")


def test_what_a_site_set_stays_with_its_comments_and_what_it_left_follows_the_platform(tmp_path):
    site = "# Ours.\nretention:\n  days: 7  # the law\nlimit: 1\ngone: true\nown: [a]  # kept\n"
    text = merged(site, tmp_path)
    assert yaml.safe_load(text) == {
        "retention": {"days": 7},
        "limit": 2,
        "launcher": {"class": "Own"},
        "own": ["a"],
    }
    assert "# Ours." in text
    assert "# the law" in text
    assert merged_text(text, NEW, NEW, tmp_path / "dagster.yaml") == text


def test_what_a_site_took_out_is_not_put_back_and_what_is_new_is_added(tmp_path):
    assert yaml.safe_load(merged("own: 1\n", tmp_path)) == {"own": 1, "launcher": {"class": "Own"}, "limit": 2} | {
        "retention": {"days": 60}
    }
    assert "limit" not in yaml.safe_load(merged_text("own: 1\n", OLD, OLD, tmp_path / "dagster.yaml"))


def test_a_configuration_of_before_is_the_platforms_and_replaced(tmp_path):
    file = tmp_path / "dagster.yaml"
    file.write_text(
        "# Dagster's instance, copied into the platform's home by `dmp setup`. Edit here: the copy is overwritten.\n"
        "concurrency:\n  pools:\n    default_limit: 1\n"
    )
    write_instance(tmp_path)
    assert file.read_text() == DEFAULTS.read_text()
    file.write_text(file.read_text().replace("poll_interval_seconds: 10", "poll_interval_seconds: 99  # slow disk"))
    write_instance(tmp_path)
    assert "poll_interval_seconds: 99  # slow disk" in file.read_text()


@pytest.mark.parametrize("text", ["a: [1", "- a list\n"])
def test_a_configuration_that_is_none_is_named(tmp_path, text):
    (tmp_path / "dagster.yaml").write_text(text)
    with pytest.raises(UserError, match=r"dagster\.yaml is no"):
        write_instance(tmp_path)
