"""The HTML pages about pages of sites."""
