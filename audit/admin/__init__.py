"""The console's parents (base, columns, sheets, values) and audit's own pages.

Importing this package registers the pages.
"""

from audit.admin import machinery, operators, records

__all__ = ["machinery", "operators", "records"]
