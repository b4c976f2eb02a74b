"""A misspelt setting is reported with the similar setting's name."""

import re
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase

from core import settings as module
from core.environment.unknown import OTHERS, find_unknown

ROOT = Path(settings.BASE_DIR)
KNOWN = ("LOGIN_ATTEMPTS", "LOG_LEVEL", "HTTPS", "PORT", "DATABASE_URL")


def found(*, dotenv: tuple[str, ...] = (), environment: tuple[str, ...] = ()) -> list[str]:
    return list(find_unknown(known=KNOWN, dotenv=dotenv, environment=environment))


class UnknownSettingsTests(SimpleTestCase):
    def test_a_misspelt_name_in_dotenv_is_reported_with_the_similar_setting(self):
        said = (
            "LOGIN_ATEMPTS in .env is not a setting and has no effect; did you mean LOGIN_ATTEMPTS?"
        )
        self.assertEqual(found(dotenv=("LOGIN_ATEMPTS", "LOG_LEVEL")), [said])

    def test_an_unknown_name_without_a_similar_setting_is_reported_alone(self):
        said = "WEATHER in .env is not a setting and has no effect"
        self.assertEqual(found(dotenv=("WEATHER",)), [said])

    def test_files_of_settings_and_what_compose_reads_are_known(self):
        self.assertEqual(found(dotenv=("DATABASE_URL_FILE", "COMPOSE_FILE", "DOMAIN")), [])

    def test_from_the_environment_only_near_misses_are_reported(self):
        usual = ("PATH", "HOME", "HTTPS_PROXY", "PORTS", "LOGNAME", "LOGIN", "DATABASE_HOST")
        said = "DATABASE_URI in the environment is not a setting and has no effect"
        self.assertEqual(
            found(environment=(*usual, "DATABASE_URI")), [f"{said}; did you mean DATABASE_URL?"]
        )

    def test_a_name_in_dotenv_is_not_reported_again_from_the_environment(self):
        self.assertEqual(len(found(dotenv=("LOG_LEVELS",), environment=("LOG_LEVELS",))), 1)

    def test_variables_of_other_readers_of_dotenv_are_known(self):
        files = ("Procfile", "compose.yml", "deploy/compose.yml")
        text = "".join((ROOT / name).read_text() for name in files)
        read = set(re.findall(r"\$\{?([A-Z_]+)", text))
        self.assertLessEqual(read, {*module.env.dump(), *OTHERS})
