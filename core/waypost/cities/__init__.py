"""The tenant as front ends see it: a city, a region, a nation or a network."""
