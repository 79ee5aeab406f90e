# Entry is created after Account, with its foreign key: the key's columns must exist.

import django.db.models.deletion
import ledger.models.guards
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("public_id", models.CharField(editable=False, max_length=30)),
                ("owner", models.CharField(editable=False, max_length=64)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("channel_receivable", "Channel receivable"),
                            ("bank", "Bank"),
                            ("fx_position", "FX position"),
                            ("merchant_pending", "Merchant pending"),
                            ("merchant_available", "Merchant available"),
                            ("customer_wallet", "Customer wallet"),
                            ("refunds_payable", "Refunds payable"),
                            ("dispute_reserve", "Dispute reserve"),
                            ("payouts_in_transit", "Payouts in transit"),
                            ("suspense", "Suspense"),
                            ("fee_income", "Fee income"),
                            ("channel_cost", "Channel cost"),
                            ("fx_gain_loss", "FX gain and loss"),
                            ("rounding", "Rounding"),
                        ],
                        editable=False,
                        max_length=32,
                    ),
                ),
                ("currency", models.CharField(editable=False, max_length=3)),
                (
                    "books",
                    models.CharField(
                        choices=[("live", "live"), ("test", "test")],
                        default="live",
                        editable=False,
                        max_length=4,
                    ),
                ),
                (
                    "normal_side",
                    models.CharField(
                        choices=[("debit", "Debit"), ("credit", "Credit")],
                        editable=False,
                        max_length=6,
                    ),
                ),
                ("may_go_negative", models.BooleanField(default=False, editable=False)),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("frozen", "Frozen"), ("closed", "Closed")],
                        default="open",
                        editable=False,
                        max_length=6,
                    ),
                ),
                ("balance_minor", models.BigIntegerField(default=0, editable=False)),
                ("version", models.BigIntegerField(default=0, editable=False)),
                ("opened_at", models.DateTimeField(editable=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["public_id"], name="account_by_public_id"),
                    models.Index(fields=["owner", "currency"], name="account_by_owner"),
                    models.Index(fields=["kind", "currency"], name="account_by_kind"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("may_go_negative", True),
                            models.Q(("balance_minor__gte", 0), ("normal_side", "debit")),
                            models.Q(("balance_minor__lte", 0), ("normal_side", "credit")),
                            _connector="OR",
                        ),
                        name="account_is_negative_only_where_allowed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("normal_side__in", ["debit", "credit"])),
                        name="account_side_is_debit_or_credit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["open", "frozen", "closed"])),
                        name="account_status_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("books__in", ["live", "test"])),
                        name="account_is_in_live_or_test_books",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="account_currency_is_three_capitals",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 0)),
                        name="account_version_counts_from_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "closed"), _negated=True),
                            ("balance_minor", 0),
                            _connector="OR",
                        ),
                        name="account_is_empty_when_closed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("public_id", models.CharField(editable=False, max_length=30)),
                ("fact", models.CharField(editable=False, max_length=64)),
                ("reference", models.CharField(editable=False, max_length=64)),
                ("metadata", models.JSONField(default=dict, editable=False)),
                ("line_count", models.IntegerField(editable=False)),
                ("seal", models.CharField(editable=False, max_length=64)),
                ("reverses", models.UUIDField(blank=True, editable=False, null=True)),
                ("actor_kind", models.CharField(editable=False, max_length=16)),
                ("actor_id", models.CharField(editable=False, max_length=64)),
                ("posted_at", models.DateTimeField(editable=False)),
                ("effective_at", models.DateTimeField(editable=False)),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "version",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="ledger.account",
                    ),
                ),
                ("version", models.BigIntegerField(editable=False)),
                ("journal_id", models.UUIDField(editable=False)),
                ("line", models.IntegerField(editable=False)),
                ("amount_minor", models.BigIntegerField(editable=False)),
                ("balance_after_minor", models.BigIntegerField(editable=False)),
                ("currency", models.CharField(editable=False, max_length=3)),
                ("posted_at", models.DateTimeField(editable=False)),
                ("effective_at", models.DateTimeField(editable=False)),
            ],
            options={
                "verbose_name_plural": "entries",
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_are_never_deleted",
                sql=ledger.models.guards.GuardSql(
                    func="\n                RAISE EXCEPTION 'accounts_are_never_deleted: % on % refused', TG_OP, TG_TABLE_NAME\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'accounts_are_never_deleted';\n            ",
                    hash="d7012882d2d579057bdc0a2a0a55b707a997dbab",
                    operation="DELETE",
                    pgid="pgtrigger_accounts_are_never_deleted_24946",
                    table="ledger_account",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="accounts_are_never_truncated",
                sql=ledger.models.guards.GuardSql(
                    func="\n                RAISE EXCEPTION 'accounts_are_never_truncated: % on % refused', TG_OP, TG_TABLE_NAME\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'accounts_are_never_truncated';\n            ",
                    hash="80bec72f489c8bc8d785022c118d0fafced0d534",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_accounts_are_never_truncated_71b88",
                    table="ledger_account",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="an_account_keeps_its_identity",
                sql=ledger.models.guards.GuardSql(
                    condition="WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.public_id IS DISTINCT FROM NEW.public_id OR OLD.owner IS DISTINCT FROM NEW.owner OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.currency IS DISTINCT FROM NEW.currency OR OLD.books IS DISTINCT FROM NEW.books OR OLD.normal_side IS DISTINCT FROM NEW.normal_side OR OLD.may_go_negative IS DISTINCT FROM NEW.may_go_negative OR OLD.opened_at IS DISTINCT FROM NEW.opened_at)",
                    func="\n                RAISE EXCEPTION 'an_account_keeps_its_identity: % on % refused', TG_OP, TG_TABLE_NAME\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'an_account_keeps_its_identity';\n            ",
                    hash="d7d00900d136b02de31f8721675d2ab68d36958e",
                    operation="UPDATE",
                    pgid="pgtrigger_an_account_keeps_its_identity_c2e47",
                    table="ledger_account",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="a_frozen_account_does_not_move",
                sql=ledger.models.guards.GuardSql(
                    condition="WHEN (OLD.status <> 'open' AND (OLD.version, OLD.balance_minor) IS DISTINCT FROM (NEW.version, NEW.balance_minor))",
                    func="\n                RAISE EXCEPTION 'a_frozen_account_does_not_move: % on % refused', TG_OP, TG_TABLE_NAME\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_frozen_account_does_not_move';\n            ",
                    hash="9f59058acf0752720d2b4e27dfe1bcfc4405f85c",
                    operation="UPDATE",
                    pgid="pgtrigger_a_frozen_account_does_not_move_bd4b9",
                    table="ledger_account",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="a_closed_account_stays_closed",
                sql=ledger.models.guards.GuardSql(
                    condition="WHEN (OLD.status = 'closed' AND NEW.status <> 'closed')",
                    func="\n                RAISE EXCEPTION 'a_closed_account_stays_closed: % on % refused', TG_OP, TG_TABLE_NAME\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_closed_account_stays_closed';\n            ",
                    hash="20f7c4d50b863ce8961f34fd4ed01699c222826f",
                    operation="UPDATE",
                    pgid="pgtrigger_a_closed_account_stays_closed_6aba4",
                    table="ledger_account",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="an_account_equals_its_last_entry",
                sql=ledger.models.guards.GuardSql(
                    constraint="CONSTRAINT",
                    declare="DECLARE account record; entry record;",
                    func="\n    SELECT version, balance_minor INTO account\n      FROM ledger_account WHERE id = NEW.id;\n    SELECT version, balance_after_minor INTO entry\n      FROM ledger_entry WHERE account_id = NEW.id ORDER BY version DESC LIMIT 1;\n    IF (account.version, account.balance_minor) IS DISTINCT FROM\n       (coalesce(entry.version, 0), coalesce(entry.balance_after_minor, 0)) THEN\n        RAISE EXCEPTION 'account % stands at % in version %, its entries at % in version %',\n            NEW.id, account.balance_minor, account.version, entry.balance_after_minor, entry.version\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_account_equals_its_last_entry';\n    END IF;\n    RETURN NULL;\n",
                    hash="5aa5d7e9eb2cc0a1eeca8a29a5be5586b839de3a",
                    operation='INSERT OR UPDATE OF "version", "balance_minor"',
                    pgid="pgtrigger_an_account_equals_its_last_entry_7e1a1",
                    table="ledger_account",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="journal",
            index=models.Index(fields=["public_id"], name="journal_by_public_id"),
        ),
        migrations.AddIndex(
            model_name="journal",
            index=models.Index(fields=["reference", "fact"], name="journal_by_reference"),
        ),
        migrations.AddIndex(
            model_name="journal",
            index=models.Index(fields=["posted_at"], name="journal_by_posted_at"),
        ),
        migrations.AddIndex(
            model_name="journal",
            index=models.Index(
                condition=models.Q(("reverses__isnull", False)),
                fields=["reverses"],
                name="journal_by_reversed",
            ),
        ),
        migrations.AddConstraint(
            model_name="journal",
            constraint=models.CheckConstraint(
                condition=models.Q(("line_count__gte", 2)), name="journal_has_two_lines_or_more"
            ),
        ),
        migrations.AddConstraint(
            model_name="journal",
            constraint=models.CheckConstraint(
                condition=models.Q(("seal__regex", "^[0-9a-f]{64}$")), name="journal_seal_is_sha256"
            ),
        ),
        migrations.AddConstraint(
            model_name="journal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reverses__isnull", True),
                    models.Q(("reverses", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="journal_reverses_another",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="journal",
            trigger=pgtrigger.compiler.Trigger(
                name="journals_are_written_once",
                sql=ledger.models.guards.GuardSql(
                    func="\n                RAISE EXCEPTION 'journals_are_written_once: % on % refused', TG_OP, TG_TABLE_NAME\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'journals_are_written_once';\n            ",
                    hash="440e5b34e8fe789b11d8990d2a5369811aeb68a7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_journals_are_written_once_b78b3",
                    table="ledger_journal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="journal",
            trigger=pgtrigger.compiler.Trigger(
                name="journals_are_never_truncated",
                sql=ledger.models.guards.GuardSql(
                    func="\n                RAISE EXCEPTION 'journals_are_never_truncated: % on % refused', TG_OP, TG_TABLE_NAME\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'journals_are_never_truncated';\n            ",
                    hash="d57849c505c0bca9d2d7bd22f83b0913293abb20",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_journals_are_never_truncated_9127a",
                    table="ledger_journal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="journal",
            trigger=pgtrigger.compiler.Trigger(
                name="a_journal_is_whole_and_balances",
                sql=ledger.models.guards.GuardSql(
                    constraint="CONSTRAINT",
                    declare="DECLARE entries record; off record;",
                    func="\n    SELECT count(*) AS lines, count(DISTINCT line) AS different, max(line) AS highest INTO entries\n      FROM ledger_entry WHERE journal_id = NEW.id;\n    IF (entries.lines, entries.different, entries.highest)\n       IS DISTINCT FROM (NEW.line_count, NEW.line_count, NEW.line_count) THEN\n        RAISE EXCEPTION 'journal % was sealed with % lines and has %',\n            NEW.id, NEW.line_count, entries.lines\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_journal_has_exactly_its_lines';\n    END IF;\n    SELECT currency, sum(amount_minor) AS total INTO off\n      FROM ledger_entry WHERE journal_id = NEW.id\n     GROUP BY currency HAVING sum(amount_minor) <> 0 LIMIT 1;\n    IF FOUND THEN\n        RAISE EXCEPTION 'journal % is off by % %', NEW.id, off.total, off.currency\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_journal_balances';\n    END IF;\n    IF EXISTS (SELECT FROM ledger_journal\n                WHERE reference = NEW.reference AND fact = NEW.fact AND id <> NEW.id) THEN\n        RAISE EXCEPTION '% % has a journal already', NEW.fact, NEW.reference\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_fact_has_one_journal';\n    END IF;\n    IF NEW.reverses IS NOT NULL AND\n       EXISTS (SELECT FROM ledger_journal WHERE reverses = NEW.reverses AND id <> NEW.id) THEN\n        RAISE EXCEPTION 'journal % is reversed already', NEW.reverses\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_journal_is_reversed_once';\n    END IF;\n    RETURN NULL;\n",
                    hash="a9051a61d7c66d17cb5b4bb603e140e456e3f01f",
                    operation="INSERT",
                    pgid="pgtrigger_a_journal_is_whole_and_balances_ad1d7",
                    table="ledger_journal",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["journal_id", "line"], name="entry_by_journal"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor", 0), _negated=True),
                name="entry_amount_is_not_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="entry_version_starts_at_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(("line__gte", 1)), name="entry_line_starts_at_one"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entry",
            trigger=pgtrigger.compiler.Trigger(
                name="entries_are_written_once",
                sql=ledger.models.guards.GuardSql(
                    func="\n                RAISE EXCEPTION 'entries_are_written_once: % on % refused', TG_OP, TG_TABLE_NAME\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_are_written_once';\n            ",
                    hash="8c877b1045f674921549c9b5c855c41b1180cbdd",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_entries_are_written_once_a3182",
                    table="ledger_entry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entry",
            trigger=pgtrigger.compiler.Trigger(
                name="entries_are_never_truncated",
                sql=ledger.models.guards.GuardSql(
                    func="\n                RAISE EXCEPTION 'entries_are_never_truncated: % on % refused', TG_OP, TG_TABLE_NAME\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_are_never_truncated';\n            ",
                    hash="8e61661231c06e3d08ca27896f95541039da4b49",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_entries_are_never_truncated_c3324",
                    table="ledger_entry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entry",
            trigger=pgtrigger.compiler.Trigger(
                name="an_entry_belongs_to_its_sealed_journal",
                sql=ledger.models.guards.GuardSql(
                    constraint="CONSTRAINT",
                    declare="DECLARE journal record;",
                    func="\n    SELECT line_count, posted_at, effective_at INTO journal\n      FROM ledger_journal WHERE id = NEW.journal_id;\n    IF (NEW.posted_at, NEW.effective_at)\n       IS DISTINCT FROM (journal.posted_at, journal.effective_at) THEN\n        RAISE EXCEPTION 'there is no journal % of that time', NEW.journal_id\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_entry_belongs_to_a_journal';\n    END IF;\n    IF NEW.line > journal.line_count OR EXISTS (\n        SELECT FROM ledger_entry WHERE journal_id = NEW.journal_id AND line = NEW.line\n           AND (account_id, version) <> (NEW.account_id, NEW.version)) THEN\n        RAISE EXCEPTION 'journal % takes no line %', NEW.journal_id, NEW.line\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_sealed_journal_takes_no_more_lines';\n    END IF;\n    RETURN NULL;\n",
                    hash="897ab0afea96536f9eb121c1240a877f6aefc2b7",
                    operation="INSERT",
                    pgid="pgtrigger_an_entry_belongs_to_its_sealed_journal_6ccc0",
                    table="ledger_entry",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entry",
            trigger=pgtrigger.compiler.Trigger(
                name="an_entry_follows_the_one_before",
                sql=ledger.models.guards.GuardSql(
                    constraint="CONSTRAINT",
                    declare="DECLARE account record;",
                    func="\n    SELECT a.currency, a.version AS last_version, p.version AS previous_version,\n           coalesce(p.balance_after_minor, 0) AS balance_before INTO account\n      FROM ledger_account a\n      LEFT JOIN ledger_entry p ON p.account_id = a.id AND p.version = NEW.version - 1\n     WHERE a.id = NEW.account_id;\n    IF NEW.version > 1 AND account.previous_version IS NULL THEN\n        RAISE EXCEPTION 'account % has no entry before version %', NEW.account_id, NEW.version\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_are_dense';\n    END IF;\n    IF account.balance_before + NEW.amount_minor IS DISTINCT FROM NEW.balance_after_minor THEN\n        RAISE EXCEPTION 'account % version % leaves % after %',\n            NEW.account_id, NEW.version, NEW.balance_after_minor, account.balance_before\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_entry_continues_the_balance';\n    END IF;\n    IF account.last_version < NEW.version OR account.currency <> NEW.currency THEN\n        RAISE EXCEPTION 'account % is at version % in %',\n            NEW.account_id, account.last_version, account.currency\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_account_knows_its_entries';\n    END IF;\n    RETURN NULL;\n",
                    hash="dd59d9a8dbae59eb966e85ad6259a5ee6ed3609a",
                    operation="INSERT",
                    pgid="pgtrigger_an_entry_follows_the_one_before_c9508",
                    table="ledger_entry",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
