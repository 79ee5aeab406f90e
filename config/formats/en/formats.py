"""Dates that sort, in the few places where Django writes them itself."""

DATETIME_FORMAT = "Y-m-d H:i:s"
DATE_FORMAT = "Y-m-d"
