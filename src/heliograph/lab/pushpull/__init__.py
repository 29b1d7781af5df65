"""Push or pull: what each costs, on paper and on a real site."""
