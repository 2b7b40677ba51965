"""Meta's ``appsecret_proof`` ("Securing Graph API requests")."""

import hashlib
import hmac


def appsecret_proof(access_token: str, app_secret: str) -> str:
    """Hex HMAC-SHA256 of the token keyed with the app's secret."""
    return hmac.new(app_secret.encode(), access_token.encode(errors="replace"), hashlib.sha256).hexdigest()
