"""A made-up shop and the people who visit it: pure functions of a seed."""
