"""What others offer, taken in from outside; and our own feed for others."""
