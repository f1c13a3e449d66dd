"""Finding what to do: the search over all opportunities, nearest first."""
