"""Where signing in and one's own account are."""

from typing import Final

from api.ui import paths
from tracking_core.models import Role, User

LINK: Final = f"{paths.SIGN_IN}/link"
SENT: Final = f"{paths.SIGN_IN}/sent"
TEAM: Final = f"{paths.SIGN_IN}/team"
PROVIDER: Final = f"{paths.SIGN_IN}/oidc"
CALLBACK: Final = f"{PROVIDER}/callback"
ACCOUNT: Final = paths.ACCOUNT
PASSWORD: Final = f"{ACCOUNT}/password"


def address_of_link(base_url: str, token: str) -> str:
    """What is sent to somebody."""
    return f"{base_url}{LINK}/{token}"


def first_page(user: User) -> str | None:
    """Where a link for them leads by itself: people of the team set a password."""
    return None if user.role == Role.SELLER else PASSWORD
