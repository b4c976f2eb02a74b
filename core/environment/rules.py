"""What the values of settings must look like; core/settings.py reads and checks them."""

from collections.abc import Callable, Sequence
from ipaddress import ip_network

from environs import ValidationError, validate

# A name must not hide a page or a call of the service.
_TAKEN = "admin|api|browsers|favicon.ico|healthz|log-on|login|logout|metrics|readyz|static"
_SEGMENT = r"[A-Za-z0-9][\w.-]*"
A_NAME = validate.Regexp(rf"^(?!({_TAKEN})(/|$))({_SEGMENT}(/{_SEGMENT}){{0,3}})?$")
A_PATH = validate.Regexp(rf"^/?(?!({_TAKEN})(/|$))({_SEGMENT}(/{_SEGMENT}){{0,3}})?/?$")
A_HOST = validate.Regexp(
    r"^(\*|[\w.-]+|\[[0-9a-fA-F:.]+\])$",
    error="{input} is no host name: without scheme, port and path.",
)
A_SITE = validate.Regexp(
    r"^\s*([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?\s*$",
    error="{input} is no site: a host, with a port unless it is the usual one, without scheme.",
)
AN_ORIGIN = validate.Regexp(
    r"^https?://[^/\s]+$", error="{input} is no origin, such as https://stats.example.org."
)
# The address of a part of the service; empty if there is none.
AN_ADDRESS = validate.Regexp(
    r"^(https?://[^/\s]+(/\S*)?)?$",
    error="{input} is no address that begins with http:// or https://.",
)


def check_outside(folder: str) -> Callable[[str], None]:
    """Return a rule: no name lies in this folder, because a proxy may remove the folder."""

    def check(name: str) -> None:
        if folder and f"{name}/".startswith(f"{folder.strip('/')}/"):
            raise ValidationError(f"{name} begins as BASE_PATH does; leave that out.")

    return check


def validate_each(rule: Callable[[str], object]) -> Callable[[Sequence[str]], None]:
    """Return a rule for a list: each of its values obeys `rule`."""

    def check(values: Sequence[str]) -> None:
        for value in values:
            rule(value)

    return check


def check_network(text: str) -> None:
    """Raise ValidationError unless it is an address or a network, such as 10.0.0.0/8."""
    try:
        ip_network(text.strip())
    except ValueError as error:
        raise ValidationError(f"{error}.") from None
