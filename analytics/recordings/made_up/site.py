"""The made-up shop: its five pages, and what draws people on them."""

from analytics.recordings.made_up.layout import Page, Part, Row, row

SITE = "shop.example"


def cards(count: int) -> tuple[Part, ...]:
    """Return cards of products; people look at the first ones most."""
    return tuple(
        Part(f"card {n + 1}", 300, aims=4 / (n + 1) ** 0.7, rest=1.0, lines=1) for n in range(count)
    )


NAVIGATION = row(
    Part("logo", 44, aims=0.2),
    Part("products", 44, aims=1.0),
    Part("help", 44, aims=0.3),
    Part("basket", 44, aims=0.4),
    kept=True,
)
FOOTER = row(Part("footer", 180, aims=0.1))
PAGES: dict[str, Page] = {
    "/": Page(
        (
            NAVIGATION,
            row(Part("headline", 320, aims=3.0, rest=1.2, lines=2, widest=760)),
            row(
                Part("lamps", 260, aims=3.0, rest=0.9),
                Part("chairs", 260, aims=1.6, rest=0.8),
                Part("shelves", 260, aims=0.8, rest=0.7),
            ),
            row(Part("story", 420, aims=0.8, lines=5, widest=640)),
            row(Part("newsletter", 44, aims=0.3, doubts=0.5, widest=420)),
            FOOTER,
        ),
        leads={"/products": 6, "/products/lamp": 2, "/help": 1},
        looks=(3, 6),
    ),
    "/products": Page(
        (
            NAVIGATION,
            row(Part("title", 60, aims=0.2)),
            row(
                Part("search", 44, aims=1.5, rest=1.6, mark="search"),
                Part("price filter", 44, aims=2.0, rest=1.0),
                Part("colour filter", 44, aims=1.2, rest=0.9),
            ),
            row(*cards(12)),
            FOOTER,
        ),
        leads={"/products/lamp": 7, "/": 1, "/help": 1},
    ),
    "/products/lamp": Page(
        (
            NAVIGATION,
            Row(
                (
                    (Part("gallery", 460, aims=4.0, rest=1.4, drags=True),),
                    (
                        Part("name", 60, aims=0.5, lines=1),
                        Part("price", 44, aims=2.5, rest=1.8),
                        Part("size", 44, aims=1.5, rest=1.0),
                        Part(
                            "buy",
                            52,
                            aims=5.0,
                            rest=1.2,
                            doubts=0.5,
                            mark="add to basket",
                            widest=240,
                        ),
                        Part("delivery", 120, aims=0.8, lines=2),
                    ),
                )
            ),
            row(Part("description", 360, aims=1.5, lines=5, widest=720)),
            row(Part("reviews", 900, aims=2.0, lines=6, widest=900)),
            FOOTER,
        ),
        leads={"/checkout": 4, "/products": 3, "/help": 1},
    ),
    "/checkout": Page(
        (
            row(Part("logo", 44)),
            row(Part("steps", 40)),
            row(Part("e-mail", 44, aims=0.95, rest=3.0, widest=520)),
            row(Part("address", 44, aims=0.95, rest=5.0, widest=520)),
            row(
                Part("postcode", 44, aims=0.9, rest=1.8, widest=220),
                Part("city", 44, aims=0.9, rest=2.0, widest=280),
            ),
            row(Part("card number", 44, aims=0.85, rest=4.0, doubts=0.4, widest=520)),
            # Until the shop changed, it was shown as if everybody had one.
            row(Part("coupon", 44, aims=0.1, before=0.95, rest=4.5, doubts=0.9, widest=320)),
            row(Part("summary", 240, aims=0.5, lines=3, widest=520)),
            row(
                Part("order", 56, aims=0.8, rest=1.5, doubts=0.3, mark="order", widest=260),
            ),
            FOOTER,
        ),
        leads={"/": 3, "/help": 1},
        filled_in=True,
    ),
    "/help": Page(
        (
            NAVIGATION,
            row(Part("question", 64, aims=1.5, rest=1.2, mark="search", widest=640)),
            *(row(Part(f"answer {n}", 340, aims=3 / n, lines=7, widest=720)) for n in range(1, 8)),
            FOOTER,
        ),
        leads={"/": 2, "/products": 2, "/checkout": 1},
        looks=(3, 6),
    ),
}
