"""Documentation that tests keep true."""

from pathlib import Path

from tracking_core.settings import Settings

ROOT = Path(__file__).parents[2]


def _example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_every_setting_stands_in_the_example_and_nothing_else() -> None:
    assert set(_example()) == {f"HUB_{name.upper()}" for name in Settings.model_fields}


def test_the_example_says_the_defaults(tmp_path: Path) -> None:
    example = tmp_path / ".env"
    example.write_text((ROOT / ".env.example").read_text())
    read = Settings(_env_file=example, data_dir=Path(".hub"))
    for name, field in Settings.model_fields.items():
        assert getattr(read, name) == field.default, name
