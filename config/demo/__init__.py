"""`make demo`: a payment company's business day, driven from outside through the real doors.

Three shops sign their requests and verify their notices with their own code, the payers stand at the
channel's pages, an accident happens, the night brings the channel's statement, and the summary says
whether every unit of money is explained.
"""
