"""The audit of dependencies says what it knows, and is not green because nobody answered in silence."""

import json

from tests.advisories import verdict

CLEAN = {"name": "falcon", "version": "4.4.0", "vulns": []}
HOLE = {"name": "jinja2", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found"}


def test_a_known_hole_fails_the_audit_and_names_the_cure() -> None:
    code, words = verdict(json.dumps({"dependencies": [CLEAN, HOLE, UNKNOWN]}), "")
    assert code == 1
    assert words == "2 of 3 packages asked about, 1 known holes\n  jinja2 2.0: PYSEC-1 (mended in 2.1)"


def test_nothing_known_is_well() -> None:
    assert verdict(json.dumps({"dependencies": [CLEAN]}), "")[0] == 0


def test_an_unreachable_service_is_said_in_one_line() -> None:
    assert "no advisory service is reachable (cannot resolve)" in verdict("", "Traceback\ncannot resolve")[1]
    assert "audit skipped" in verdict(json.dumps({"dependencies": [UNKNOWN]}), "")[1]
