"""Whatever bytes come in, the API answers with a reason and never falls over."""

import json
import string
from urllib.parse import quote

import falcon.testing
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.web.api import Limits, build_api, routes
from engine.web.auth import Tokens
from tests.web.conftest import ADMIN, TOKENS, bearer
from tests.web.fake import FakeControl

TABLE = routes()
API = falcon.testing.TestClient(
    build_api(FakeControl(), Tokens(TOKENS, lambda: 0.0), limits=Limits(streams=4)), headers=bearer(ADMIN)
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
BODIES = st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode())
IDS = st.text(min_size=1, max_size=30).filter(lambda text: text not in (".", ".."))
QUERIES = st.text(alphabet=string.printable, max_size=60)


@pytest.mark.parametrize("route", TABLE, ids=lambda route: f"{route.method} {route.path}")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=BODIES, known=st.data())
def test_no_input_makes_a_server_error(route, body, known):
    path = route.path
    for name in ("campaign_id", "agent_id", "contact_id", "attempt_id"):
        path = path.replace(f"{{{name}}}", quote(known.draw(IDS, label=name), safe=""))
    fields = sorted(route.takes.model_fields)
    if fields and known.draw(st.booleans(), label="uses known fields"):
        chosen = st.dictionaries(st.sampled_from(fields), ANYTHING, max_size=4)
        body = json.dumps(known.draw(chosen, label="body")).encode()
    got = API.simulate_request(
        route.method,
        path,
        body=body,
        query_string=quote(known.draw(QUERIES, label="query"), safe="=&%+"),
        content_type=known.draw(st.sampled_from(["application/json", "text/csv", "text/plain", ""])),
    )
    assert got.status_code < 500, got.text
    if got.status_code >= 400:
        assert got.json["error"]["what"]


@settings(max_examples=60, deadline=None)
@given(method=st.sampled_from(["GET", "PUT", "POST", "HEAD", "TRACE", "OPTIONS"]), path=st.text(max_size=40))
def test_no_address_makes_a_server_error(method, path):
    got = API.simulate_request(method, "/" + quote(path, safe="/%"))
    assert got.status_code < 500


@settings(max_examples=60, deadline=None)
@given(secret=st.text(max_size=60).filter(lambda text: not text.startswith("admin-")))
def test_no_header_opens_the_door(secret):
    header = quote(secret, safe=" :")
    api = falcon.testing.TestClient(build_api(FakeControl(), Tokens(TOKENS, lambda: 0.0)))
    assert api.simulate_get("/v1/status", headers={"Authorization": header}).status_code == 401
