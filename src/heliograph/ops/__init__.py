"""Runs Heliograph: embedded stores, the supervisor. Starts programs as processes and never imports them."""
