"""The site's memory of safety events: append only, and any change in it is found.

`tree` is the hash tree of RFC 6962 and knows no storage; `heads` signs its heads; `log` keeps records and tree in a
database; `witness` keeps the signed heads in a second place; `verify` finds and locates what was changed; `proofs` are
files that prove one record to somebody who has nothing but the log's public key.
"""
