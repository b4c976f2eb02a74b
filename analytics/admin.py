"""The admin's view of stored samples."""

from django.contrib import admin

from analytics.models import BrowserEvents, PointerPositionEvent
from dashboard.admin_rows import Rows, RowsAdmin, read_page


@admin.register(BrowserEvents)
class BrowserEventsAdmin(RowsAdmin):
    """The stored samples."""

    called = "Samples"
    # Samples of one second differ in its fraction.
    time_format = "j M Y, H:i:s.u T"

    columns = ("time", "seq", "x", "y", "enter")

    def list_rows(self, *, browser_id: int, before: str | None) -> Rows:
        events = PointerPositionEvent.objects.filter(browser_id=browser_id)
        return read_page(events, self.columns, tie="seq", before=before)
