"""Photos: what is accepted, how it is decoded, what is kept and for how long.

Empty on purpose: the decoding child imports this package, and what stood here would run in it.
"""
