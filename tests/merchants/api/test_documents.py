"""What anybody may read about the API, and that it says what the API does."""

import json
import re

import pytest

from merchants.api import documents
from merchants.api.problems import PROBLEMS, CodeTaken, Problem, define
from tests.merchants.api.client import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def anybody():
    return ApiClient(None).http


@pytest.fixture
def openapi(anybody):
    documents._openapi.cache_clear()
    return anybody.get("/v1/openapi.json").json()


def operations(openapi):
    return [
        (method, path, operation)
        for path, item in openapi["paths"].items()
        for method, operation in item.items()
    ]


def test_openapi_is_3_1_and_knows_every_address(openapi):
    assert openapi["openapi"].startswith("3.1")
    assert {
        "/v1/events",
        "/v1/balances",
        "/v1/balance_transactions",
        "/v1/webhook_endpoints",
    } <= set(openapi["paths"])


def test_every_operation_says_how_it_is_refused(openapi):
    for _, path, operation in operations(openapi):
        assert {"400", "401", "429", "500", "503"} <= set(operation["responses"]), path
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")):
                schema = response["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}
                codes = re.findall(r"- `(\w+)`", response["description"])
                assert codes
                assert {PROBLEMS[code].status for code in codes} == {int(status)}


def test_every_write_demands_an_idempotency_key(openapi):
    for method, path, operation in operations(openapi):
        named = {p["name"]: p for p in operation["parameters"]}
        assert "Zerosum-Version" in named
        if method in {"post", "patch", "delete"}:
            assert named["Idempotency-Key"]["required"], path
        else:
            assert "Idempotency-Key" not in named


def test_both_ways_to_authenticate_are_described(openapi):
    assert {"signature", "bearer"} <= set(openapi["components"]["securitySchemes"])
    for _, _, operation in operations(openapi):
        assert operation["security"] == [{"signature": []}, {"bearer": []}]


def test_unknown_fields_are_refused_by_the_schema_as_by_the_api(openapi):
    body = openapi["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]
    name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert openapi["components"]["schemas"][name]["additionalProperties"] is False


def test_lists_describe_their_pages_and_parameters(openapi):
    listed = openapi["paths"]["/v1/events"]["get"]
    assert {"limit", "after"} <= {p["name"] for p in listed["parameters"]}
    schema = listed["responses"]["200"]["content"]["application/json"]["schema"]
    page = openapi["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert {"data", "has_more", "next_after"} <= set(page["properties"])


def test_the_docs_load_nothing_from_elsewhere(anybody):
    page = anybody.get("/v1/docs")
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert sources
    assert not [s for s in sources if s.startswith(("http", "//"))]
    assert "<script>" not in page.content.decode()


def test_every_problem_says_what_to_do(anybody):
    listed = anybody.get("/v1/problems").json()["data"]
    assert {row["code"] for row in listed} == set(PROBLEMS)
    assert all(row["what_to_do"].endswith(".") for row in listed)
    one = anybody.get("/v1/problems/not_found").json()
    assert (one["status"], one["code"]) == (404, "not_found")
    assert anybody.get("/v1/problems/unheard_of").status_code == 404


def test_a_code_means_one_thing():
    define({"not_found": PROBLEMS["not_found"]})
    with pytest.raises(CodeTaken):
        define({"not_found": Problem(410, "Gone", "Forget it.")})


def test_documents_are_read_only(anybody):
    for path in ("/v1/openapi.json", "/v1/problems", "/.well-known/jwks.json"):
        assert anybody.post(path).status_code == 405


def test_the_published_keys_hold_no_private_half(anybody):
    text = anybody.get("/.well-known/jwks.json").content
    (key,) = json.loads(text)["keys"]
    assert set(key) == {"kty", "crv", "kid", "use", "alg", "x"}
    assert len(key["x"]) == 43
