"""The HTTP API by its own OpenAPI document: whatever fits the schema, and whatever does not, gets an answer
that the document promises, and never a server error."""

import random
import time
from itertools import product
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode

from engine.web.api import Limits, build_api
from engine.web.auth import Tokens
from tests.web.conftest import ADMIN, TOKENS, bearer
from tests.web.fake import FakeControl

ROUND = 25  # examples of one operation in one round
CHECKED = ("not_a_server_error", "status_code_conformance", "content_type_conformance")


def fuzz_http(seconds: float) -> tuple[int, list[str]]:
    """Requests sent, and what was wrong with the answers. Streams of events are left out: they do not end."""
    app = build_api(FakeControl(), Tokens(TOKENS, time.monotonic), limits=Limits(streams=4))
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    checks = [CHECKS.get_one(name) for name in CHECKED]
    counted, failures = [0], dict[str, str]()
    operations = [found.ok() for found in schema.get_all_operations()]
    operations = [one for one in operations if one.path != "/v1/events"]
    ends_s = time.monotonic() + seconds
    pairs = list(product(operations, GenerationMode))
    while time.monotonic() < ends_s and not failures:
        random.shuffle(pairs)
        for operation, mode in pairs:

            @settings(
                max_examples=ROUND,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: Any) -> None:
                counted[0] += 1
                case.call_and_validate(headers=bearer(ADMIN), checks=checks)

            try:
                send()
            except Unsatisfiable:  # nothing can be wrong with a request that takes nothing
                continue
            except BaseException as error:  # hypothesis raises groups of whatever it found
                if isinstance(error, KeyboardInterrupt):
                    raise
                failures[f"{operation.method.upper()} {operation.path}"] = str(error)[:600]
            if time.monotonic() > ends_s:
                break
    return counted[0], [f"{where}: {said}" for where, said in failures.items()]
