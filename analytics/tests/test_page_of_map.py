"""The page of a map knows the document's size, and is for staff."""

from django.contrib.auth.models import User
from django.test import TestCase

from analytics.maps.document_sizes import Size, read_document_sizes
from analytics.tests.heating import visit
from analytics.tests.pointers import new_browser
from analytics.tests.scenery import Scene
from analytics.tests.test_maps import at, page_of


def look(seconds: float, *, page: str = "/a", width: float = 1280, height: float) -> None:
    """Let a new browser have a scene with a document of this height."""
    moved = at(seconds, 40, 8)
    visit(
        new_browser(),
        [moved],
        [Scene(moved.time, 0, page=page, viewport_width=width, document_height=height)],
    )


class DocumentSizesTests(TestCase):
    def test_each_width_class_has_the_size_of_its_newest_scene(self):
        look(-60, height=3000)
        look(-90, height=9000)
        look(-50, width=1439.5, height=4000)
        look(-40, width=1440, height=2000)
        look(-30, width=300, height=6000)
        look(-10, page="/b", height=70)
        sizes = read_document_sizes(page_id=page_of("/a"))
        self.assertEqual(
            {width: size.height for width, size in sizes.items()},
            {0: 6000, 1024: 4000, 1440: 2000},
        )
        self.assertEqual(read_document_sizes(page_id=page_of("/b")), {1024: Size(1280, 70)})
        self.assertEqual(read_document_sizes(page_id=page_of("/b") + 1), {})

    def test_a_browser_that_came_back_counts_with_its_last_scene(self):
        browser = new_browser()
        for seconds, height in ((-60, 500.0), (-20, 800.0), (-40, 900.0)):
            moved = at(seconds, 40, 8)
            visit(browser, [moved], [Scene(moved.time, 0, page="/a", document_height=height)])
        self.assertEqual(read_document_sizes(page_id=page_of("/a")), {1024: Size(1280, 800)})


class PageOfMapTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        look(-60, height=3000)
        cls.page = page_of("/a")

    def test_staff_see_the_page_and_its_document_size(self):
        self.client.force_login(User.objects.create_user("sue", is_staff=True))
        page = self.client.get(f"/pages/{self.page}/")
        self.assertContains(page, f'data-page-id="{self.page}"')
        self.assertContains(page, '{"1024": [1280.0, 3000.0]}')
        self.assertEqual(page["Cache-Control"], "private, no-store")
        for key in (self.page + 1, 2**40):
            self.assertContains(
                self.client.get(f"/pages/{key}/"), "no page with this id", status_code=404
            )
