"""The keys that ``hub up`` starts with: given, kept or new, and never such as would lose what is stored."""

import re
from pathlib import Path

import pytest

from tests.secrets.conftest import Configure, new_tenant
from tests.secrets.test_rotation import NEW, OLD
from tracking_core.db.engine import transaction
from tracking_core.embedded.keys import NAME, keys_to_start_with
from tracking_core.errors import ConfigurationError
from tracking_core.secrets.keyring import new_key
from tracking_core.settings import Settings
from tracking_core.tenants import closing


def start_with(settings: Settings, data_dir: Path, given: str = "") -> str:
    return keys_to_start_with(data_dir, given, settings.database_url)


async def test_a_new_hub_makes_a_key_for_its_owner_alone_and_has_it_ever_after(
    database: Settings, tmp_path: Path
) -> None:
    made = start_with(database, tmp_path)
    assert re.fullmatch("k1:[A-Za-z0-9+/]{43}=", made)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert start_with(database, tmp_path) == made


async def test_given_keys_go_before_the_kept_ones_and_make_none(database: Settings, tmp_path: Path) -> None:
    assert start_with(database, tmp_path, OLD) == OLD
    assert not (tmp_path / NAME).exists()


async def test_keys_that_open_some_of_what_is_stored_are_taken(
    database: Settings, configure: Configure, tmp_path: Path
) -> None:
    configure(secrets_keys=OLD)
    await new_tenant()
    configure(secrets_keys=NEW)
    await new_tenant()
    assert start_with(database, tmp_path, OLD) == OLD
    (tmp_path / NAME).write_text(f"{NEW}\n")
    assert start_with(database, tmp_path) == NEW


@pytest.mark.parametrize("given", [NEW, new_key(OLD.partition(":")[0])], ids=["another", "another of the same name"])
async def test_given_keys_that_open_nothing_are_refused_with_what_to_do(
    database: Settings, configure: Configure, tmp_path: Path, given: str
) -> None:
    configure(secrets_keys=OLD)
    await new_tenant()
    with pytest.raises(ConfigurationError, match="HUB_SECRETS_KEYS opens none of them"):
        start_with(database, tmp_path, given)


async def test_a_lost_file_is_named_and_no_other_is_made_in_its_place(
    database: Settings, configure: Configure, tmp_path: Path
) -> None:
    configure(secrets_keys=OLD)
    await new_tenant()
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=re.escape(f"{tmp_path / NAME} opens none of them")):
            start_with(database, tmp_path)
    assert not (tmp_path / NAME).exists()


async def test_a_database_of_closed_shops_alone_holds_nothing_that_a_new_key_would_lose(
    database: Settings, configure: Configure, tmp_path: Path
) -> None:
    configure(secrets_keys=OLD)
    tenant = await new_tenant()
    async with transaction() as session:
        await closing.close(session, tenant.id, name=tenant.name, actor="test", now=tenant.created_at)
    assert start_with(database, tmp_path) == (tmp_path / NAME).read_text()
