"""A company's identity provider: OpenID Connect Core 1.0 by authorization code with PKCE (RFC 7636), as far as a client
sees it, and the faults one can have."""
