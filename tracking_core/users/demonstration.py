"""People to look around as, on a machine of a developer: a seller with a shop, support and an operator."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.errors import ConfigurationError
from tracking_core.kit import clock
from tracking_core.models import Role, User
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants
from tracking_core.users import links, service

_ACTOR = "demonstration"
_PEOPLE = {
    Role.SELLER: ("vendas@loja.example", "Marina da Loja Demonstração"),
    Role.SUPPORT: ("suporte@hub.example", "Beatriz do Suporte"),
    Role.OPERATOR: ("operacao@hub.example", "Otávio da Operação"),
}
_SHOP = "Loja Demonstração"
# Until the next start, which makes new ones.
_LIFE = timedelta(days=1)


async def new_links(session: AsyncSession, settings: Settings) -> dict[Role, str]:
    """A token of each; makes who is not there yet. Who was shut out or has another role by now gets none.
    Raises ConfigurationError outside of development: what is printed would let anybody in."""
    if settings.environment != "development":
        raise ConfigurationError(problem="Demonstration people are only for HUB_ENVIRONMENT=development.")
    made = {}
    for role, (email, name) in _PEOPLE.items():
        user = await service.by_email(session, email, with_disabled=True) or await _made(session, role, email, name)
        if user.disabled_at is None and user.role == role:
            await links.withdraw(session, user.id, now=clock.now())
            made[role] = await links.issue(session, user, now=clock.now(), life=_LIFE, actor=_ACTOR)
    return made


async def _made(session: AsyncSession, role: Role, email: str, name: str) -> User:
    user = await service.invite(session, email, name, role, actor=_ACTOR)
    if role is Role.SELLER:
        shop = await tenants.create(session, _SHOP, actor=_ACTOR)
        await service.let_in(session, user, shop.tenant_id, actor=_ACTOR)
    return user
