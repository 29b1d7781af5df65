"""What an account takes along (an export), and how it goes (its deletion), through all features."""
