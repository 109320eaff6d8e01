"""Mijn Organisatie: who belongs to it, whom it asks, and joining it."""
