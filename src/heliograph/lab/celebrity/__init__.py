"""An account with twenty million followers, from outside: `python -m heliograph.lab.celebrity`."""
