"""Documentation that tests keep true."""

from pathlib import Path

from tracking_core.settings import SaidSettings, Settings

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text()


def test_every_setting_stands_in_the_example_and_nothing_else() -> None:
    told = [line[1:].partition("=")[0] for line in EXAMPLE.splitlines() if line.startswith("#HUB_")]
    assert sorted(told) == sorted(f"HUB_{name.upper()}" for name in Settings.model_fields)


def test_the_example_says_the_defaults_and_a_copy_of_it_changes_nothing(tmp_path: Path) -> None:
    example = tmp_path / ".env"
    example.write_text(EXAMPLE)
    assert SaidSettings(_env_file=example).model_fields_set == set()
    example.write_text(EXAMPLE.replace("\n#HUB_", "\nHUB_"))
    read = SaidSettings(_env_file=example)
    for name, field in Settings.model_fields.items():
        assert getattr(read, name) == field.default, name
    assert {"port", "meta_graph_url"} <= read.model_fields_set
    assert "database_url" not in read.model_fields_set
