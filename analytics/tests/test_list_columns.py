"""What the list shows of samples and scenes: the distance of a whole life, the newest pointer."""

from django.test import TestCase

from analytics.tests.pointers import (
    NOW,
    NOW_US,
    drain_all,
    drain_shard_of,
    new_browser,
    sample,
    send,
)
from analytics.tests.scenery import Scene, store_scenes
from dashboard.statuses.distances import total_distances
from dashboard.statuses.overview import list_glimpses
from dashboard.statuses.scenery import newest_sceneries


class DistanceTests(TestCase):
    def test_it_is_the_same_before_and_after_the_climb_and_while_more_comes(self):
        browser, other, still = new_browser(), new_browser(), new_browser()
        send(other, [sample(0, 0), sample(0.1, 1000)])
        # From the end of each hour's path the pointer goes back to the start of the next one.
        for hour, expected in ((-7200, 40.0), (-3600, 120.0), (0, 200.0)):
            send(browser, [sample(hour, 0), sample(hour + 0.1, 30), sample(hour + 0.2, 40)])
            drain_shard_of(browser)
            for _ in range(2):
                self.assertEqual(total_distances([browser.pk, still.pk]), {browser.pk: expected})
                drain_all()
        (_, _, shown) = list_glimpses(place=None, limit=9, now=NOW).instances
        self.assertEqual((shown.distance, shown.has_moved), (200.0, True))
        # From its first movement to its last second, which is when it logged on.
        self.assertEqual(shown.lasted, 7200 + 600)


class SceneryTests(TestCase):
    def test_it_is_that_of_the_newest_scene_whatever_came_first(self):
        browser, bare = new_browser(), new_browser()
        newest = Scene(NOW_US - 5, 3, viewport_width=360.0, pointer="touch")
        older = (Scene(NOW_US - 5, 2), Scene(NOW_US - 86_400_000_000, 9, pointer="pen"))
        store_scenes(browser, [newest, *older])
        found = newest_sceneries([browser.pk, bare.pk])
        self.assertEqual(found, {browser.pk: ("touch", 360.0, 720.0)})
        _, shown = list_glimpses(place=None, limit=9, now=NOW).instances
        self.assertEqual(shown.pointer, "touch")
