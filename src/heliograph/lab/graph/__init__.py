"""The follow graph in three kinds of store, asked what the product asks of it: `python -m heliograph.lab.graph`."""
