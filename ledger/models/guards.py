"""What PostgreSQL itself refuses, whoever asks: application, shell or psql.

pgtrigger's own triggers look first into the session variable `pgtrigger.ignore`, which any role may
set; and a trigger that finds its tables by the caller's search path can be shown a temporary table
of the same name. Neither will do for money, so these triggers ask nobody and look in `public` only.
"""

import pgtrigger
from django.db.models import Model
from pgtrigger import compiler


class GuardSql(compiler.UpsertTriggerSql):
    """Migrations name this class: what it renders may change only together with a new migration."""

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql SET search_path = public, pg_temp;

            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE PROCEDURE {execute};

            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class Guard(pgtrigger.Trigger):
    """A trigger that cannot be skipped by a session variable."""

    def compile(self, model: type[Model]) -> compiler.Trigger:  # type: ignore[override]  # stubbed with an instance
        ordinary = super().compile(model)  # type: ignore[arg-type]
        kwargs = {k: v for k, v in ordinary.sql.kwargs.items() if k != "ignore_func_name"}
        return compiler.Trigger(name=ordinary.name, sql=GuardSql(**kwargs))


class Refuse(Guard):
    """Refuses the operation with the trigger's name as the broken constraint."""

    def __init__(self, *, name: str, operation: pgtrigger.Operation, condition: str = "") -> None:
        super().__init__(
            name=name,
            operation=operation,
            when=pgtrigger.Before,
            level=pgtrigger.Statement if operation == pgtrigger.Truncate else pgtrigger.Row,
            condition=pgtrigger.Condition(condition) if condition else None,
            func=f"""
                RAISE EXCEPTION '{name}: % on % refused', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
            """,
        )


class AtCommit(Guard):
    """Checks rows as the transaction leaves them."""

    when = pgtrigger.After
    timing = pgtrigger.Deferred
