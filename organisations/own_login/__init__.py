"""Signing in through an organisation's own OpenID Connect provider: the technical side."""
