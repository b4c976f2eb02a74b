"""Movement for tests: statuses as a drain stores them."""

from dashboard.models import PointerStatus

ZERO = dict.fromkeys(["moving_time", "start_x", "start_y", "end_x", "end_y"], 0)


def add_movement(browser, *times, velocity=100, model=PointerStatus, interval_ms=1000):
    """Store a bucket for each time, all with the same velocity."""
    model.objects.bulk_create(
        model(
            browser=browser,
            interval_ms=interval_ms,
            time=time,
            events=1,
            traversed_distance=velocity * interval_ms / 1000,
            avg_velocity=velocity,
            peak_velocity=velocity,
            **ZERO,
        )
        for time in times
    )
