from core.tests.isolation import use_own_redis


def pytest_sessionstart() -> None:
    use_own_redis()
