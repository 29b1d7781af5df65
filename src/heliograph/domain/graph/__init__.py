"""Follows: who sees whom. The followed end decides; both ends are kept."""
