"""Where on a page pointers were: heat by browser, page and cell, and the statuses of pages."""

from analytics.maps.pages_of_erased import mark_pages_of_erased

__all__ = ["mark_pages_of_erased"]
