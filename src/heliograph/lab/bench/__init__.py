"""Measurements of a real site from outside, each beside its bar: `python -m heliograph.lab.bench`."""
