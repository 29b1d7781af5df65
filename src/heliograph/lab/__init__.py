"""Seeding, load, experiments: drives the product from outside, over HTTP and the command line. Never imports it."""
