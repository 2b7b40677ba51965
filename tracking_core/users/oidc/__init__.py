"""Our own people through the identity provider of their company (OpenID Connect Core 1.0, authorization code with
PKCE)."""
