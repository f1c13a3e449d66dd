"""LMI For All for Waypost: what occupations pay, how many people they need, and how many are out of work."""
