"""The API against its own description: no undocumented answer, no 5xx, whatever is sent."""

import itertools
from datetime import UTC, datetime

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from merchants.services import api_keys
from tests.factories import payments as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

keys = itertools.count(1)


# As /v1/openapi.json shows it; taken from the generator, since no test runs yet when this is read.
SCHEMA = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))
SCHEMA.app = application
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def bearer(db):
    merchant = make.merchant()
    make.channel_account()
    return api_keys.issue(merchant=merchant, mode="test", by=make.BY, now=datetime.now(UTC)).secret


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_operation_answers_as_it_is_described(operation, bearer):
    @given(case=operation.as_strategy())
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def answered(case):
        headers = {"Authorization": f"Bearer {bearer}"}
        if case.method != "GET":
            headers["Idempotency-Key"] = f"case-{next(keys)}"
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    answered()
