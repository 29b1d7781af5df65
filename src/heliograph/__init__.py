"""Heliograph: a self-hosted photo-sharing network that grows from one laptop to a fleet."""

__version__ = "0.1.0"
