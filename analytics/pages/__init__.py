"""The HTML pages: overview, lists of pages and their visitors, maps, studies, the pointing task."""
