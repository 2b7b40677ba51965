"""The ways to support: e-mail, a signed webhook of the operator's, Chatwoot."""
