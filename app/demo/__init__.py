"""A drawn data set with known faults, and the checks that the advisor finds them."""
